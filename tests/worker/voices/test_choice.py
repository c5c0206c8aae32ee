"""The best clip of a long recording: found by its sound, and the same every time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.worker.audio.signals import as_file
from tests.worker.voices.library import BUNDLED, LibraryWithStore
from worker.audio.decode import decode
from worker.audio.traits import Traits, measure
from worker.subtitles.cues import Cue
from worker.voices.choice import best_clip, traits_of
from worker.voices.fitted import fitted
from worker.voices.wish import Wish

Sound = NDArray[np.float64]
SPEECH, RATE = soundfile.read(BUNDLED / "demo.flac")
CLEAN = np.concatenate([np.zeros(RATE // 2), SPEECH, np.zeros(RATE // 2)])  # three sentences
SECONDS = len(CLEAN) / RATE
WORDS = " ".join((BUNDLED / "demo.txt").read_text().split())


def noisy(sound: Sound) -> Sound:
    return sound + np.random.default_rng(1).normal(0, sound.std() / 10, len(sound))


def with_music(sound: Sound) -> Sound:
    t = np.arange(len(sound)) / RATE
    return sound + 0.02 * sum(np.sin(2 * np.pi * f * t) for f in (220, 277, 330, 440, 554, 880))


def clipped(sound: Sound) -> Sound:
    most = np.abs(sound).max()
    return np.clip(sound * 6, -most, most)


def unsteady(sound: Sound) -> Sound:
    gains = np.repeat([1.0, 0.1, 0.4, 0.05, 0.8, 0.1, 0.3, 1.0], RATE)
    return sound * gains[: len(sound)]


def with_pauses(sound: Sound) -> Sound:
    pieces = np.split(sound, range(RATE, len(sound), RATE))
    return np.concatenate([part for piece in pieces for part in (piece, np.zeros(RATE))])


def traits(sound: Sound) -> Traits:
    samples = sound.astype(np.float32)
    return measure([samples], RATE, float(np.abs(samples).max(initial=0.0)))


@pytest.mark.parametrize("spoil", [noisy, with_music, clipped, unsteady, with_pauses])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_clean_part_is_taken(spoil: Callable[[Sound], Sound], place: int) -> None:
    parts = [spoil(CLEAN)] * 2
    start = sum(len(part) for part in parts[:place]) / RATE
    parts.insert(place, CLEAN)
    choice = best_clip(traits(np.concatenate(parts)))
    assert choice is not None
    assert start - 0.2 < choice.start < choice.end < start + SECONDS + 0.2
    assert choice.doubts == ()


def test_music_and_noise_alone_are_no_speech() -> None:
    alone = 10 * with_music(np.zeros(20 * RATE))
    for sound in (alone / np.abs(alone).max(), noisy(np.sin(np.arange(20 * RATE)))):
        choice = best_clip(traits(np.concatenate([sound, CLEAN, sound])))
        assert choice is None or 20 - 0.2 < choice.start < 20 + SECONDS


def test_where_no_part_is_clean_the_best_is_said_to_be_doubtful() -> None:
    loud = CLEAN + np.random.default_rng(2).normal(0, 0.02, len(CLEAN))
    choice = best_clip(traits(np.concatenate([loud] * 4)))
    assert choice is not None
    assert "noise or music is only" in choice.doubts[0]


def test_it_begins_and_ends_with_sentences_where_the_words_are_known() -> None:
    sound = np.concatenate([CLEAN] * 4)
    half = SECONDS / 2
    texts = ["this goes on", "to here.", "A whole sentence follows,", "that ends here.", "And then"]
    cues = [Cue(i * half, (i + 1) * half - 0.3, text) for i, text in enumerate(texts)]
    choice = best_clip(traits(sound), cues)
    assert choice is not None
    assert choice.words == "A whole sentence follows, that ends here."
    assert "whole sentences" in choice.reason


def test_words_that_do_not_fit_their_sound_are_not_taken() -> None:
    sound = np.concatenate([CLEAN] * 3)
    texts = ["Hi.", WORDS, f"{WORDS} {WORDS}"]
    cues = [Cue(i * SECONDS, (i + 1) * SECONDS - 0.4, text) for i, text in enumerate(texts)]
    choice = best_clip(traits(sound), cues)
    assert choice is not None
    assert choice.words == WORDS


def test_speech_that_no_cue_has_is_not_taken() -> None:
    sound = np.concatenate([CLEAN] * 2)
    half = SECONDS / 2
    cues = [
        Cue(0.0, half - 1.5, "The first words."),
        Cue(half + 1.5, SECONDS - 0.4, "The last words, and more."),
        Cue(SECONDS, 2 * SECONDS - 0.4, WORDS),
    ]
    choice = best_clip(traits(sound), cues)
    assert choice is not None
    assert choice.words == WORDS


def test_traits_do_not_depend_on_how_the_sound_comes_in() -> None:
    samples = CLEAN.astype(np.float32)
    whole = measure([samples], RATE, 1.0)
    pieces = measure((samples[i : i + 777] for i in range(0, len(samples), 777)), RATE, 1.0)
    np.testing.assert_allclose(pieces.level_db, whole.level_db, rtol=1e-5)
    np.testing.assert_allclose(pieces.held, whole.held, atol=1e-4)
    np.testing.assert_allclose(pieces.power, whole.power, rtol=1e-4)


@pytest.mark.parametrize("samples", [0, 1, 100, 1000])
def test_a_very_short_sound_has_no_best_clip(samples: int) -> None:
    assert best_clip(traits(CLEAN[:samples] if samples else np.zeros(0))) is None


@pytest.mark.parametrize("rate", [4000, 8000, 44100, 192_000])
def test_any_rate_and_the_file_itself(rate: int) -> None:
    sound = np.repeat(CLEAN[:: max(1, RATE // rate)], max(1, rate // RATE))
    data = as_file(np.concatenate([sound] * 3), rate)
    choice = best_clip(traits_of(decode(data, max_seconds=600, max_bytes=1 << 30)))
    assert choice is None or 5 <= choice.end - choice.start <= 11


def test_a_job_speaks_with_the_best_part_and_its_words(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path)
    spoiled = noisy(CLEAN)
    voices.put("voices/A.wav", as_file(np.concatenate([spoiled, spoiled, CLEAN, spoiled]), RATE))
    lines = ["First, as noisy as it gets.", "Second, no better than that."]
    cues = [*(f"{line} {line}" for line in lines), WORDS, "Last one, not to be taken, as noisy."]
    rows = (f'{i * SECONDS},{(i + 1) * SECONDS - 0.4},"{text}"' for i, text in enumerate(cues))
    voices.put("voices/A.csv", "\n".join(["Start (s),End (s),Segment", *rows]))
    found = voices.library.prepare("A")
    assert found.ref_text.strip() == WORDS
    assert found.warnings == ()
    assert "whole sentences" in found.clip_reason
    first = voices.library.prepare("A", wish=Wish(best=False))
    assert first.ref_text.startswith("First")
    assert first.clip_reason.startswith("The first ")
    assert first.clip_span is not None and first.clip_span[0] < 1
    assert voices.library.prepare("A") is found


@pytest.mark.parametrize(
    ("late_s", "noise", "told"),
    [(0.0, 0.0, False), (1.1, 0.0, True), (0.0, 0.1, False)],  # in noise no pause can be missed
)
def test_times_that_cut_into_speech_are_doubted(
    tmp_path: Path, late_s: float, noise: float, told: bool
) -> None:
    voices = LibraryWithStore(tmp_path)
    sound = np.concatenate([CLEAN, CLEAN])
    sound = sound + noise * np.random.default_rng(0).standard_normal(len(sound))
    voices.put("voices/A.wav", as_file(sound.astype(np.float32), RATE))
    times = [(i * SECONDS + late_s, (i + 1) * SECONDS + late_s - 0.3) for i in (0, 1)]
    rows = [f'{start},{end},"{WORDS}"' for start, end in times]
    voices.put("voices/A.csv", "\n".join(["Start (s),End (s),Segment", *rows]))
    said = " ".join(voices.library.prepare("A").warnings)
    assert ("somebody speaks at an end of that: its times may be wrong" in said) is told


def test_words_without_times_are_cut_by_sentences_and_pauses(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path)
    spoiled = clipped(CLEAN)
    voices.put("voices/A.wav", as_file(np.concatenate([spoiled, spoiled, CLEAN, spoiled]), RATE))
    parts = [WORDS.replace("Good", word) for word in ("Fine", "Nice", "Good", "Same")]
    for words in (" ".join(parts), ""):
        if not words:
            voices.put("voices/A.txt", " ".join(parts))
            voices.library.shelf.changed()
        found = voices.library.prepare("A", words)
        assert found.ref_text.strip() == WORDS
        assert len(found.warnings) == 1
        assert (
            WORDS[:60] in found.warnings[0] and "give a reference under 12 s" in found.warnings[0]
        )
    first = voices.library.prepare("A", wish=Wish(best=False))
    assert "is a guess" in first.warnings[0]


@pytest.mark.parametrize("lost", [0, 3, 7])
def test_words_that_cannot_be_cut_surely_are_not(lost: int) -> None:
    said = [f"{each.strip()}." for each in WORDS.split(".") if each.strip()] * 3
    assert len(fitted(" ".join(said), traits(np.concatenate([CLEAN] * 3)))) == len(said)
    del said[lost]
    assert fitted(" ".join(said), traits(np.concatenate([CLEAN] * 3))) == ()
