"""A finished job and all that is asked of it later, at every provider and in every mode.

The provider is what its host's name says it is. Here the requests go to the local S3 server, so the
row of the provider table is put in the place of the one that the server's own host would get.
"""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from errors import ConfigError
from standins.local_worker import Worker
from standins.waiting import PATIENCE_S
from storage.config import StorageConfig
from storage.s3.endpoints import Endpoint, resolve_endpoint
from storage.s3.providers import CUSTOM, PROVIDERS, Provider
from worker.jobs.answer import REDELIVERED
from worker.settings.load import Settings

# One row of each kind: what a provider cannot do is all that makes a difference to a job.
_KINDS = {(row.public_endpoint, row.presigns): row for row in reversed((*PROVIDERS, CUSTOM))}
ROWS = {row.name: row for row in _KINDS.values()}
KINDS = ("public", "presigned", "none")


def offered(row: Provider) -> list[str]:
    """The kinds of URL a provider has, from its row, the default first."""
    has = {"public": row.public_endpoint, "presigned": row.presigns, "none": True}
    return [kind for kind in KINDS if has[kind]]


def become(row: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolved(config: StorageConfig) -> Endpoint:
        return replace(resolve_endpoint(config), provider=row)

    monkeypatch.setattr("storage.s3.client.resolve_endpoint", resolved)


@pytest.fixture
def env(s3_env: dict[str, str], tiny_model: Path) -> dict[str, str]:
    """On the platform, where a job that is sent again is answered from storage."""
    return {
        **s3_env,
        "F5_MODEL": str(tiny_model),
        "RUNPOD_WEBHOOK_GET_JOB": "http://platform.invalid/job-take/$ID",
    }


@pytest.fixture(params=[*ROWS, "hybrid", "local"])
def place(
    request: pytest.FixtureRequest, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Worker, list[str]]]:
    """A worker of each kind, and the kinds of URL it has, the default first."""
    kinds = list(KINDS)
    if request.param in ROWS:
        become(ROWS[request.param], monkeypatch)
        kinds = offered(ROWS[request.param])
    else:
        env["STORAGE_MODE"] = request.param
    worker = Worker(env)
    yield worker, kinds
    worker.close()


def test_a_finished_job_is_answered_found_and_deleted_everywhere(
    place: tuple[Worker, list[str]],
) -> None:
    worker, kinds = place
    local = "s3" not in worker.app.storage.stores()
    for kind in (None, *kinds):
        wanted = kind or kinds[0]
        given = "public" if local and wanted == "presigned" else wanted
        asked = {"url": kind} if kind else {}
        job = {"voice": "demo", "return_word_timings": True, **asked}
        made = worker.speak(wanted, **job)
        check_url(made, "audio_url", given, made["sha256"])

        again = worker.speak(wanted, **job)
        assert REDELIVERED in again["warnings"]
        assert (again["sha256"], again["bytes"]) == (made["sha256"], made["bytes"])
        assert (again["bucket"], again["storage_type"]) == (made["bucket"], made["storage_type"])
        check_url(again, "audio_url", given, made["sha256"])
        assert bool(again["timing_files"]["srt"]) == (given != "none")

        check_operations(worker, made, given, asked)


def check_operations(
    worker: Worker, made: dict[str, Any], given: str, asked: dict[str, str]
) -> None:
    """Every operation on a finished job; `asked` is the kind of URL, `given` what comes of it."""
    job_id, key = made["job_id"], made["s3_key"]

    def ask(endpoint: str, **fields: Any) -> dict[str, Any]:
        answer = worker.run({"endpoint": endpoint, "job_id": job_id, **fields}, "operation")
        assert answer["status"] != "failed", (endpoint, fields, answer)
        return answer

    result = ask("result", **asked)
    check_url(result, "audio_url", given, made["sha256"])
    assert bool(result["timing_files"]["srt"]) == (given != "none")
    audio = ask("download", type="audio", **asked)
    check_url(audio, "audio_url", given, made["sha256"])
    timing = ask("download", type="timing", **asked)
    assert timing["s3_key"] == f"timings/{job_id}.srt"
    check_url(timing, "url", given)
    assert ask("info")["key"] == key
    assert ask("status")["status"] == "completed"
    deleted = ask("delete")["deleted"]
    assert sorted(deleted) == [key, f"results/{job_id}.json", f"timings/{job_id}.srt"]
    assert ask("status")["status"] == "not_found"


def check_url(answer: dict[str, Any], field: str, kind: str, sha256: str | None = None) -> None:
    """`field` holds a URL of that kind; where anybody may open it, of those bytes."""
    assert answer["url_kind"] == kind
    url = answer[field]
    assert (url is None) == (kind == "none")
    if url and (kind == "presigned" or url.startswith("file:")):
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as opened:
            data = opened.read()
        assert sha256 in {None, hashlib.sha256(data).hexdigest()}


WITHOUT = [(row, kind) for row in ROWS.values() for kind in KINDS if kind not in offered(row)]
each_missing_kind = pytest.mark.parametrize(
    ("row", "kind"), WITHOUT, ids=[f"{row.name}-{kind}" for row, kind in WITHOUT]
)


def test_there_are_providers_that_do_not_offer_every_kind() -> None:
    assert {(row.name, kind) for row, kind in WITHOUT} >= {
        ("r2", "public"),
        ("runpod", "public"),
        ("runpod", "presigned"),
    }


@each_missing_kind
def test_a_kind_of_url_that_the_provider_lacks_is_refused_at_the_start(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, row: Provider, kind: str
) -> None:
    become(row, monkeypatch)
    with pytest.raises(ConfigError) as caught:
        Settings.load({**env, "S3_URL_KIND": kind})
    assert f"S3_URL_KIND={kind}" in caught.value.message
    assert all(other in caught.value.message for other in offered(row))


@each_missing_kind
def test_a_default_that_the_provider_lacks_is_replaced_with_a_warning(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, row: Provider, kind: str
) -> None:
    become(row, monkeypatch)
    asked = {"S3_PRESIGNED_URL_EXPIRY": "60"} if kind == "presigned" else {}
    settings = Settings.load({**env, **asked})
    other = offered(row)[0]
    assert (settings.urls.kind, settings.urls.otherwise) == (kind, other)
    [warning] = settings.warnings
    assert "S3_URL_KIND" in warning and f"{other} is used" in warning
    assert Settings.load({**env, "S3_URL_KIND": other}).warnings == ()


@each_missing_kind
def test_what_such_a_worker_keeps_on_disk_has_a_url_all_the_same(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, row: Provider, kind: str
) -> None:
    become(row, monkeypatch)
    worker = Worker({**env, "STORAGE_MODE": "hybrid"})
    for use_s3 in (False, None):
        made = worker.speak(f"job-{use_s3}", voice="demo", use_s3=use_s3, timing_format="srt")
        on_disk = made["storage_type"] == "local"
        assert on_disk == (use_s3 is False)
        assert bool(made["audio_url"]) == (on_disk or offered(row)[0] != "none")
        assert bool(made["timing_files"]["srt"]) == bool(made["audio_url"])
    worker.close()


@each_missing_kind
def test_a_job_that_asks_for_such_a_url_fails_before_it_speaks(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, row: Provider, kind: str
) -> None:
    become(row, monkeypatch)
    worker = Worker(env)
    output = worker.run({"text": "Hello there.", "voice": "demo", "url": kind})
    stored = [item.key for item in worker.app.storage.list("output/")]
    worker.close()
    assert output["error_code"] == "CONFIG_ERROR"
    assert all(word in output["hint"] for word in ("S3_URL_KIND", offered(row)[0]))
    assert stored == []
