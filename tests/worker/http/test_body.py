"""What is read of a body: nothing of it is dropped without a word."""

from __future__ import annotations

import asyncio
import io
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from errors import InvalidInput
from worker.http.body import parse_json, read_json
from worker.http.metrics import Metrics
from worker.http.voices import VoiceRoutes, _upload, form_fields
from worker.settings.load import Settings


def test_a_field_that_is_given_twice_is_refused() -> None:
    assert parse_json(b'{"input": "a", "voice": {"input": "b"}}')["input"] == "a"
    with pytest.raises(InvalidInput, match="Wrong input: input is given twice"):
        parse_json(b'{"x": [{"input": "a", "input": "b"}]}')


def test_a_form_in_place_of_json_is_called_one() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"input=Hi"}

    kind = b"application/x-www-form-urlencoded"
    request = Request({"type": "http", "headers": [(b"content-type", kind)]}, receive)
    with pytest.raises(InvalidInput, match="The body is a form"):
        asyncio.run(read_json(request))


def field(name: str, value: str) -> str:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


@pytest.mark.parametrize(
    ("fields", "charset", "said"),
    [
        ((("name", "Ada"), ("name", "Eve")), "utf-8", "name is given twice"),
        ((("consent", '{"who": "Ada'),), "utf-8", "Wrong input: consent is not valid JSON"),
        ((("name", "Ada-."),), "punycode", "Send it in UTF-8"),
        ((("name", "Ada"),), "undefined", "Send it in UTF-8"),
    ],
)
def test_a_form_that_cannot_be_read_whole_is_refused(
    fields: tuple[tuple[str, str], ...], charset: str, said: str
) -> None:
    body = ("".join(field(*each) for each in fields) + "--x--\r\n").encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    kind = f"multipart/form-data; boundary=x; charset={charset}".encode()
    http = SimpleNamespace(max_body_bytes=1000)
    desk: Any = SimpleNamespace(app=SimpleNamespace(settings=SimpleNamespace(http=http)))
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", kind)]}
    with pytest.raises(InvalidInput) as caught:
        asyncio.run(VoiceRoutes(desk).add(Request(scope, receive)))
    assert said in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "Ada/calm", "mood": "sad"}, "mood is given twice"),
        ({"name": "Ada", "voice_name": "Eve", "voice": "x.wav"}, None),
        ({"voice": "x.wav"}, "Wrong input: name is required"),
        ({"name": 5, "voice": "x.wav"}, "Wrong input: name must be a string, not 5"),
        ({"name": "Ada", "ref_text": "Hi."}, "the recording is missing"),
    ],
)
def test_a_voice_has_one_name(given: dict[str, Any], said: str | None) -> None:
    if said:
        with pytest.raises(InvalidInput, match=said):
            _upload(given, [])
    else:  # refused by name where the job is checked
        assert _upload(given, []) == given


@pytest.mark.parametrize(
    ("names", "warned"), [("*", "speaks it by demo"), ("*,alloy=alloy", ""), ("nova=Ada", "")]
)
def test_a_new_voice_that_openais_names_hide_is_told(names: str, warned: str) -> None:
    desk: Any = SimpleNamespace(
        app=SimpleNamespace(settings=Settings.load({"OPENAI_VOICES": names}))
    )
    assert warned in "".join(VoiceRoutes(desk)._shadowed("alloy"))
    assert bool(VoiceRoutes(desk)._shadowed("alloy")) == bool(warned)
    assert VoiceRoutes(desk)._shadowed("Ada") == ()


def test_figures_keep_all_their_digits() -> None:
    """Prometheus computes rates: a counter rounded to six digits stands still, then leaps."""
    metrics = Metrics()
    for _ in range(2):
        metrics.spoken({"audio_s": 1_234_567.25, "inference_s": 0.1, "characters": 5_000_001})
    lines = [*metrics.lines({"x": ("X.", 12_345_678.5)})]
    assert "f5worker_characters_total 10000002" in lines
    assert "f5worker_audio_seconds_total 2469134.5" in lines
    assert "f5worker_x 12345678.5" in lines


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (UploadFile(io.BytesIO(b"")), "file is a file without a byte in it"),
        ("me.wav", "curl takes `-F file=@me.wav`, with an @"),  # the @ was forgotten
    ],
)
def test_a_form_without_the_file_itself_says_so(value: UploadFile | str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        asyncio.run(form_fields(FormData([("name", "A"), ("file", value)])))
    assert said in f"{caught.value.message} {caught.value.hint}"
