"""Jobs that say which part of which recording they speak with, and how loud the result is."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from standins.local_worker import Worker, tone, wav
from tests.worker.jobs.test_stream import spoken
from worker.audio.level import CEILING
from worker.audio.loudness import loudness
from worker.audio.truepeak import true_peak

SRT = "1\n00:00:00,000 --> 00:00:03,000\nOne is here.\n\n2\n00:00:03,500 --> 00:00:09,000\nTwo.\n"
FILM = np.concatenate([tone(3), np.zeros(12_000, np.float32), tone(6, hertz=220) * 0.3])


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("data")
    (folder / "voices").mkdir()
    (folder / "voices" / "film.wav").write_bytes(wav(FILM))
    (folder / "voices" / "film.srt").write_text(SRT)
    made = Worker(
        {
            "F5_MODEL": str(tiny_model),
            "F5_VOCODER": str(tiny_model / "vocos"),
            "STORAGE_MODE": "local",
            "LOCAL_STORAGE_DIR": str(folder),
        }
    )
    yield made
    made.close()


def sound(output: dict[str, Any]) -> tuple[np.ndarray, int]:
    return soundfile.read(output["audio_url"].removeprefix("file://"), dtype="float32")


CAST = {
    "Ann": {"voice": "film", "start": 0, "end": 3.1},
    "Ben": [
        {"voice": "film", "start": 3.4, "end": 9.2, "loudness": -20},
        {"audio_base64": base64.b64encode(wav()).decode(), "ref_text": "Sent along."},
    ],
}


def test_a_script_names_its_own_voices(worker: Worker) -> None:
    job = {"text": "[Ann] Hello there. [voice:ben] Good day to you.", "voices": CAST, "seed": 1}
    output = worker.speak("cast-1", **job)
    assert [segment["voice"] for segment in output["segments"]] == ["Ann", "Ben"]
    assert worker.speak("cast-2", **job)["sha256"] == output["sha256"]
    moved = {**CAST, "Ann": {"voice": "film", "start": 0.5, "end": 2.9, "ref_text": "One is."}}
    assert worker.speak("cast-3", **{**job, "voices": moved})["sha256"] != output["sha256"]
    segments = [{"text": "Hello there.", "voice": "Ann"}]
    assert worker.speak("cast-4", text=None, segments=segments, voices=CAST)["voice"] == "Ann"
    assert worker.speak("cast-5", voice="Ann", voices=CAST)["voice"] == "Ann"


def test_a_clip_that_cannot_be_had_fails_with_its_reason(worker: Worker) -> None:
    job = {"text": "Hi.", "voice": {"voice": "film", "start": 4, "end": 40}}
    assert "must have 1 to 12 s" in worker.run(job)["error"]
    job = {"text": "Hi.", "voice": {"voice": "film", "start": 4, "end": 14}}
    failed = worker.run(job)
    assert failed["error_code"] == "VOICE_UNUSABLE" and "`end` is 14" in failed["error"]
    job = {"text": "Hi.", "voice": {"voice": "film", "channel": 2}}
    assert "there is no channel 2" in worker.run(job)["error"]


@pytest.mark.parametrize("processing", ["full", "f5-tts"])
def test_a_script_of_several_voices_has_the_loudness_asked_for(
    worker: Worker, processing: str
) -> None:
    job = {
        "text": "[voice:Ann] Hello there, it is late. [voice:Ben] Good day to you.",
        "voices": CAST,
        "processing": processing,
        "markup": True,
        "seed": 1,
    }
    for fmt, target in (("wav", -18.0), ("mp3", -24.0)):
        samples, rate = sound(worker.speak(f"{processing}-{fmt}", loudness=target,
                                           output_format=fmt, **job))  # fmt: skip
        assert loudness(samples, rate) == pytest.approx(target, abs=0.5)
        assert true_peak(samples, rate) <= CEILING


def test_a_stream_comes_near_it_and_keeps_to_the_ceiling(worker: Worker) -> None:
    answer, pieces = spoken(worker, stream=True, loudness=-18.0, return_audio=True)
    played = [
        soundfile.read(BytesIO(base64.b64decode(piece["audio_base64"])), dtype="float32")
        for piece in pieces
    ]
    assert all(true_peak(samples, rate) <= CEILING for samples, rate in played)
    whole = np.concatenate([samples for samples, _ in played])
    assert loudness(whole, played[0][1]) == pytest.approx(-18, abs=1.5)
    assert loudness(*sound(answer)) == pytest.approx(-18, abs=0.5)


def test_without_the_field_nothing_is_changed(worker: Worker) -> None:
    plain = worker.speak("plain-1", voice="film", ref_text="One is here.", seed=4)
    named = worker.speak("plain-2", voice={"voice": "film", "ref_text": "One is here."}, seed=4)
    assert plain["sha256"] == named["sha256"]


@pytest.mark.parametrize(
    "words", [SRT, " ".join(SRT.split()), "WEBVTT\n\n00:01.000 --> 00:02.000\nHi.\n"]
)
def test_subtitles_are_not_taken_for_words(worker: Worker, words: str) -> None:
    failed = worker.run({"text": "Hi.", "voice": "film", "ref_text": words})
    assert failed["error_code"] == "INVALID_INPUT" and "NAME.srt" in failed["error"]
    inline = {"audio_base64": base64.b64encode(wav()).decode()}
    job = {"endpoint": "upload", "voice_name": "New", "voice": inline, "ref_text": words}
    assert worker.run(job)["error_code"] == "INVALID_INPUT"


def test_of_several_clips_the_answer_says_why_one_was_chosen(worker: Worker) -> None:
    long = np.concatenate([FILM, np.zeros(12_000, np.float32), tone(4)])
    lines = f"{SRT}\n3\n00:00:10,000 --> 00:00:14,000\nThree.\n"
    worker.app.storage.put("voices/long.wav", wav(long))
    worker.app.storage.put("voices/long.srt", lines.encode())
    inline = {"audio_base64": base64.b64encode(wav()).decode(), "ref_text": "Sent along."}
    clips = worker.speak("chosen", voice=[inline, "long"])["clips"]
    assert all(clip["reason"] for clip in clips.values()) and len(clips) == 1
