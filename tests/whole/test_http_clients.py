"""The HTTP face and its clients: slow, cut, hostile; keys; jobs; metrics; how it ends."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from standins.http_face import Face, http_face, ready_face
from standins.local_worker import FAST
from standins.waiting import PATIENCE_S, until
from tests.whole.held_jobs import EVERY_JOB, PROGRAM, HeldJobs

LONG = {"input": "This sentence is said again. " * 100, "nfe_step": 32, "voice": "demo"}
SHORT = {"input": "Hello there.", "voice": "demo", **FAST}
SPEECH = "/v1/audio/speech"
BOUNDS = {
    "HTTP_CLIENT_TIMEOUT_S": "600",  # a test that waits for a busy core is no slow client
    "HTTP_MAX_BODY_BYTES": "200000",
    "HTTP_MAX_CONNECTIONS": "40",
    "HTTP_MAX_WAITING": "1",
    "F5_MAX_BATCH_FRAMES": "1",  # one chunk a pass: a long text is long
    "GPU_PRICE_PER_HOUR": "2",
}


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


def connected(face: Face) -> socket.socket:
    return socket.create_connection(("127.0.0.1", face.port), timeout=PATIENCE_S)


def raw(face: Face, *lines: str, body: bytes = b"") -> bytes:
    """What comes back for a request as it is written here, until the server closes."""
    with connected(face) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return received(client)


def received(client: socket.socket) -> bytes:
    data = b""
    while piece := _received(client):
        data += piece
    return data


def _received(client: socket.socket) -> bytes:
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


def post(length: int, *more: str) -> tuple[str, ...]:
    head = (f"POST {SPEECH} HTTP/1.1", "Host: localhost", "Content-Type: application/json")
    return (*head, f"Content-Length: {length}", *more)


def idle(face: Face) -> bool:
    return face.metric("running") == face.metric("waiting") == 0


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


@pytest.mark.slow
def test_a_client_that_takes_nothing_is_cut_off(tiny_model: Path, tmp_path: Path) -> None:
    body = json.dumps({**LONG, "response_format": "wav", "nfe_step": 4}).encode()
    env = {"F5_MODEL": str(tiny_model), "HTTP_CLIENT_TIMEOUT_S": "5"}
    with ready_face(env, tmp_path) as face, connected(face) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall("\r\n".join([*post(len(body)), "", ""]).encode() + body)
        until(lambda: "CLIENT_TOO_SLOW" in face.log.read_text())
        until(lambda: idle(face))


def test_what_does_not_come_is_not_waited_for(tiny_model: Path, tmp_path: Path) -> None:
    """Heads and a body, all at once; a body before which this process was paused too long is sent
    once more."""
    heads = (b"", b"POST /v1/audio/speech HT", b"GET /ping HTTP/1.1\r\nA: b")
    body = "\r\n".join([*post(100), "", '{"input"']).encode()
    brief = {"F5_MODEL": str(tiny_model), "HTTP_CLIENT_TIMEOUT_S": "1"}
    with http_face(brief, tmp_path) as face, contextlib.ExitStack() as open_ones:

        def begun(sent: bytes) -> socket.socket:
            client = open_ones.enter_context(connected(face))
            with contextlib.suppress(ConnectionError):
                client.sendall(sent)
            return client

        clients = [begun(sent) for sent in heads]
        answers = [received(begun(body))]
        until(lambda: answers[-1] or answers.append(received(begun(body))))
        assert [received(client) for client in clients] == [b""] * len(heads)
    assert answers[-1].startswith(b"HTTP/1.1 408") and b"CLIENT_TOO_SLOW" in answers[-1]


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


def test_keys_and_pages_of_other_sites(tiny_model: Path, tmp_path: Path) -> None:
    env = {"HTTP_API_KEYS": "one-key,two-key", "HTTP_CORS_ORIGINS": "https://app.example"}
    with http_face({"F5_MODEL": str(tiny_model), **env}, tmp_path) as face:
        assert face.ask("GET", "/ping").status in (200, 204), "health checks bring no key"
        refused = face.ask("GET", "/metrics")
        assert (refused.status, refused.json["error"]["code"]) == (401, "KEY_REFUSED")
        assert face.ask("GET", "/metrics", headers={"X-API-Key": "two-key"}).status == 200
        bearer = {"Authorization": "Bearer one-key", "Origin": "https://app.example"}
        answer = face.ask("GET", "/metrics", headers=bearer)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
        assert face.ask("HEAD", "/").status == 200, "as GET: the page needs no key"
        asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        assert face.ask("OPTIONS", SPEECH, headers=asks).status == 200
        other = {**asks, "Origin": "https://evil.example"}
        assert (
            "access-control-allow-origin" not in face.ask("OPTIONS", SPEECH, headers=other).headers
        )
        assert "one-key" not in face.log.read_text()


def test_sigterm_lets_a_text_end_and_tells_who_is_cut_off(tiny_model: Path, tmp_path: Path) -> None:
    held = HeldJobs(tmp_path / "held")
    held.after(EVERY_JOB, chunks=1)
    slow = {"F5_MODEL": str(tiny_model), **BOUNDS, **held.env, "DRAIN_GRACE_S": "1"}
    with ready_face(slow, tmp_path, PROGRAM) as face:
        body = json.dumps({**LONG, "stream_format": "sse", "nfe_step": 64}).encode()
        whole = json.dumps({**LONG, "stream_format": "whole"}).encode()
        with connected(face) as client, connected(face) as other:
            other.sendall("\r\n".join([*post(len(whole)), "", ""]).encode() + whole)
            client.sendall("\r\n".join([*post(len(body)), "", ""]).encode() + body)
            assert client.recv(200).startswith(b"HTTP/1.1 200")
            face.process.terminate()
            events, refused = received(client), received(other)
        assert events.endswith(b"0\r\n\r\n"), "an error in a stream is an event, not a cut"
        assert refused.startswith(b"HTTP/1.1 503") and b"x-should-retry: true" in refused
        assert "Traceback" not in face.log.read_text()
        assert b'"type": "error"' in events and b'"BUSY"' in events
        assert face.process.wait(PATIENCE_S) == 0
    held.after(EVERY_JOB, chunks=0)
    with ready_face({**slow, "DRAIN_GRACE_S": "600"}, tmp_path, PROGRAM) as face:
        with connected(face) as client:
            body = json.dumps({**SHORT, "input": "One. Two. Three.", "nfe_step": 32}).encode()
            client.sendall("\r\n".join([*post(len(body)), "", ""]).encode() + body)
            until(lambda: face.metric("running") == 1)
            face.process.terminate()
            until(lambda: "ending; 1 texts have 600 s" in face.log.read_text())
            held.go_on(EVERY_JOB)
            answer = received(client)
        assert answer.startswith(b"HTTP/1.1 200") and len(answer) > 1000
        assert face.process.wait(PATIENCE_S) == 0
