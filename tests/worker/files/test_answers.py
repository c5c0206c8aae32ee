"""Which jobs are the same job, sent again: the stored answer is found by what was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errors import StorageError
from s3_utils import StorageConfig, open_storage
from worker.files.answers import HANDED_OVER, encode_answer, load_answer, request_fingerprint
from worker.files.find import facts_of
from worker.files.jobfiles import JobFiles
from worker.request.parse import parse
from worker.request.speech import SpeechInput
from worker.settings.load import Settings

JOB = {"text": "Hello."}
# Another value of each field of a job. A new field needs a row, and a decision: does it change
# what is made, or only how it is handed over (then it is marked `HandedOver`)?
MADE: dict[str, Any] = {
    "text": "Good bye.",
    "segments": [{"text": "Hello."}],
    "voice": "Anna",
    "ref_text": "Words.",
    "speed": 1.5,
    "quality": "draft",
    "nfe_step": 8,
    "cfg_strength": 1.0,
    "sway_sampling_coef": None,
    "seed": 7,
    "cross_fade_duration": 0.0,
    "target_rms": 0.2,
    "fix_duration": 9.0,
    "remove_silence": True,
    "output_format": "mp3",
    "sample_rate": 16000,
    "output_key": "elsewhere/{job_id}.{ext}",
    "use_s3": False,
    "return_word_timings": True,
    "timing_format": "srt",
    "user_id": "u1",
    "session": "s1",
    "index": 1,
    "metadata": {"a": "b"},
    "processing": "f5-tts",
    "language": "de",
    "markup": False,
    "clean": False,
    "breaks": False,
    "normalize": False,
    "durations": False,
    "joins": False,
    "checks": False,
    "best_clip": False,
    "mend_voice": False,
    "loudness": -16.0,
    "voices": {"Ann": {"voice": "film", "start": 61, "end": 69}},
    "pauses": {"sentence": 1.0},
    "lexicon": {"SQL": "sequel"},
}
ONLY_HANDED_OVER: dict[str, Any] = {
    "url": "none",
    "url_expires": 60,
    "return_audio": True,
    "stream": True,
    "callback_url": "https://example.com/f5",
}


def fingerprint(job: dict[str, Any], model: str = "demo") -> str:
    request = parse(job, {}, Settings()).input
    assert isinstance(request, SpeechInput)
    return request_fingerprint(request, model)


def test_every_field_is_one_or_the_other() -> None:
    assert MADE.keys() | ONLY_HANDED_OVER.keys() == SpeechInput.model_fields.keys() - {"endpoint"}
    assert ONLY_HANDED_OVER.keys() == HANDED_OVER


def test_another_clip_of_a_voice_makes_another_job() -> None:
    clips = [
        "film",
        {"voice": "film", "start": 1.0},
        {"voice": "film", "start": 1.0, "end": 4.0},
        {"voice": "film", "channel": 1},
        {"voice": "film", "loudness": -20.0},
        {"voice": "film", "ref_text": "Hi."},
        [{"voice": "film"}, "film"],
    ]
    asked = [fingerprint({"text": "A", "voice": voice}) for voice in clips]
    assert len(set(asked)) == len(clips)
    assert asked == [fingerprint({"text": "A", "voice": voice}) for voice in clips]


@pytest.mark.parametrize("field", MADE)
def test_a_field_that_changes_what_is_made_makes_another_job(field: str) -> None:
    others = {} if field == "segments" else JOB
    assert fingerprint({**others, field: MADE[field]}) != fingerprint(JOB)


@pytest.mark.parametrize("field", ONLY_HANDED_OVER)
def test_the_way_of_handing_over_does_not(field: str) -> None:
    assert fingerprint({**JOB, field: ONLY_HANDED_OVER[field]}) == fingerprint(JOB)


def test_another_model_makes_another_job() -> None:
    assert fingerprint(JOB, "F5TTS_v1_Base") != fingerprint(JOB)


def test_a_default_asked_for_is_the_default() -> None:
    assert fingerprint({**JOB, "speed": 1.0, "quality": "best"}) == fingerprint(JOB)


def test_what_is_stored_is_an_answer_only_if_it_is_this_jobs_and_whole(tmp_path: Path) -> None:
    files = JobFiles(open_storage(StorageConfig(local_dir=tmp_path)), Settings(), "abc")
    audio = files.audio("wav")
    receipt = files.put(audio, b"samples")
    answer = {
        "job_id": "abc",
        "s3_key": audio.key,
        "bytes": receipt.size,
        "sha256": receipt.sha256,
        "timing_files": {},
    }
    theirs = JobFiles(files.storage, files.settings, "other").audio("wav")
    JobFiles(files.storage, files.settings, "other").put(theirs, b"samples")
    whole = encode_answer("asked", answer)
    files.put(files.answer, whole)
    assert load_answer(files, "asked") is not None
    assert load_answer(files, "other") is None
    output = json.loads(whole)["output"]
    damaged = [
        b"", b"{", b"[]", b'{"output": 1}', whole[:-1], b"\xff", b"[" * 100_000,
        b'{"a":' * 100_000, b"9" * 5000,
        *(json.dumps({"request": "asked", "output": {**output, name: value}}).encode()
          for name, value in (("job_id", "abc_"), ("s3_key", 5), ("s3_key", "../x"),
                              ("s3_key", "output/gone.wav"), ("bytes", 6), ("sha256", "0" * 64),
                              ("sha256", None), ("sha256", 5), ("bytes", "7"), ("bytes", True),
                              ("warnings", 5), ("warnings", [5]), ("warnings", {"a": 1}),
                              ("timing_formats", 5), ("timing_formats", [[]]), ("job_id", None),
                              ("error", "Never was."), ("refresh_worker", True),
                              ("s3_key", "/etc/passwd"), ("s3_key", theirs.key),
                              ("duration", float("nan")), ("duration", {}), ("text", 5),
                              ("metrics", {"total_s": float("inf")}), ("metrics", []),
                              ("segments", "x"), ("seed", "5"), ("status", None))),
        *(json.dumps({"request": "asked", "output": {n: v for n, v in output.items() if n != name}})
          .encode() for name in ("job_id", "s3_key", "bytes", "sha256")),
    ]  # fmt: skip
    for data in damaged:
        files.put(files.answer, data)
        assert load_answer(files, "asked") is None, data


def test_an_answer_that_storage_does_not_give_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Archived, or refused for whatever reason: the job can be done again."""
    files = JobFiles(open_storage(StorageConfig(local_dir=tmp_path)), Settings(), "abc")

    def refuse(*_: Any, **__: Any) -> bytes:
        raise StorageError("The object is archived.")

    monkeypatch.setattr(files.storage, "get", refuse)
    assert load_answer(files, "asked") is None


@pytest.mark.parametrize(
    "metadata",
    [
        {"duration": "nan"},
        {"duration": "1e999"},
        {"duration": "abc", "seed": "x"},
        {"sample-rate": "", "nfe-step": "9" * 500},
    ],
)
def test_metadata_that_is_no_number_is_left_out(tmp_path: Path, metadata: dict[str, str]) -> None:
    files = JobFiles(open_storage(StorageConfig(local_dir=tmp_path)), Settings(), "abc")
    files.put(files.audio("wav"), b"samples", metadata)
    facts = facts_of(files.storage.info(files.audio("wav").key))
    assert not facts.keys() & {"duration", "seed", "sample_rate", "nfe_step"}
    files.put(files.audio("wav"), b"samples", {"duration": "1.5", "seed": str(2**63)})
    facts = facts_of(files.storage.info(files.audio("wav").key))
    assert (facts["duration"], facts["seed"]) == (1.5, 2**63)
