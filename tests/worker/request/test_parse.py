"""What a job may say: old names, limits, and one error that names everything wrong."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from errors import InvalidInput
from tests.examples import examples
from tests.worker.request.bad_jobs import BAD
from text.front import Source
from worker.operations.table import OPERATIONS
from worker.request.parse import Request, parse
from worker.request.speech import QUALITY_STEPS, SpeechInput
from worker.settings.load import Settings

LIMITS = Settings.load({"MAX_TEXT_CHARS": "1000", "MAX_VOICE_BYTES": "10000"})


def read(raw: object) -> Request:
    return parse(raw, OPERATIONS, LIMITS)


def speech(raw: dict[str, Any]) -> SpeechInput:
    parsed = read(raw).input
    assert isinstance(parsed, SpeechInput)
    return parsed


def test_text_alone_is_a_job_with_f5_tts_defaults() -> None:
    job = speech({"text": " Hello. "})
    assert job.sources == (Source(" Hello. "),)
    assert (job.steps, job.cfg_strength, job.sway_sampling_coef) == (32, 2.0, -1.0)
    assert (job.speed, job.cross_fade_duration, job.target_rms) == (1.0, 0.15, 0.1)
    assert job.timings == ()


def test_the_ancestors_job_works_unchanged() -> None:
    job = speech(
        {
            "text": "Cześć!",
            "speed": 1.1,
            "local_voice": "Dorota.wav",
            "return_word_timings": True,
            "timing_format": "vtt",
        }
    )
    assert job.voice == "Dorota.wav"
    assert job.timings == ("vtt",)


@pytest.mark.parametrize(
    ("raw", "field", "value"),
    [
        ({"gen_text": "A."}, "sources", (Source("A."),)),
        ({"text": "A.", "voice_file": "D"}, "voice", "D"),
        ({"text": "A.", "ref_audio": "s3://b/k.wav"}, "voice", "s3://b/k.wav"),
        ({"text": "A.", "ref_audio_url": "https://x.y/a.wav"}, "voice", "https://x.y/a.wav"),
        ({"text": "A.", "voice_url": "https://x.y/a.wav"}, "voice", "https://x.y/a.wav"),
        ({"text": "A.", "voice_reference_url": "https://x.y/a"}, "voice", "https://x.y/a"),
        ({"text": "A.", "voice_file_url": "https://x.y/a.wav"}, "voice", "https://x.y/a.wav"),
        ({"text": "A.", "ref_audio_base64": "UklG"}, "voice", {"audio_base64": "UklG"}),
        ({"text": "A.", "return_timestamps": True}, "timings", ("srt",)),
        ({"text": "A.", "options": {"create_subtitles": True}}, "timings", ("srt",)),
        (
            {"text": "A.", "options": {"create_subtitles": True, "subtitle_format": "ass"}},
            "timings",
            ("ass",),
        ),
        ({"text": "A.", "presigned_url_expiry": 60}, "url_expires", 60),
        ({"text": "A.", "use_s3": False}, "use_s3", False),
        ({"text": "A.", "quality": "draft"}, "steps", QUALITY_STEPS["draft"]),
        ({"text": "A.", "quality": "draft", "nfe_step": 20}, "steps", 20),
        ({"text": "A.", "sway_sampling_coef": None}, "sway_sampling_coef", None),
        ({"text": "A.", "cfg_strength": None}, "cfg_strength", 2.0),
        ({"text": "A.", "user_id": 17}, "user_id", "17"),
        ({"text": "A.", "timing_format": ["srt", "json", "srt"]}, "timings", ("srt", "json")),
        ({"text": "A.", "timing_format": "srt", "return_word_timings": False}, "timings", ()),
        ({"text": "Two\nlines"}, "sources", (Source("Two\nlines"),)),
    ],
)
def test_older_and_special_names(raw: dict[str, Any], field: str, value: object) -> None:
    assert getattr(speech(raw), field) == value


def test_subtitles_and_word_timings_are_told_apart() -> None:
    words = speech({"text": "A.", "return_timestamps": True, "timing_format": ["srt", "vtt"]})
    assert words.return_word_timings is True
    assert words.timings == ("srt", "vtt")
    subtitles = speech({"text": "A.", "options": {"create_subtitles": True}})
    assert subtitles.return_word_timings is None
    assert subtitles.timings == ("srt",)
    none = {"create_subtitles": False, "subtitle_format": "srt"}
    assert speech({"text": "A.", "options": none}).timings == ()


def test_timing_method_is_accepted_and_said_to_do_nothing() -> None:
    request = read({"text": "A.", "timing_method": "whisper"})
    assert "timing_method" in request.warnings[0]


@pytest.mark.parametrize(("raw", "message"), BAD)
def test_bad_input_is_refused_by_name(raw: object, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(raw)
    said = f"{caught.value.message} {caught.value.hint}"
    assert re.search(message, said), said
    assert said.isprintable()
    assert len(said) < 500


@pytest.mark.parametrize(
    "raw",
    [
        {"text": "[voice:ftp://h/y?sig=TOPSECRET] Hi"},
        {"text": "[speed:ftp://h/y?sig=TOPSECRET] Hi"},
        {"text": "Hi", "voice": "ftp://h/y?sig=TOPSECRET"},
        {"text": "Hi", "session": ["https://h/y?sig=TOPSECRET"]},
        {"endpoint": "download", "job_id": "https://h/y?sig=TOPSECRET"},
        {"text": "Hi", "metadata": {"https://h/y?sig=TOPSECRET": "x"}},
    ],
)
def test_what_stands_behind_the_question_mark_of_a_url_is_not_repeated(
    raw: dict[str, Any],
) -> None:
    with pytest.raises(InvalidInput) as caught:
        speech(raw)
    assert "TOPSECRET" not in caught.value.message + caught.value.hint


def test_all_problems_come_in_one_error() -> None:
    with pytest.raises(InvalidInput) as caught:
        read({"text": "", "speed": 9, "nfe_step": "x", "colour": "red", "seed": 1.5})
    for name in ("text", "speed", "nfe_step", "colour", "seed"):
        assert name in caught.value.message
    with pytest.raises(InvalidInput) as caught:
        read({"endpoint": "download", "kind": "video"})
    assert "`job_id` is required" in caught.value.message
    assert "kind must be one of" in caught.value.message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "A [pause:.1]" * 1001),
        ("text", "A [pause:60]" * 31),
        ("text", "[pause:1] ..."),
        ("text", "[vocie:Anna] A"),
        ("segments", [{"text": "A [pause:.1]" * 77}] * 13),
        ("segments", [{"text": "A [pause:60]" * 11}] * 3),
        ("segments", [{"text": "A", "pause": 60}] * 31),
        ("segments", [{"text": "A"}, {"text": "..."}]),
        ("segments", [{"text": "A"}, {"text": "[vocie:Anna] A"}]),
        ("segments", [{"text": "A"}] * 1001),
        ("segments", [{"text": "word " * 3000}] * 2),
    ],
)  # fmt: skip
def test_limits_of_a_script_name_their_field_beside_other_problems(
    field: str, value: object
) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse({field: value, "speed": 9}, OPERATIONS, Settings())
    wrong = caught.value.message.removeprefix("Wrong input: ").split("; ")
    assert wrong[0].startswith(field)
    assert wrong[-1].startswith("speed ")


def test_problems_are_named_as_the_user_wrote_them() -> None:
    with pytest.raises(InvalidInput, match="local_voice"):
        read({"text": "A", "local_voice": "../x"})


def test_inline_audio_may_come_as_a_data_url() -> None:
    data = base64.b64encode(b"RIFF").decode()
    assert speech({"text": "A", "voice": f"data:audio/wav;base64,{data}"}).voice == {
        "audio_base64": data
    }


CONSENT = {"who": "Anna Nowak", "when": "2026-11-26"}


def test_every_operation_is_reachable() -> None:
    minimal: dict[str, dict[str, object]] = {
        "upload": {"voice_name": "Anna", "voice_file_url": "https://x.y/a.wav"},
        "download": {"job_id": "j", "type": "timing", "format": "srt"},
        "info": {"key": "output/a.wav"},
        "status": {"job_id": "j"},
        "result": {"job_id": "j"},
        "delete": {"job_id": "j"},
        "presign": {"key": "output/a.wav"},
        "check_voice": {"voice": "Anna"},
        "show_voice": {"voice_name": "Anna"},
        "describe_voice": {"voice_name": "Anna", "tags": ["a"], "consent": CONSENT},
        "rename_voice": {"voice_name": "Anna", "new_name": "Ewa"},
        "copy_voice": {"voice_name": "Anna", "new_name": "Anna", "new_mood": "calm"},
        "restore_voice": {"voice_name": "Anna", "mood": "calm"},
        "store_lexicon": {"name": "names", "lexicon": {"SQL": "sequel"}},
        "delete_lexicon": {"name": "names"},
    }
    for name, model in OPERATIONS.items():
        request = read({"endpoint": name, **minimal.get(name, {})})
        assert isinstance(request.input, model)


def test_a_guess_ends_the_sentence_as_a_question() -> None:
    with pytest.raises(InvalidInput) as caught:
        read({"text": "a", "timing_format": "txt"})
    assert caught.value.message.endswith("did you mean 'vtt'?")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = st.sampled_from([*SpeechInput.model_fields, "local_voice", "options", "type"])


@settings(max_examples=examples(300), deadline=None)
@given(st.dictionaries(NAMES | st.text(max_size=10), JSON, max_size=6))
@example({"-clip-": None})
@example({"text": "a", "voice": {"-clip-": 1, "-clips-": 2}, "segments": [{"-plain-": 3}]})
def test_any_json_is_either_a_job_or_one_printable_error(raw: dict[str, Any]) -> None:
    try:
        read(raw)
    except InvalidInput as error:
        assert error.message.isprintable()


@pytest.mark.parametrize(
    "raw",
    [
        {f"return_word_timing{i}": 1 for i in range(150)},
        {"segments": [{"text": "a", "speedy": 1, "voicee": 2} for _ in range(1000)]},
        {"text": "a", "options": {f"o{i}": 1 for i in range(150)}},
        {"text": "a", "metadata": {f"\u2028{i}" * 50: object for i in range(150)}},
    ],
)
def test_ten_problems_are_named_and_the_rest_counted(raw: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as error:
        read(raw)
    assert len(error.value.message) < 2500
    assert error.value.message.count(";") <= 10


def test_how_many_problems_are_not_named_is_said() -> None:
    with pytest.raises(InvalidInput, match=r"; and 141 more\.$"):
        read({f"unknown{i}": 1 for i in range(150)})  # and no text


@pytest.mark.parametrize(
    "raw",
    [
        {f"f{i}": 1 for i in range(100_000)},
        {"text": "a", "options": {f"f{i}": 1 for i in range(100_000)}},
        {"segments": [{f"f{i}": 1 for i in range(100_000)}]},
        {"segments": [{f"f{i}": 1 for i in range(199)} for _ in range(1000)]},
    ],
)
def test_a_job_of_far_too_many_fields_is_refused_before_each_is_looked_at(
    raw: dict[str, Any],
) -> None:
    with pytest.raises(InvalidInput, match="fields"):
        read(raw)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("One [pause:soon]", r"like [pause:0.5]. Write \[ for a literal bracket."),
        ("<speak><audio/></speak>", "<audio> is not supported. Supported: speak, p,"),
        ("One [paus:1]", r"did you mean [pause:...]? Write \[ for"),
        ("One [pause:99]", "is longer than 60 s."),
    ],
)
def test_what_is_wrong_and_what_to_do_are_sentences_of_their_own(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read({"text": text})
    assert said in caught.value.message and ".." not in caught.value.message.replace("...", "")
