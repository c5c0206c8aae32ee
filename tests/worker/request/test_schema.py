"""What a job may say: old names, limits, and one error that names everything wrong."""

from __future__ import annotations

import base64
import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import InvalidInput
from worker.operations.base import OPERATIONS
from worker.request.parse import QUALITY_STEPS, SpeechInput, parse
from worker.settings.load import Settings

LIMITS = Settings.load({"MAX_TEXT_CHARS": "1000", "MAX_VOICE_BYTES": "10000"})


def speech(raw: dict[str, Any]) -> SpeechInput:
    parsed = parse(raw, LIMITS).input
    assert isinstance(parsed, SpeechInput)
    return parsed


def test_text_alone_is_a_job_with_f5_tts_defaults() -> None:
    job = speech({"text": " Hello. "})
    assert job.text == "Hello."
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
        ({"gen_text": "A."}, "text", "A."),
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
        ({"text": "Two\nlines"}, "text", "Two lines"),
    ],
)
def test_older_and_special_names(raw: dict[str, Any], field: str, value: object) -> None:
    assert getattr(speech(raw), field) == value


def test_word_timings_are_per_word_where_a_format_cannot_hold_both() -> None:
    words = speech({"text": "A.", "return_timestamps": True, "timing_format": ["srt", "vtt"]})
    assert [words.cue_per_word(fmt) for fmt in words.timings] == [True, False]
    subtitles = speech({"text": "A.", "options": {"create_subtitles": True}})
    assert [subtitles.cue_per_word(fmt) for fmt in subtitles.timings] == [False]
    none = {"create_subtitles": False, "subtitle_format": "srt"}
    assert speech({"text": "A.", "options": none}).timings == ()


def test_timing_method_is_accepted_and_said_to_do_nothing() -> None:
    request = parse({"text": "A.", "timing_method": "whisper"}, LIMITS)
    assert "timing_method" in request.warnings[0]


BAD = [
    ({}, "`text` is required"),
    ({"text": ""}, "text is empty"),
    ({"text": " \n\t "}, "text is empty"),
    ({"text": "…!"}, "nothing to say"),
    ({"text": "[pause:2]"}, "nothing to say"),
    ({"text": "x" * 1001}, "at most 1000"),
    ({"text": 5}, "text must be a string"),
    ({"text": None}, "`text` is required"),
    ({"text": ["a"]}, "text must be a string"),
    ({"text": "a\x00b"}, "control character"),
    ({"text": "a\ud800b"}, "control character"),
    ({"text": "A", "segments": [{"text": "B"}]}, "not both"),
    ({"segments": []}, "segments must have at least 1 items"),
    ({"segments": "A"}, "segments must be a list"),
    ({"segments": [{"text": "A", "speed": 9}]}, r"segments\[0\]\.speed must be at most 2"),
    ({"segments": [{"txt": "A"}]}, r"segments\[0\]\.txt is not a known field \(did you mean text"),
    ({"segments": [{"text": "x" * 600}, {"text": "x" * 600}]}, "together"),
    ({"text": "A", "speed": math.nan}, "speed must be a finite number"),
    ({"text": "A", "speed": math.inf}, "speed must be"),
    ({"text": "A", "speed": "1.0"}, "speed must be a number"),
    ({"text": "A", "speed": True}, "speed must be a number"),
    ({"text": "A", "speed": 0.1}, "speed must be at least 0.3"),
    ({"text": "A", "nfe_step": 3}, "nfe_step must be at least 4"),
    ({"text": "A", "nfe_step": 65}, "nfe_step must be at most 64"),
    ({"text": "A", "nfe_step": 7.5}, "nfe_step must be a whole number"),
    ({"text": "A", "nfe_step": 10**400}, "nfe_step must be"),
    ({"text": "A", "seed": 1 << 63}, "seed must be below"),
    ({"text": "A", "seed": "x"}, "seed must be a whole number"),
    ({"text": "A", "cfg_strength": -1}, "cfg_strength must be at least 0"),
    ({"text": "A", "sway_sampling_coef": -2}, "sway_sampling_coef must be at least -1"),
    ({"text": "A", "fix_duration": 0}, "fix_duration must be above 0"),
    ({"text": "A", "target_rms": 0}, "target_rms must be above 0"),
    ({"text": "A", "sample_rate": 44_100.5}, "sample_rate must be a whole number"),
    ({"text": "A", "sample_rate": 4000}, "sample_rate must be at least 8000"),
    ({"text": "A", "quality": "ultra"}, "quality must be one of"),
    ({"text": "A", "output_format": "aac"}, "output_format must be one of"),
    ({"text": "A", "remove_silence": "yes"}, "remove_silence must be true or false"),
    ({"text": "A", "url": "private"}, "url must be one of"),
    ({"text": "A", "url_expires": 0}, "url_expires must be at least 1"),
    ({"text": "A", "url_expires": 604_801}, "url_expires must be at most 604800"),
    ({"text": "A", "timing_format": "sub"}, "timing_format must be of"),
    ({"text": "A", "timing_format": []}, "timing_format names no format"),
    ({"text": "A", "output_key": "../a.wav"}, r"output_key .*`\.\.` piece|has the segment"),
    ({"text": "A", "output_key": "/etc/passwd"}, "output_key .*(absolute|slash)"),
    ({"text": "A", "output_key": "a\\b.wav"}, "output_key .*backslash"),
    ({"text": "A", "output_key": "a\x07.wav"}, "output_key .*control character"),
    ({"text": "A", "output_key": "voices/x.wav"}, "voice library"),
    ({"text": "A", "output_key": "a/{jobid}.wav"}, r"did you mean \{job_id\}"),
    ({"text": "A", "output_key": "a/{job_id.wav"}, "unbalanced braces"),
    ({"text": "A", "output_key": "a" * 300}, "output_key .*longer than"),
    ({"text": "A", "output_key": ".meta/a.wav"}, "output_key .*reserved"),
    ({"text": "A", "voice": "../../etc/passwd"}, "voice .*"),
    ({"text": "A", "voice": "a\x00b"}, "voice .*control character"),
    ({"text": "A", "voice": "http://x.y/a.wav"}, "voice must use https"),
    ({"text": "A", "voice": "ftp://x.y/a.wav"}, "voice must be a name"),
    ({"text": "A", "voice": "s3://bucket"}, "voice names no key"),
    ({"text": "A", "voice": 7}, "voice must be a name"),
    ({"text": "A", "voice": {"audio": "x"}}, "voice as an object holds"),
    ({"text": "A", "voice": {"audio_base64": "§§"}}, "voice is not valid base64"),
    ({"text": "A", "voice": {"audio_base64": "A" * 20_000}}, "larger than 10000 bytes"),
    ({"text": "A", "voice": "A", "local_voice": "B"}, "voice and local_voice differ"),
    ({"text": "A", "ref_text": 1}, "ref_text must be a string"),
    ({"text": "A", "user_id": ""}, "user_id must have 1 to 128"),
    ({"text": "A", "user_id": {"a": 1}}, "user_id must be a string"),
    ({"text": "A", "metadata": {"a b": "c"}}, "metadata has the name"),
    ({"text": "A", "metadata": []}, "metadata must be an object"),
    ({"text": "A", "options": {"creat_subtitles": True}}, "did you mean create_subtitles"),
    ({"text": "A", "options": {"create_subtitles": "yes"}}, "must be true or false"),
    ({"text": "A", "options": 3}, "options must be an object"),
    ({"text": "A", "spede": 1}, r"spede is not a known field \(did you mean speed"),
    ({"text": "A", "\x1b[31m": 1}, "is not a known field"),
    ({"text": "[vocie:Anna] Hi"}, r"did you mean \[voice"),
    ({"text": "[speed:9] Hi"}, "needs a number from 0.3 to 2"),
    ({"text": "[pause:1000] Hi"}, "longer than 60 s"),
    ({"text": "[voice:../x] Hi"}, r"\[voice:"),
    ({"endpoint": "uplaod"}, "Did you mean upload"),
    ({"endpoint": 3}, "is not an endpoint"),
    ({"endpoint": "upload", "voice_name": "../x", "voice": "https://x.y/a"}, "voice_name must be"),
    ({"endpoint": "upload", "voice_name": "x"}, "voice is required"),
    ({"endpoint": "download"}, "give `job_id` or `key`"),
    ({"endpoint": "download", "job_id": "../x"}, "job_id must be letters"),
    ({"endpoint": "delete"}, "one of them"),
    ({"endpoint": "cleanup", "days_old": -1}, "days_old must be at least 0"),
    ({"endpoint": "list", "prefix": "../"}, "prefix "),
    ([], "must be an object"),
    ("text", "must be an object"),
    (None, "must be an object"),
]


@pytest.mark.parametrize(("raw", "message"), BAD)
def test_bad_input_is_refused_by_name(raw: object, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(raw, LIMITS)
    said = f"{caught.value.message} {caught.value.hint}"
    assert re.search(message, said), said
    assert said.isprintable()
    assert len(said) < 500


def test_all_problems_come_in_one_error() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse({"text": "", "speed": 9, "nfe_step": "x", "colour": "red", "seed": 1.5}, LIMITS)
    for name in ("text", "speed", "nfe_step", "colour", "seed"):
        assert name in caught.value.message


def test_problems_are_named_as_the_user_wrote_them() -> None:
    with pytest.raises(InvalidInput, match="local_voice"):
        parse({"text": "A", "local_voice": "../x"}, LIMITS)


def test_inline_audio_may_come_as_a_data_url() -> None:
    data = base64.b64encode(b"RIFF").decode()
    assert speech({"text": "A", "voice": f"data:audio/wav;base64,{data}"}).voice == {
        "audio_base64": data
    }


def test_every_operation_is_reachable() -> None:
    minimal: dict[str, dict[str, object]] = {
        "upload": {"voice_name": "Anna", "voice_file_url": "https://x.y/a.wav"},
        "download": {"job_id": "j", "type": "timing", "format": "srt"},
        "info": {"key": "output/a.wav"},
        "status": {"job_id": "j"},
        "result": {"job_id": "j"},
        "delete": {"job_id": "j"},
        "presign": {"key": "output/a.wav"},
    }
    for name, model in OPERATIONS.items():
        request = parse({"endpoint": name, **minimal.get(name, {})}, LIMITS)
        assert isinstance(request.input, model)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = st.sampled_from([*SpeechInput.model_fields, "local_voice", "options", "type"])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES | st.text(max_size=10), JSON, max_size=6))
def test_any_json_is_either_a_job_or_one_printable_error(raw: dict[str, Any]) -> None:
    try:
        parse(raw, LIMITS)
    except InvalidInput as error:
        assert error.message.isprintable()
