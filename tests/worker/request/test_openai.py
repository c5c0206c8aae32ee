"""OpenAI's documented speech body becomes a `tts` job; what it cannot mean is refused by name."""

from __future__ import annotations

from types import ModuleType
from typing import Any, get_args

import pytest

from errors import ConfigError, InvalidInput, ModelNotFound
from worker.request.openai import FORMATS, OWN, SpeechRequest, read_speech
from worker.request.speech import SpeechInput
from worker.settings.http import OPENAI_VOICES
from worker.settings.load import Settings


def read(environ: dict[str, str] | None = None, **body: Any) -> SpeechRequest:
    settings = Settings.load(environ or {})
    return read_speech({"input": "Hi there.", **body}, settings, "F5TTS_v1_Base")


@pytest.fixture(scope="module")
def documented() -> ModuleType:
    """The fields of OpenAI's own client, which takes two seconds to import."""
    import openai.types.audio.speech_create_params as documented

    return documented


def test_the_least_body_is_an_mp3_while_it_is_made() -> None:
    asked = read()
    assert asked.job == {"text": "Hi there.", "output_format": "mp3", "stream": True}
    assert (asked.response_format, asked.stream_format) == ("mp3", "audio")
    assert asked.warnings == []


def test_every_field_openai_documents_is_taken(documented: ModuleType) -> None:
    values = dict(instructions="Softly.", response_format="opus", speed=1.5, stream_format="sse")
    body = dict(input="Hi there.", model="tts-1", voice="Dorota", **values)
    assert set(body) == set(documented.SpeechCreateParams.__annotations__)
    asked = read(**body)
    assert asked.job["speed"] == 1.5 and asked.job["output_format"] == "ogg"
    assert asked.job["voice"] == "Dorota" and asked.job["quality"] == "balanced"
    assert "`instructions` are not followed" in asked.warnings[0]


def test_names_are_those_of_the_genuine_client(documented: ModuleType) -> None:
    literal = get_args(documented.Voice)[1]
    assert set(get_args(literal)) == set(OPENAI_VOICES)
    formats = documented.SpeechCreateParams.__annotations__["response_format"]
    assert all(name in str(formats) for name in FORMATS)


@pytest.mark.parametrize(
    ("setting", "voice", "spoken_by"),
    [
        ("*", "alloy", "demo"),
        ("alloy=Dorota,*=Anna", "alloy", "Dorota"),
        ("alloy=Dorota,*=Anna", "nova", "Anna"),
        ("alloy=Dorota", "nova", "nova"),
        ("me=Dorota", "me", "Dorota"),
    ],
)
def test_openais_voices_are_mapped_by_setting(setting: str, voice: str, spoken_by: str) -> None:
    asked = read({"OPENAI_VOICES": setting}, voice=voice)
    assert asked.job["voice"] == spoken_by
    assert bool(asked.warnings) is (voice != spoken_by)


def test_a_custom_voice_object_names_a_voice() -> None:
    assert read(voice={"id": "Dorota"}).job["voice"] == "Dorota"
    with pytest.raises(InvalidInput, match=r"voice\.id must be a string, not None"):
        read(voice={"id": None})
    with pytest.raises(InvalidInput, match="instructions must be a string, not 0"):
        read(instructions=0)


@pytest.mark.parametrize(
    ("model", "quality"),
    [
        ("tts-1", "balanced"),
        ("tts-1-hd", "best"),
        ("gpt-4o-mini-tts-2025-12-15", "best"),
        ("F5TTS_v1_Base", None),
    ],
)
def test_a_models_name_stands_for_a_quality(model: str, quality: str | None) -> None:
    assert read(model=model).job.get("quality") == quality


def test_the_bodys_own_quality_counts_more() -> None:
    assert read(model="tts-1", quality="draft").job["quality"] == "draft"
    assert "quality" not in read(model="tts-1", nfe_step=8).job


def test_another_model_is_not_there() -> None:
    with pytest.raises(ModelNotFound, match="no model 'tts-2'") as refused:
        read(model="tts-2")
    assert refused.value.hint == "Did you mean tts-1?"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"respons_format": "mp3"}, "did you mean response_format?"),
        ({"output_key": "a.wav"}, "output_key is not a known field"),
        ({"callback_url": "https://example.com/"}, "callback_url is not a known field"),
        ({"response_format": "ogg"}, "response_format must be one of mp3, opus"),
        ({"stream_format": True}, "stream_format must be one of audio, sse, whole, not True"),
        ({"input": None}, "input is required"),
        ({"text": "Hi."}, "text is not a known field (here it is input)"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match="Wrong input") as refused:
        read(**body)
    assert said in str(refused.value)


@pytest.mark.parametrize("body", [None, [], "text", 3])
def test_a_body_is_an_object(body: object) -> None:
    with pytest.raises(InvalidInput, match="must be a JSON object"):
        read_speech(body, Settings.load({}), "demo")


def test_own_fields_are_those_of_a_job_that_make_its_sound() -> None:
    assert {"seed", "quality", "ref_text", "lexicon", "processing", "cfg_strength"} <= set(OWN)
    assert set(OWN) < set(SpeechInput.model_fields)


@pytest.mark.parametrize("wrong", ["tts-1", "tts-1=fast", "=best"])
def test_wrong_model_settings_stop_the_start(wrong: str) -> None:
    with pytest.raises(ConfigError, match="OPENAI_MODELS"):
        Settings.load({"OPENAI_MODELS": wrong})


@pytest.mark.parametrize("wrong", ["alloy", "alloy=", "=Dorota"])
def test_wrong_voice_settings_stop_the_start(wrong: str) -> None:
    with pytest.raises(ConfigError, match="OPENAI_VOICES"):
        Settings.load({"OPENAI_VOICES": wrong})
