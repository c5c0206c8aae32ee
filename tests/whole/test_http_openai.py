"""The HTTP face asked by the genuine OpenAI client: speech in every format, voices, models."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
import soundfile

from standins.http_face import Face
from standins.local_worker import FAST, wav

if TYPE_CHECKING:
    import openai

TEXT = (
    "When the rain had stopped, we walked down to the river and looked for the old boat. "
    "It lay there, half under water, as it had for years."
)
SLOWER = {"seed": 7, **FAST}


@pytest.fixture(scope="module")
def client(face: Face) -> Iterator[openai.OpenAI]:
    import openai  # takes a second and more

    with openai.OpenAI(base_url=f"{face.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def speak(client: openai.OpenAI, **fields: Any) -> Any:
    own = {**SLOWER, **fields.pop("extra_body", {})}
    given = {"model": "tts-1", "voice": "alloy", "input": TEXT, **fields}
    return client.audio.speech.with_raw_response.create(**given, extra_body=own)


def seconds(data: bytes) -> float:
    with av.open(io.BytesIO(data)) as file:
        return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))


@pytest.mark.parametrize("fmt", ["mp3", "opus", "aac", "flac", "wav"])
def test_every_format_comes_in_pieces_and_whole(client: openai.OpenAI, fmt: str) -> None:
    running, whole = (
        speak(client, response_format=fmt, extra_body=more)
        for more in ({}, {"stream_format": "whole"})
    )
    assert "content-length" not in running.headers
    assert int(whole.headers["content-length"]) == len(whole.content)
    assert running.headers["content-type"] == whole.headers["content-type"]
    assert seconds(running.content) == pytest.approx(
        float(whole.headers["x-audio-seconds"]), rel=0.2
    )
    assert seconds(whole.content) == pytest.approx(seconds(running.content), rel=0.2)


def test_pcm_in_pieces_is_the_wav_in_pieces(client: openai.OpenAI) -> None:
    pcm, sound = (speak(client, response_format=fmt) for fmt in ("pcm", "wav"))
    samples, rate = soundfile.read(io.BytesIO(sound.content), dtype="int16")
    assert (rate, pcm.headers["content-type"]) == (24000, "audio/pcm;rate=24000;channels=1")
    heard = np.frombuffer(pcm.content, "<i2")
    assert len(heard) == len(samples) and np.array_equal(heard, samples)


def test_a_text_of_one_chunk_comes_whole_at_once(client: openai.OpenAI) -> None:
    answer = speak(client, input="Hello.", response_format="wav")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert soundfile.info(io.BytesIO(answer.content)).frames > 0


def test_events_hold_the_file_and_what_it_took(client: openai.OpenAI) -> None:
    plain = speak(client, response_format="pcm")
    answer = speak(client, response_format="pcm", stream_format="sse")
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in answer.text.split("\n\n") if line.startswith("data: ")]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    assert len(events) > 2, "more than one piece"
    audio = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert audio == plain.content
    done = events[-1]
    assert done["type"] == "speech.audio.done"
    usage = done["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["input_tokens"] == len(TEXT)
    assert done["result"]["duration"] == pytest.approx(len(audio) / 48000, abs=0.01)
    assert done["result"]["segments"][0]["text"].startswith("When the rain")
    assert any("alloy is spoken by" in said for said in done["result"]["warnings"])


def test_the_times_of_words_come_with_the_last_event(client: openai.OpenAI) -> None:
    own = {"return_word_timings": True}
    answer = speak(client, response_format="pcm", stream_format="sse", extra_body=own)
    result = json.loads(answer.text.strip().split("data: ")[-1])["result"]
    words = result["words"]
    assert " ".join(word["text"] for word in words) == TEXT
    times = [(word["start"], word["end"]) for word in words]
    assert times == sorted(times) and times[-1][1] <= result["duration"] + 0.001
    plain = speak(client, response_format="mp3", extra_body=own)
    [said] = [one for one in json.loads(plain.headers["x-warnings"]) if "timings" in one]
    assert "ask for `sse`" in said


def test_own_fields_stand_beside_openais(client: openai.OpenAI) -> None:
    answer = speak(client, input="Hi.", extra_body={"seed": 11, "stream_format": "whole"})
    assert answer.headers["x-seed"] == "11"
    other = speak(
        client, response_format="wav", extra_body={"sample_rate": 8000, "remove_silence": True}
    )
    assert soundfile.info(io.BytesIO(other.content)).samplerate == 8000


@pytest.mark.parametrize(
    ("fields", "kind", "code", "said"),
    [
        (dict(voice="nobody"), "NotFoundError", "VOICE_NOT_FOUND", "nobody"),
        (dict(model="tts-2"), "NotFoundError", "MODEL_NOT_FOUND", "tts-1"),
        (dict(input=""), "BadRequestError", "INVALID_INPUT", "input is empty"),
        (dict(speed=4.0), "BadRequestError", "INVALID_INPUT", "speed must be at most 2"),
        (
            dict(extra_body={"tempo": 1}),
            "BadRequestError",
            "INVALID_INPUT",
            "tempo is not a known field",
        ),
    ],
)
def test_errors_are_the_clients_own_with_our_code_and_hint(
    client: openai.OpenAI, fields: dict[str, Any], kind: str, code: str, said: str
) -> None:
    import openai

    with pytest.raises(getattr(openai, kind)) as refused:
        speak(client, **fields)
    assert refused.value.code == code
    assert said in refused.value.body["message"]
    assert refused.value.body["retryable"] is False
    assert refused.value.response.headers["x-should-retry"] == "false"


def test_an_error_inside_events_is_an_event(client: openai.OpenAI) -> None:
    answer = speak(client, stream_format="sse", voice="nobody")
    event = json.loads(answer.text.strip().removeprefix("data: "))
    assert event["type"] == "error" and event["error"]["code"] == "VOICE_NOT_FOUND"


def test_models_are_listed(client: openai.OpenAI, tiny_model: Path) -> None:
    import openai

    names = [model.id for model in client.models.list()]
    assert names[1:] == ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"]
    assert client.models.retrieve("tts-1").id == "tts-1"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_a_voice_is_added_spoken_with_renamed_and_deleted(
    client: openai.OpenAI, face: Face
) -> None:
    import openai

    voice = client.audio.voices.create(
        name="Maria",
        audio_sample=("maria.wav", wav(), "audio/wav"),
        consent="Maria K.",
        extra_body={"ref_text": "This is what Maria says.", "picture": "true"},
    )
    assert voice.picture_key == "voices/Maria.voice.png"
    assert (voice.id, voice.object, voice.type) == ("Maria", "audio.voice", "audio_sample")
    assert any("read as who agreed" in said for said in voice.warnings)
    assert speak(client, voice={"id": "Maria"}, input="Hi.").content
    shown = face.ask("GET", "/v1/audio/voices/Maria").json
    assert shown["record"]["consent"]["who"] == "Maria K."
    renamed = face.ask("POST", "/v1/audio/voices/Maria", {"name": "Mary"}).json
    assert renamed["id"] == "Mary"
    listed = face.ask("GET", "/v1/audio/voices").json
    assert {"Mary", "demo"} <= {one["id"] for one in listed["data"]}
    assert "Maria" not in {one["id"] for one in listed["data"]}
    assert client.audio.voices.delete("Mary").deleted is True
    with pytest.raises(openai.NotFoundError):
        client.audio.voices.delete("Mary")


def test_a_voice_is_added_by_json_and_refused_by_its_check(face: Face) -> None:
    audio = base64.b64encode(wav()).decode()
    consent = {"who": "Anna", "when": "2026-11-26"}
    body = {"name": "Anna/calm", "audio_base64": audio, "ref_text": "Hi all.", "consent": consent}
    added = face.ask("POST", "/v1/audio/voices", body)
    assert added.status == 200, added.body
    assert added.json["id"] == "Anna/calm" and "report" in added.json
    again = face.ask("POST", "/v1/audio/voices", body)
    assert (again.status, again.json["error"]["code"]) == (409, "VOICE_EXISTS")
    assert face.ask("POST", "/v1/audio/voices", {**body, "replace": True}).json["replaced"] is True
    bad = face.ask("POST", "/v1/audio/voices", {**body, "audio_base64": "AAAA", "replace": True})
    assert (bad.status, bad.json["error"]["code"]) == (400, "VOICE_UNUSABLE")
    wrong = face.ask("POST", "/v1/audio/voices", {**body, "colour": "red"})
    assert "colour is not a known field" in wrong.json["error"]["message"]


@pytest.mark.parametrize("wrong", [None, b"[1, 2]", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(face: Face, wrong: bytes | None) -> None:
    for path in ("/v1/audio/speech", "/v1/audio/voices", "/v1/jobs"):
        answer = face.ask("POST", path, wrong)
        assert answer.status == 400 and answer.json["error"]["hint"]


def test_nothing_of_a_text_is_stored(client: openai.OpenAI, face: Face) -> None:
    speak(client, input="A secret.", extra_body={"stream_format": "whole"})
    stored = [p for p in (face.log.parent / "data").rglob("*") if p.is_file()]
    assert not [p for p in stored if "output" in p.parts or b"A secret." in p.read_bytes()]
    assert "A secret" not in face.log.read_text()


def test_the_head_of_a_stream_says_what_is_known_before_its_first_sound(face: Face) -> None:
    body = {"input": "The \U0001f600 is said here. " * 9, "voice": "demo", **FAST}
    answer = face.ask("POST", "/v1/audio/speech", body)
    assert "\U0001f600" in str(json.loads(answer.headers["x-warnings"]))
    kept = face.ask("GET", f"/v1/jobs/{answer.headers['x-job-id']}").json
    assert kept["status"] == "COMPLETED" and "\U0001f600" in str(kept["output"]["warnings"])
    assert "segments" not in kept["output"] and "text" not in kept["output"]
    [row] = face.ask("GET", "/v1/jobs?limit=1").json["data"]
    assert (row["id"], row["kind"]) == (kept["id"], "speech")
