"""The report on a voice: what is measured, what is advised, what is refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from errors import TranscriptMissing, VoiceNotFound, VoiceUnusable
from tests.worker.audio.signals import as_file
from tests.worker.voices.library import BUNDLED, LibraryWithStore
from tests.worker.voices.test_choice import (
    CLEAN,
    RATE,
    SPEECH,
    WORDS,
    Sound,
    clipped,
    noisy,
    unsteady,
    with_music,
)
from worker.command.main import app
from worker.settings.groups import VoiceConfig
from worker.voices.report import VoiceReport, measured, to_report
from worker.voices.wish import USUAL, Wish

NOISE = np.random.default_rng(3).normal(0, 0.1, 6 * RATE)
HUM = 0.3 * np.sin(np.arange(6 * RATE) * 2 * np.pi * 100 / RATE)


def report(sound: Sound, rate: int = RATE, words: str = WORDS) -> VoiceReport:
    recording = to_report(as_file(sound, rate), words, VoiceConfig(), USUAL)
    return measured(recording, words)[0]


def test_a_good_voice_is_good_and_measured() -> None:
    found = report(SPEECH)
    assert (found.verdict, found.advice) == ("good", ())
    assert found.seconds == pytest.approx(len(SPEECH) / RATE)
    assert found.peak_db == pytest.approx(20 * np.log10(np.abs(SPEECH).max()), abs=0.01)
    assert found.words == len(WORDS.split())
    assert 10 < (found.letters_per_s or 0) < 20
    assert found.loudness_lufs == pytest.approx(-26, abs=1)
    json.dumps(found.as_output(), allow_nan=False)


def test_a_long_voice_is_judged_with_the_pauses_at_the_ends_of_its_part() -> None:
    """Its clip lacks them, and speech that does not pause would pass for noise."""
    noise = np.random.default_rng(5).normal(0, 0.05, int(2.4 * RATE))
    sentence = noise * (1 + 0.9 * np.sin(np.arange(len(noise)) * 2 * np.pi * 4 / RATE))
    spoken = np.tile(np.concatenate([sentence, np.zeros(RATE // 2)]), 6)
    found = report(spoken, words="")
    assert f"the background {found.background_db:.0f} dB below it" in found.reason
    assert (found.verdict, found.advice) == ("good", ())


@pytest.mark.parametrize(
    ("sound", "rate", "said"),
    [
        (noisy(SPEECH), RATE, "Noise or music is only 2"),
        (with_music(SPEECH), RATE, "music"),
        (clipped(SPEECH), RATE, "clipped"),
        (unsteady(SPEECH), RATE, "from second to second"),
        (SPEECH[::3], RATE // 3, "nothing above 4.0 kHz, as on a telephone"),
        (SPEECH * 0.15, RATE, "very quiet"),
        (SPEECH[: 2 * RATE], RATE, "s of sound are there"),
        (np.concatenate([SPEECH[:RATE], np.zeros(2 * RATE), SPEECH]), RATE, "pause of"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(sound: Sound, rate: int, said: str) -> None:
    found = report(sound, rate)
    assert found.verdict == "doubtful"
    assert any(said in text for text in found.advice), found.advice
    assert all(text.endswith(".") and ". " in text for text in found.advice)


@pytest.mark.parametrize(("words", "said"), [("Hi.", "too few"), (f"{WORDS} " * 3, "too many")])
def test_words_that_do_not_fit_are_said(words: str, said: str) -> None:
    assert said in report(SPEECH, words=words).advice[0]


def test_of_a_noisy_voice_the_noise_is_said_and_nothing_that_follows_from_it() -> None:
    """Speech that noise hides in part is neither too short for its words nor full of pauses."""
    hum = 0.03 * np.sin(2 * np.pi * 50 * np.arange(len(SPEECH)) / RATE)
    (said,) = report(SPEECH + hum, words=WORDS).advice
    assert "dB below the voice" in said


def test_without_words_the_sound_alone_is_judged() -> None:
    found = report(SPEECH, words="")
    assert (found.verdict, found.words, found.letters_per_s) == ("good", None, None)


def test_of_a_long_voice_the_part_that_is_used_is_measured() -> None:
    found = report(np.concatenate([noisy(CLEAN), noisy(CLEAN), CLEAN]), words="")
    assert found.verdict == "good"
    assert found.used[0] > 2 * len(CLEAN) / RATE - 0.3
    assert "whole sentences" in found.reason


@pytest.fixture
def voices(tmp_path: Path) -> LibraryWithStore:
    return LibraryWithStore(tmp_path)


@pytest.mark.parametrize("sound", [NOISE, HUM], ids=["noise", "hum"])
def test_an_upload_without_speech_is_refused_with_the_report(
    voices: LibraryWithStore, sound: Sound
) -> None:
    with pytest.raises(VoiceUnusable, match="no speech") as caught:
        voices.library.catalogue.add("A", as_file(sound, RATE), "Hi there.")
    output = caught.value.as_output()
    assert output["report"]["verdict"] == "unusable"  # type: ignore[index]
    assert not list(voices.store.list(""))


def test_so_is_silence(voices: LibraryWithStore) -> None:
    with pytest.raises(VoiceUnusable, match="silent") as caught:
        voices.library.catalogue.add("A", as_file(np.zeros(2 * RATE), RATE), "Hi there.")
    report = VoiceUnusable.as_output(caught.value)["report"]
    assert isinstance(report, dict)
    assert (report["verdict"], report["seconds"], report["loudness_lufs"]) == ("unusable", 2, None)


def test_a_doubtful_upload_is_taken_or_with_strict_refused(voices: LibraryWithStore) -> None:
    data = as_file(noisy(SPEECH), RATE)
    with pytest.raises(VoiceUnusable, match="doubtful: Noise or music"):
        voices.library.catalogue.add("A", data, WORDS, strict=True)
    assert not list(voices.store.list(""))
    added = voices.library.catalogue.add("A", data, WORDS)
    assert added.report is not None
    assert added.report.verdict == "doubtful"
    assert voices.library.catalogue.add("B", as_file(SPEECH, RATE), WORDS, strict=True).report


def test_a_voice_is_checked_wherever_it_is(voices: LibraryWithStore) -> None:
    catalogue = voices.library.catalogue
    voices.put("voices/A.wav", as_file(noisy(SPEECH), RATE))
    voices.put("voices/A.txt", WORDS)
    assert catalogue.check("A").words == len(WORDS.split())
    assert catalogue.check("A", "Other words, given now, for this.").words == 6
    assert catalogue.check("demo").verdict == "good"
    inline = {"audio_base64": base64.b64encode(as_file(SPEECH, RATE)).decode()}
    assert catalogue.check(inline).words is None
    with pytest.raises(VoiceNotFound):
        catalogue.check("B")


def test_it_is_checked_as_jobs_will_have_it_prepared(voices: LibraryWithStore) -> None:
    data = as_file(np.stack([SPEECH, -SPEECH], axis=1), RATE)
    plain = Wish(best=False, mend=False)
    voices.put("voices/A.wav", data)
    voices.put("voices/A.txt", WORDS)
    assert "cancel" in voices.library.catalogue.check("A").warnings[0]
    for refused in (voices.library.catalogue.check, voices.library.prepare):
        with pytest.raises(VoiceUnusable, match="cancel each other"):
            refused("A", wish=plain)
    with pytest.raises(VoiceUnusable, match="cancel each other"):
        voices.library.catalogue.add("B", data, WORDS, wish=plain)


def test_what_was_mended_is_said_by_an_upload_and_a_check(voices: LibraryWithStore) -> None:
    data = as_file(SPEECH + 0.1, RATE)
    added = voices.library.catalogue.add("A", data, WORDS).report
    assert added is not None
    for report in (added, voices.library.catalogue.check("A")):
        assert any("DC offset" in text for text in (*report.warnings, *report.advice))
        assert any("DC offset" in text for text in report.as_output()["warnings"])
        assert any("DC offset" in detail for _, _, detail in report.as_rows())


def test_a_file_cut_off_is_checked_where_its_words_have_times(voices: LibraryWithStore) -> None:
    data = as_file(SPEECH, RATE)
    end = 0.6 * len(SPEECH) / RATE
    voices.put("voices/A.wav", data[: round(len(data) * 0.7)])
    with pytest.raises(VoiceUnusable, match="cut off"):
        voices.library.catalogue.check("A")
    times = f"WEBVTT\n\n00:00.000 --> 00:0{end:.3f}\n{WORDS}\n\n"
    voices.put("voices/A.vtt", f"{times}00:0{end:.3f} --> 00:0{end / 0.6:.3f}\nMore.\n")
    report = voices.library.catalogue.check("A")
    assert report.words == len(WORDS.split())
    assert any("cut off" in text for text in report.warnings)


def shell(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["voices", "check", *arguments])
    return result.exit_code, result.output


def test_a_file_is_checked_from_a_shell(tmp_path: Path) -> None:
    code, text = shell(str(BUNDLED / "demo.flac"))
    assert code == 0
    assert "below the voice" in text
    path = tmp_path / "me.wav"
    path.write_bytes(as_file(noisy(SPEECH), RATE))
    code, text = shell(str(path), "--json")
    assert (code, json.loads(text)["verdict"]) == (0, "doubtful")
    rows = {tuple(line.split()[:2]) for line in shell(str(path))[1].splitlines()}
    assert {("warning", "background"), ("ok", "length"), ("unknown", "words")} <= rows
    assert shell(str(path), "--strict")[0] == 1
    path.write_bytes(as_file(NOISE, RATE))
    code, text = shell(str(path), "--json")
    assert (code, json.loads(text)["error_code"]) == (1, "VOICE_UNUSABLE")
    code, text = shell(str(BUNDLED / "demo.flac"), "--picture", str(tmp_path / "me.png"))
    assert code == 0
    assert (tmp_path / "me.png").read_bytes().startswith(b"\x89PNG")


def test_a_transcript_is_held_against_the_recording_and_its_warnings_are_said(
    voices: LibraryWithStore,
) -> None:
    voices.put("voices/A.wav", as_file(SPEECH, RATE))
    voices.put("voices/A.srt", "1\n01:00:15,000 --> 01:00:19,000\nLate.\n")
    with pytest.raises(TranscriptMissing, match="3615"):
        voices.library.catalogue.check("A")
    voices.put("voices/A.txt", "1\n00:00:00,000 --> 00:00:05,900\n" + WORDS)
    found = voices.library.catalogue.check("A")
    assert any("holds SRT" in text for text in found.warnings)
    assert found.words == len(WORDS.split())
    assert found.as_output()["warnings"] == list(found.warnings)
    assert any(name == "read" for _, name, _ in found.as_rows())
