"""The HTTP face and its clients: gone, cut, hostile, too many; jobs; metrics."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from standins.http_face import Face, ready_face
from standins.local_worker import FAST
from standins.waiting import PATIENCE_S, until
from tests.whole.held_jobs import EVERY_JOB, PROGRAM, HeldJobs
from tests.whole.raw_http import BOUNDS, LONG, SHORT, SPEECH, connected, idle, post, raw, received


@pytest.fixture(scope="module")
def _held(tmp_path_factory: pytest.TempPathFactory) -> HeldJobs:
    return HeldJobs(tmp_path_factory.mktemp("held"))


@pytest.fixture
def held(_held: HeldJobs) -> Iterator[HeldJobs]:
    """The jobs of the `face`; a test holds them while it looks at them."""
    yield _held
    _held.go_on(EVERY_JOB)


@pytest.fixture(scope="module")
def face(
    tiny_model: Path, tmp_path_factory: pytest.TempPathFactory, _held: HeldJobs
) -> Iterator[Face]:
    directory = tmp_path_factory.mktemp("http")
    env = {"F5_MODEL": str(tiny_model), **BOUNDS, **_held.env}
    with ready_face(env, directory, PROGRAM) as running:
        yield running


def works(face: Face) -> None:
    until(lambda: idle(face))
    answer = face.ask("POST", SPEECH, SHORT)
    assert answer.status == 200 and answer.body, answer.body


def test_curl_gets_a_file(face: Face, tmp_path: Path) -> None:
    until(lambda: idle(face))
    subprocess.run(
        ["curl", "-sS", "--fail", f"{face.url}{SPEECH}", "-H", "Content-Type: application/json",
         "-d", json.dumps({**SHORT, "response_format": "wav"}), "-o", "out.wav"],
        cwd=tmp_path, check=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert (tmp_path / "out.wav").read_bytes().startswith(b"RIFF")


def test_a_client_that_goes_away_cancels_its_text(face: Face, held: HeldJobs) -> None:
    until(lambda: idle(face))
    held.after(EVERY_JOB, chunks=1)
    body = json.dumps({**LONG, "response_format": "pcm"}).encode()
    with connected(face) as client:
        client.sendall("\r\n".join([*post(len(body)), "", ""]).encode() + body)
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert face.metric("running") == 1
    until(lambda: idle(face))
    held.after(EVERY_JOB, chunks=0)
    with connected(face) as client:  # before the first sound as well
        client.sendall("\r\n".join([*post(len(body)), "", ""]).encode() + body)
        until(lambda: face.metric("running") == 1)
    until(lambda: idle(face))
    assert "Traceback" not in face.log.read_text()


def test_a_cut_body_ends_nothing_else(face: Face) -> None:
    for cut in (b"", b'{"input": "Hel'):
        with connected(face) as client:
            client.sendall("\r\n".join([*post(100), "", ""]).encode() + cut)
    works(face)
    assert face.metric('errors_total{code="INTERNAL"}') == 0


def test_a_large_body_is_refused_before_and_while_it_is_read(face: Face) -> None:
    declared = raw(face, *post(10**9))
    assert declared.startswith(b"HTTP/1.1 413") and b"HTTP_MAX_BODY_BYTES" in declared
    head = (*post(0)[:3], "Transfer-Encoding: chunked")
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    assert raw(face, *head, body=piece * 4).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (("GET / HTTP/1.1", "Host: evil.example"), 403),
        (("GET /v1/models HTTP/1.1", "Host: localhost", "Origin: https://evil.example"), 403),
        (("GET /v1/models HTTP/1.1", "Host: localhost", "Sec-Fetch-Site: cross-site"), 403),
        (("GET /ping HTTP/1.1", "Host: 10.1.2.3"), 200),
        (("GET /v1/audio/voices/..%2f..%2fetc%2fpasswd HTTP/1.1", "Host: localhost"), 400),
        (("PUT /v1/jobs HTTP/1.1", "Host: localhost"), 405),
        (("GET /v1/audio/speech HTTP/1.1", "Host: localhost"), 405),
        (("GET //etc/passwd HTTP/1.1", "Host: localhost"), 404),
        (("GET http://evil.example/ HTTP/1.1", "Host: localhost"), 404),
        (("BREW /ping HTTP/1.1", "Host: localhost"), 405),
        (("GET /ping HTTP/1.1",), 400),
        (("GET /ping\x01 HTTP/1.1", "Host: localhost"), 400),
        (("NOTHING",), 400),
        (("GET /ping HTTP/1.1", "Host: localhost", "A b: c"), 400),
        (("POST /v1/jobs HTTP/1.1", "Host: localhost", "Content-Length: -5"), 400),
    ],
)
def test_a_hostile_request_is_answered(face: Face, lines: tuple[str, ...], status: int) -> None:
    answer = raw(face, *lines, "Connection: close")
    assert answer.startswith(f"HTTP/1.1 {status}".encode()), answer[:200]
    assert face.ask("GET", "/ping").status == 200


def test_json_that_python_cannot_hold_is_refused(face: Face) -> None:
    for body in (b"[" * 100_000, b'{"input": ' + b"9" * 5_000 + b"}", b'{"input": NaN}'):
        answer = face.ask("POST", SPEECH, body)
        assert answer.status == 400, answer.body


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("GET", "/v1/audio/voices?limit=" + "9" * 5_000, None, "limit must be"),
        ("POST", "/v1/audio/voices", {"endpoint": "storage_info"}, "endpoint is not a known"),
        ("POST", SPEECH, {**SHORT, "callback_url": "https://x.example"}, "callback_url is not"),
        ("DELETE", "/v1/audio/voices/demo", None, "comes with the worker"),
        ("DELETE", "/v1/audio/voices/nobody", None, "GET /v1/audio/voices has the names."),
    ],
)
def test_what_is_wrong_is_named_in_words_of_this_face(
    face: Face, method: str, path: str, body: Any, said: str
) -> None:
    answer = face.ask(method, path, body)
    assert answer.status in (400, 404) and said in answer.json["error"]["message"], answer.body


def test_a_wrong_method_is_answered_with_those_there_are(face: Face) -> None:
    answer = face.ask("PUT", "/v1/audio/voices/demo")
    assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, POST")
    assert "Use DELETE, GET, HEAD, POST." in answer.json["error"]["hint"]


def test_what_is_sent_when_all_of_it_is_made_has_no_warning_of_streams(face: Face) -> None:
    until(lambda: idle(face))
    answer = face.ask("POST", SPEECH, {**SHORT, "remove_silence": True})
    assert answer.status == 200 and "remove_silence" not in answer.headers.get("x-warnings", "")


def test_connections_beyond_the_most_are_closed(face: Face) -> None:
    held = [connected(face) for _ in range(40)]
    try:
        with connected(face) as one_more:
            assert received(one_more) == b""
    finally:
        for each in held:
            each.close()
    until(lambda: works_at_once(face))


def works_at_once(face: Face) -> bool:
    try:
        return face.ask("GET", "/ping").status == 200
    except OSError:
        return False


def test_texts_beyond_those_that_may_wait_are_refused(face: Face, held: HeldJobs) -> None:
    until(lambda: idle(face))
    held.after(EVERY_JOB, chunks=0)
    jobs = [sent(face, {"text": LONG["input"], "nfe_step": 32}) for _ in range(3)]
    until(lambda: face.metric("running") == 2 and face.metric("waiting") == 1)
    answer = face.ask("POST", SPEECH, SHORT)
    assert (answer.status, answer.json["error"]["code"]) == (503, "BUSY")
    assert answer.headers["retry-after"] and answer.headers["x-should-retry"] == "true"
    assert face.ask("GET", "/v1/audio/voices").status == 200, "what does not speak does not wait"
    for job in jobs:
        face.ask("DELETE", f"/v1/jobs/{job['id']}")
    until(lambda: idle(face))


def sent(face: Face, job_input: dict[str, Any], wait: str = "") -> dict[str, Any]:
    answer = face.ask("POST", f"/v1/jobs{wait}", {"input": job_input})
    assert answer.status in (200, 202), answer.body
    found: dict[str, Any] = answer.json
    return found


def test_a_job_of_the_queues_schema_is_answered_as_on_the_queue(face: Face) -> None:
    until(lambda: idle(face))
    job = sent(face, {"text": "One. Two.", "timing_format": "srt", **FAST}, "?wait=100")
    assert job["status"] == "COMPLETED" and job["output"]["audio_url"].startswith("file://")
    half = sent(face, {"text": "Hi.", "\ud800": 1}, "?wait=100")["output"]["error"]
    assert half.startswith(
        "Wrong input: the name of a field has half a surrogate pair, which is no"
    )
    again = face.ask("GET", f"/v1/jobs/{job['id']}").json
    assert again == job
    failed = sent(face, {"text": "Hi.", "speed": 99}, "?wait=100")
    assert failed["status"] == "FAILED" and failed["output"]["error_code"] == "INVALID_INPUT"
    other = sent(face, {"endpoint": "storage_info"}, "?wait=100")
    assert other["output"]["mode"] == "local"
    assert face.ask("GET", "/v1/jobs/none").json["error"]["code"] == "OBJECT_NOT_FOUND"
    assert face.ask("POST", "/v1/jobs?wait=x", {"input": {}}).status == 400


def test_a_job_shows_its_progress_and_can_be_cancelled(face: Face, held: HeldJobs) -> None:
    until(lambda: idle(face))
    held.after(EVERY_JOB, chunks=1)
    job = sent(face, {"text": LONG["input"], **FAST})
    path = f"/v1/jobs/{job['id']}"
    until(lambda: (face.ask("GET", path).json["progress"] or {}).get("chunks_done") == 1)
    assert face.ask("POST", f"{path}/cancel").json["status"] == "CANCELLED"
    until(lambda: idle(face))


def test_what_a_text_cost_is_told_and_recorded(face: Face) -> None:
    until(lambda: idle(face))
    body = {**SHORT, "stream_format": "whole", "user_id": "anna"}
    cost = json.loads(face.ask("POST", SPEECH, body).headers["x-cost"])
    assert cost["device_s"] > 0 and cost["characters"] == len(SHORT["input"])
    usage, wait = {"endpoint": "usage"}, "?wait=100"
    until(lambda: "anna" in str(sent(face, usage, wait)["output"]["usage"]))
    rows = sent(face, usage, wait)["output"]["usage"]
    [spent] = [row["cost"]["USD"] for row in rows if row["user_id"] == "anna"]
    assert spent == pytest.approx(cost["amount"], rel=1e-3)


def test_metrics_are_prometheus_text(face: Face) -> None:
    works(face)
    face.ask("POST", SPEECH, {**SHORT, "voice": "nobody"})
    answer = face.ask("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.body.decode().splitlines()
    plain = [line for line in lines if not line.startswith("#")]
    assert all(float(line.rpartition(" ")[2]) >= 0 for line in plain)
    assert face.metric("audio_seconds_total") > 0
    assert face.metric('errors_total{code="VOICE_NOT_FOUND"}') >= 1
    assert face.metric('first_audio_seconds_bucket{le="+Inf"}') >= 1
    assert face.metric("pass_frames_most") == 1
