"""A reference of a job's own choice: a clip, a channel, a loudness, several clips joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from errors import TranscriptMissing, VoiceUnusable
from tests.worker.audio.signals import as_file, bursts
from tests.worker.voices.library import LONG, RATE, LibraryWithStore, voice
from worker.audio.loudness import loudness
from worker.voices.asked import Asked, Excerpt
from worker.voices.wish import Wish

SRT = (
    "1\n00:00:00,000 --> 00:00:04,200\nOne.\n\n2\n00:00:04,400 --> 00:00:09,000\nTwo.\n\n"
    "3\n00:00:09,300 --> 00:00:14,300\nThree.\n\n4\n00:00:14,700 --> 00:00:20,700\nFour.\n"
)


@pytest.fixture
def voices(tmp_path: Path) -> LibraryWithStore:
    made = LibraryWithStore(tmp_path)
    made.put("voices/A.wav", voice(LONG))
    made.put("voices/A.srt", SRT)
    return made


def test_a_clip_has_the_words_of_its_time(voices: LibraryWithStore) -> None:
    found = voices.library.prepare("A", wish=Wish(part=Excerpt(4.3, 9.1)))
    assert found.ref_text == "Two. "
    assert found.seconds == pytest.approx(4.6, abs=0.2)
    assert found.warnings == ()
    other = voices.library.prepare("A", wish=Wish(part=Excerpt(9.2, 14.4)))
    assert other.ref_text == "Three. " and other.content_hash != found.content_hash
    assert voices.library.prepare("A", wish=Wish(part=Excerpt(4.3, 9.1))) is found


def test_words_given_beside_a_clip_are_its_words(voices: LibraryWithStore) -> None:
    found = voices.library.prepare("A", "Just these.", wish=Wish(part=Excerpt(5, 8.5)))
    assert (found.ref_text, found.warnings) == ("Just these. ", ())
    assert found.seconds == pytest.approx(3.55, abs=0.05)
    sound = found.samples[: -round(0.05 * RATE)]
    assert abs(sound[0]) < 1e-3 and abs(sound[-1]) < 1e-3  # no click where it is cut


def test_a_clip_through_a_line_is_narrowed_or_refused(voices: LibraryWithStore) -> None:
    found = voices.library.prepare("A", wish=Wish(part=Excerpt(3, 9.2)))
    assert found.ref_text == "Two. "
    assert "narrowed from 3 to 9.2 s to 4.30 to 9.15 s" in found.warnings[0]
    with pytest.raises(TranscriptMissing, match=r"cuts through what .* 4\.40 to 9\.00 s") as caught:
        voices.library.prepare("A", wish=Wish(part=Excerpt(5, 8)))
    assert "`ref_text`" in caught.value.hint


def test_a_clip_needs_words_with_times(voices: LibraryWithStore) -> None:
    voices.put("voices/B.wav", voice(LONG))
    voices.put("voices/B.txt", "One. Two.")
    with pytest.raises(TranscriptMissing, match=r"B\.txt has no times"):
        voices.library.prepare("B", wish=Wish(part=Excerpt(5, 8)))
    voices.put("voices/S.wav", voice())
    voices.put("voices/S.txt", "All of it.")
    assert voices.library.prepare("S", wish=Wish(part=Excerpt(0, 3.4))).ref_text == "All of it. "


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Excerpt(15, 25), r"lasts 20\.\d+ s; the clip's `end` is 25"),
        (Excerpt(21.5), "the clip's `start` is 21.5"),
        (Excerpt(5), r"from 5 to 20\.\d+ s has 1\d\.\d+ s; it must have 1 to 12 s"),
        (Excerpt(20.5), "must have 1 to 12 s"),
        (Excerpt(1, 5, channel=2), "has 1 channel; there is no channel 2"),
    ],
)
def test_what_the_recording_has_not_is_named(
    voices: LibraryWithStore, part: Excerpt, said: str
) -> None:
    with pytest.raises(VoiceUnusable, match=said) as caught:
        voices.library.prepare("A", "Hi.", wish=Wish(part=part))
    assert caught.value.hint


def test_a_channel_is_taken_alone(voices: LibraryWithStore) -> None:
    left, right = bursts([(3.0, 0.4)], RATE, seed=1), bursts([(3.0, 0.4)], RATE, seed=2)
    stereo = np.concatenate([left, right], axis=1).astype(np.float32)
    voices.put("voices/St.wav", as_file(stereo, RATE))
    voices.put("voices/R.wav", as_file(right.astype(np.float32), RATE))
    taken = voices.library.prepare("St", "Hi.", wish=Wish(part=Excerpt(channel=2)))
    assert taken.content_hash == voices.library.prepare("R", "Hi.").content_hash
    assert taken.content_hash != voices.library.prepare("St", "Hi.").content_hash


def test_a_reference_has_the_loudness_asked_for(voices: LibraryWithStore) -> None:
    found = voices.library.prepare("A", wish=Wish(part=Excerpt(4.3, 9.1, loudness=-26)))
    assert loudness(found.samples, RATE) == pytest.approx(-26, abs=0.5)
    assert found.rms == pytest.approx(np.sqrt(np.mean(found.samples**2)), rel=1e-3)


def test_clips_are_joined_with_their_words(voices: LibraryWithStore) -> None:
    clips = [Asked("A", None, Excerpt(0, 4.1)), Asked("A", "Own words", Excerpt(10, 14))]
    found = voices.library.prepare_all(clips)
    assert found.ref_text == "One. Own words. "
    assert found.seconds == pytest.approx(4.05 + 0.2 + 4.05, abs=0.2)
    assert found.seconds == pytest.approx(len(found.samples) / RATE)
    assert found.warnings == ()
    steps = np.abs(np.diff(found.samples)).max()
    alone = max(np.abs(np.diff(voices.library.prepare_all([c]).samples)).max() for c in clips)
    assert steps <= alone
    assert found.content_hash == voices.library.prepare_all(clips).content_hash
    assert voices.library.prepare_all(clips[::-1]).content_hash != found.content_hash


def test_what_does_not_fit_or_is_off_in_level_is_named(voices: LibraryWithStore) -> None:
    voices.put("voices/L.wav", as_file(bursts([(5.0, 0.05)], RATE), RATE))
    clips = [
        Asked("A", None, Excerpt(4.3, 9.1)),
        Asked("L", "Soft."),
        Asked("A", "X", Excerpt(10, 14)),
    ]
    found = voices.library.prepare_all(clips)
    assert found.ref_text == "Two. Soft. "
    left_out, moved = found.warnings
    assert "clip 3 was not used: all would be over 12 s" in left_out
    assert "brought to the level of the first: 2 by +" in moved


def test_a_clip_whose_level_is_asked_for_keeps_it(voices: LibraryWithStore) -> None:
    clips = [
        Asked("A", None, Excerpt(0, 4.1, loudness=-16)),
        Asked("A", "X", Excerpt(10, 14, loudness=-30)),
    ]
    found = voices.library.prepare_all(clips)
    assert found.warnings == ()
    last = voices.library.prepare_all(clips[1:])
    assert loudness(found.samples[-2 * RATE :], RATE) == pytest.approx(
        loudness(last.samples[-2 * RATE :], RATE), abs=0.1
    )


def test_a_clip_given_twice_is_named(voices: LibraryWithStore) -> None:
    first, other = Asked("A", None, Excerpt(0, 4.1)), Asked("A", "Own words", Excerpt(10, 13))
    found = voices.library.prepare_all([first, other, first])
    (said,) = found.warnings
    assert "clip 3 is the same sound as clip 1" in said


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (
            np.random.default_rng(1).normal(0, 0.1, 4 * RATE),
            "noise, a hum or a tone, and no speech",
        ),
        (
            sum(
                np.sin(2 * np.pi * f * np.arange(6 * RATE) / RATE)
                * (1.1 + np.sin(2 * np.pi * 0.4 * np.arange(6 * RATE) / RATE))
                / 20
                for f in (220, 277, 330, 440, 554, 880)
            ),
            "sounds like music",
        ),
    ],
)
def test_a_job_is_told_that_its_voice_is_no_speech(
    voices: LibraryWithStore, sound: np.ndarray, said: str
) -> None:
    voices.put("voices/N.wav", as_file(sound, RATE))
    (warning,) = voices.library.prepare("N", "Some words.").warnings
    assert said in warning and ". Give " in warning
    assert voices.library.prepare("N", "Some words.", wish=Wish(check=False)).warnings == ()
