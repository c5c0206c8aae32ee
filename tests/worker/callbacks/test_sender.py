"""Callbacks reach their receivers, or are kept and told: signed, bounded, never in a job's way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from errors import ConfigError, StorageUnavailable
from s3_utils import Storage, StorageConfig, open_storage
from standins.receiver import Receiver
from standins.waiting import PATIENCE_S, until
from worker.callbacks import sender as module
from worker.callbacks.event import Event, event_of, read_event
from worker.callbacks.post import post
from worker.callbacks.sender import FULL, UNSIGNED, Sender
from worker.callbacks.signing import signed_headers
from worker.files.jobfiles import JobFiles
from worker.settings.callbacks import CallbackConfig
from worker.settings.load import Settings

OLD, NEW = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))
OPEN = {"allow_http": True, "allow_private": True, "timeout_s": 60.0}


def config(**changes: Any) -> CallbackConfig:
    return CallbackConfig(**{"secrets": f"whsec_{NEW}", **OPEN, **changes})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(module, "_PAUSES_S", (0.01, 0.02))
    caplog.set_level(logging.INFO)
    # The worker's own logger does not pass on what is logged where another test has set it up.
    monkeypatch.setattr(logging.getLogger("f5worker"), "propagate", True)


@pytest.fixture
def disk(tmp_path: Path) -> Storage:
    return open_storage(StorageConfig(local_dir=tmp_path))


def files(store: Storage, job_id: str = "job-1") -> JobFiles:
    return JobFiles(store, Settings(), job_id)


def event(url: str, job_id: str = "job-1", **answer: Any) -> Event:
    return event_of({"job_id": job_id, "status": "completed", **answer}, job_id, url, repeats=False)


def kept(store: Storage) -> list[str]:
    return [item.key for item in store.list("callbacks/")]


def check_signature(post: Any, secret: str) -> bool:
    """As a receiver does it."""
    headers = post.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + post.body
    right = hmac.new(base64.b64decode(secret), signed, hashlib.sha256).digest()
    given = [each.split(",", 1) for each in headers["webhook-signature"].split()]
    return any(
        version == "v1" and hmac.compare_digest(base64.b64decode(value), right)
        for version, value in given
    )


def test_the_signature_is_that_of_the_reference_libraries() -> None:
    # Signed by standardwebhooks 1.0 of PyPI.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers(
        [key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_a_secret_is_replaced_both_verify(store: Storage, receiver: Receiver) -> None:
    sender = Sender(config(secrets=f"whsec_{NEW} whsec_{OLD}"))
    sender.add(event(receiver.url, text="Żółć"), files(store))
    sender.close(PATIENCE_S)
    (got,) = receiver.posts
    assert check_signature(got, OLD)
    assert check_signature(got, NEW)
    assert not check_signature(got, base64.b64encode(b"x" * 32).decode())
    assert got.headers["content-type"] == "application/json"
    assert got.json["type"] == "speech.completed"
    assert got.json["data"] == {"job_id": "job-1", "status": "completed", "text": "Żółć"}
    assert kept(store) == []


@pytest.mark.parametrize("secret", ["whsec_short", "whsec_!!", f"whsec_{OLD} abc"])
def test_a_wrong_secret_stops_the_start_and_is_not_repeated(secret: str) -> None:
    with pytest.raises(ConfigError, match="CALLBACK_SECRETS") as caught:
        Settings.load({"CALLBACK_SECRETS": secret})
    assert secret not in caught.value.message


def test_secrets_are_hidden() -> None:
    settings = Settings.load({"CALLBACK_SECRETS": f"whsec_{NEW} {OLD}"})
    assert {NEW, OLD} <= set(settings.secrets)
    assert NEW not in repr(settings)


def test_a_callback_is_tried_again_with_the_same_id_and_body(
    disk: Storage, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers += [500, (503, {"Retry-After": "0"}), 404, 429]
    sender = Sender(config())
    sender.add(event(receiver.url), files(disk))
    posts = receiver.wait_for(5)
    sender.close(PATIENCE_S)
    assert len({(each.headers["webhook-id"], each.body) for each in posts}) == 1
    assert all(check_signature(each, NEW) for each in posts)
    assert kept(disk) == []
    assert "TOPSECRET" not in caplog.text
    assert "/hook" not in caplog.text


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(410, "HTTP 410"), ((302, {"Location": "http://169.254.169.254/latest"}), "redirects")],
)
def test_what_will_not_be_taken_is_kept_at_once_and_told(
    store: Storage,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    answer: Any,
    reason: str,
) -> None:
    receiver.answers.append(answer)
    sender = Sender(config())
    sent = event(receiver.url)
    sender.add(sent, files(store))
    until(lambda: "not delivered" in caplog.text)
    sender.close(PATIENCE_S)
    assert len(receiver.posts) == 1
    assert kept(store) == ["callbacks/job-1.completed.json"]
    assert read_event(store, "callbacks/job-1.completed.json") == sent
    assert reason in caplog.text
    assert "send_callbacks" in caplog.text


def test_a_private_address_is_never_called(disk: Storage, receiver: Receiver) -> None:
    for url in (receiver.url, receiver.url.replace("127.0.0.1", "localhost")):
        tried = post(event(url), config(allow_private=False))
        assert not tried.taken
        assert not tried.again
        assert "not public" in tried.reason
    assert "must use https" in post(event(receiver.url), config(allow_http=False)).reason
    assert receiver.posts == []


def test_retries_end(disk: Storage, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """Before the pause that would end after `CALLBACK_RETRY_S`."""
    module._PAUSES_S = (0.01, 0.02, 5 * PATIENCE_S)  # as `quick`, which takes it back
    receiver.answers += [500] * 100
    sender = Sender(config(retry_s=2 * PATIENCE_S))
    sender.add(event(receiver.url), files(disk))
    until(lambda: "not delivered" in caplog.text)
    tries = len(receiver.posts)
    sender.close(PATIENCE_S)
    assert tries == len(receiver.posts) == 3
    assert len(kept(disk)) == 1


def test_a_long_retry_after_is_not_waited_for(
    disk: Storage, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers.append((503, {"Retry-After": "86400"}))
    sender = Sender(config())
    sender.add(event(receiver.url), files(disk))
    until(lambda: "not delivered" in caplog.text)
    sender.close(PATIENCE_S)
    assert len(receiver.posts) == 1


def test_a_silent_receiver_delays_nobody_else(disk: Storage, receiver: Receiver) -> None:
    silent = Receiver()
    silent.answers += ["silent"] * 10
    sender = Sender(config())
    for number in range(10):
        name = f"quiet-{number}"
        # By another name it is another host, as two receivers are.
        url = silent.url.replace("127.0.0.1", "localhost")
        sender.add(event(url, name), files(disk, name))
    sender.add(event(receiver.url), files(disk))
    receiver.wait_for(1)
    assert len(silent.posts) <= 4
    silent.close()
    sender.close(0)


def test_one_that_hangs_is_given_up_in_time(disk: Storage, receiver: Receiver) -> None:
    receiver.answers.append("silent")
    tried = post(event(receiver.url), config(timeout_s=0.3))
    assert (tried.taken, tried.again) == (False, True)
    assert "0.3 s" in tried.reason


def test_a_worker_that_ends_keeps_what_was_not_taken(
    store: Storage, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers += [500, "held"]
    sender = Sender(config(retry_s=3600))
    module_pauses, module._PAUSES_S = module._PAUSES_S, (3600.0,)
    sender.add(event(receiver.url, "waits"), files(store, "waits"))
    receiver.wait_for(1)
    sender.add(event(receiver.url, "runs"), files(store, "runs"))
    receiver.wait_for(2)
    sender.close(0.2)
    module._PAUSES_S = module_pauses
    assert kept(store) == ["callbacks/runs.completed.json", "callbacks/waits.completed.json"]
    assert "the worker ends" in caplog.text
    receiver.release.set()
    until(lambda: kept(store) == ["callbacks/waits.completed.json"])


def test_too_many_are_kept_and_the_answer_says_so(
    disk: Storage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    receiver.answers += ["held"] * 2
    sender = Sender(config(secrets=""))
    for name in ("a", "b"):
        assert sender.warnings() == [UNSIGNED]
        sender.add(event(receiver.url, name), files(disk, name))
    assert sender.warnings() == [UNSIGNED, FULL]
    sender.add(event(receiver.url, "c"), files(disk, "c"))
    until(lambda: "callbacks/c.completed.json" in kept(disk))
    receiver.release.set()
    sender.close(PATIENCE_S)
    assert kept(disk) == ["callbacks/c.completed.json"]
    assert len(receiver.posts) == 2


def test_a_callback_is_posted_while_storage_is_away(
    disk: Storage, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    away = files(disk)

    def put(*_: object, **__: object) -> Any:
        raise StorageUnavailable("away")

    away.put = put  # type: ignore[method-assign]
    receiver.answers += [200, 410]
    sender = Sender(config())
    sender.add(event(receiver.url), away)
    receiver.wait_for(1)
    sender.add(event(receiver.url), away)
    until(lambda: "storage did not take it either" in caplog.text)
    sender.close(PATIENCE_S)


def test_an_event_of_a_redelivered_job_has_the_same_id_and_that_of_another_end_not() -> None:
    url = "https://example.com/"
    first, again = event(url), event(url, text="the same job, once more")
    assert first.webhook_id == again.webhook_id
    assert "." not in first.webhook_id
    failed = event_of({"status": "failed"}, "job-1", url, repeats=False)
    assert failed.webhook_id != first.webhook_id
    local = [event_of({}, "local_test", url, repeats=True).webhook_id for _ in range(2)]
    assert local[0] != local[1]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"job_id": 1}', b"[" * 100_000])
def test_what_is_no_kept_callback_is_not_sent(disk: Storage, body: bytes) -> None:
    disk.put("callbacks/x.completed.json", body)
    assert read_event(disk, "callbacks/x.completed.json") is None


def test_a_body_that_is_no_unicode_is_sent_all_the_same() -> None:
    sent = event("https://example.com/", "\ud800")
    assert json.loads(sent.body)["data"]["job_id"] == "\ud800"
    json.loads(sent.encode())


def test_what_is_for_the_sdk_alone_is_not_told() -> None:
    sent = event("https://example.com/", refresh_worker=True)
    assert "refresh_worker" not in json.loads(sent.body)["data"]
