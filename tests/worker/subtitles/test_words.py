"""Word times: spoken lengths under written words, and the pauses that are heard."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.chunk import SaidWord
from worker.audio.joins import NaturalJoins, Piece, join_all, spans
from worker.subtitles.anchors import Mark, anchor, sounds
from worker.subtitles.words import Word, estimate_words, said_words, sentences

RATE = 8000


@dataclass(frozen=True)
class Spoken:
    """A segment that knows what was written for what it says."""

    words: tuple[SaidWord, ...]
    start: float
    end: float

    @property
    def text(self) -> str:
        return " ".join(word.spoken for word in self.words)


def sound(*stretches: tuple[float, float], seconds: float) -> NDArray[np.float32]:
    samples = np.zeros(round(seconds * RATE), dtype=np.float32)
    for start, end in stretches:
        at = slice(round(start * RATE), round(end * RATE))
        samples[at] = 0.3 * np.sin(np.arange(at.stop - at.start) * 0.3)
    return samples


SAID = (
    SaidWord("Dr.", "doctor"),
    SaidWord("Ray", "Ray"),
    SaidWord("paid", "paid"),
    SaidWord("$1,250.", "one thousand two hundred and fifty dollars."),
)


def test_written_words_are_shown_with_the_times_of_what_is_spoken() -> None:
    words = estimate_words([Spoken(SAID, 0, 4)])
    assert [word.text for word in words] == ["Dr.", "Ray", "paid", "$1,250."]
    lengths = [word.end - word.start for word in words]
    assert lengths[3] > 5 * lengths[2]  # seven words
    assert lengths[0] > lengths[1]  # "doctor" beside "Ray"
    assert words[0].end == words[1].start  # no pause after "doctor"


def test_a_sentence_ends_where_it_is_spoken_to_end() -> None:
    found = sentences(estimate_words([Spoken(SAID, 0, 4)]))
    assert [sentence.text for sentence in found] == ["Dr. Ray paid $1,250."]


def test_without_words_the_text_is_split() -> None:
    for segment in (Word("one two", 0, 1), Spoken((), 0, 1)):
        assert [word.written for word in said_words(segment)] == segment.text.split()


def test_what_is_said_without_being_written_goes_to_the_word_before() -> None:
    words = (
        SaidWord("", "well"),
        SaidWord("yes", "yes"),
        SaidWord(" ", "indeed,"),
        SaidWord("no", "no"),
    )
    assert said_words(Spoken(words, 0, 1)) == [("yes", "well yes indeed,"), ("no", "no")]
    assert said_words(Spoken((SaidWord("", "well"),), 0, 1)) == [("", "well")]


def test_the_last_word_of_a_clause_is_longer_and_that_of_a_sentence_longer_still() -> None:
    words = estimate_words([Word("door door, door door. door door", 0, 6)])
    inside, clause, _, sentence, _, last = (word.end - word.start for word in words)
    assert inside < clause < sentence == pytest.approx(last)


def test_words_lie_where_the_pauses_are_heard() -> None:
    """Whatever the letters say, a full stop lies at the pause."""
    samples = sound((0.1, 2.0), (2.4, 2.9), seconds=3)
    words = estimate_words([Word("He said. Considerable", 0, 3)], samples, RATE)
    assert words[0].start == pytest.approx(0.1, abs=0.02)
    assert words[1].end == pytest.approx(2.0, abs=0.02)
    assert words[2].start == pytest.approx(2.4, abs=0.02)
    assert words[2].end == pytest.approx(2.9, abs=0.02)


def test_the_closing_of_the_lips_is_no_pause_between_words() -> None:
    """0.08 s of silence in the middle of a long word, and a comma where the sound goes on."""
    samples = sound((0, 0.4), (0.48, 0.9), seconds=0.9)
    words = estimate_words([Word("Unbelievable", 0, 0.9)], samples, RATE)
    assert (words[0].start, words[0].end) == pytest.approx((0, 0.9), abs=0.02)
    heard = sounds(samples, RATE, 0, 0.9)
    assert len(heard) == 2
    assert len(anchor([12, 1.5], [Mark.NONE, Mark.SENTENCE], heard)) == 1


def test_a_sentence_begins_and_ends_with_its_sound() -> None:
    """Its times are exact as far as the pauses tell."""
    samples = sound((0.2, 1.2), (1.5, 2.7), (3.0, 4.0), seconds=4.2)
    text = "It is late now. We have to go home. Are you coming?"
    found = sentences(estimate_words([Word(text, 0, 4.2)], samples, RATE))
    assert [(s.start, s.end) for s in found] == [
        pytest.approx(span, abs=0.02) for span in [(0.2, 1.2), (1.5, 2.7), (3.0, 4.0)]
    ]


@pytest.mark.parametrize("noise_db", [-33, -45, -60])
def test_the_background_of_a_recorded_voice_is_a_pause(noise_db: float) -> None:
    """Hiss in dB below the words; a click of 10 ms in it is no word."""
    samples = sound((0.3, 1.2), (1.8, 2.7), seconds=3)
    rng = np.random.default_rng(3)
    samples += (rng.standard_normal(len(samples)) * 0.21 * 10 ** (noise_db / 20)).astype("f4")
    samples[round(1.5 * RATE) : round(1.51 * RATE)] += 0.05
    words = estimate_words([Word("Hello there. Goodbye now.", 0, 3)], samples, RATE)
    sounds_at = (words[0].start, words[1].end, words[2].start, words[3].end)
    assert sounds_at == pytest.approx((0.3, 1.2, 1.8, 2.7), abs=0.03)


@pytest.mark.parametrize("edge_s", [0.0, 0.03, 0.4, 1.5])
@pytest.mark.parametrize("pause_s", [0.0, 0.25, 2.0])
def test_words_of_joined_chunks_lie_where_the_chunks_are_heard(
    edge_s: float, pause_s: float
) -> None:
    """Also where a chunk's silence was faded over, cut off, or made longer."""
    speech = sound((edge_s, edge_s + 1), seconds=1 + 2 * edge_s)
    joined, placed = join_all(NaturalJoins(RATE), [Piece(speech, pause_s) for _ in range(3)])
    segments = [Word("one two three.", a / RATE, b / RATE) for a, b in spans(placed)]
    words = estimate_words(segments, joined, RATE)
    heard = sounds(joined, RATE, 0, len(joined) / RATE)
    found = sentences(words)
    if pause_s or edge_s > 0.1:
        assert len(heard) == 3
        for sentence, (start, end) in zip(found, heard, strict=True):
            assert (sentence.start, sentence.end) == pytest.approx((start, end), abs=0.03)
    else:
        assert all(
            sentence.end - sentence.start == pytest.approx(1, abs=0.06) for sentence in found
        )


SPANS = st.lists(st.floats(0.05, 2), min_size=1, max_size=8)


@given(
    weights=st.lists(st.floats(0.5, 30), min_size=1, max_size=12),
    marks=st.lists(st.sampled_from(Mark), min_size=12, max_size=12),
    lengths=SPANS,
    pauses=st.lists(st.floats(0.07, 1), min_size=8, max_size=8),
)
@example([7.0, 1.0], [Mark.NONE] * 12, [1.0, 1.0, 2.0, 2.0, 2.0], [1.0] * 8)  # none begins near
def test_every_word_gets_a_stretch_and_no_stretch_is_lost(
    weights: list[float], marks: list[Mark], lengths: list[float], pauses: list[float]
) -> None:
    at, heard = 0.0, []
    for length, pause in zip(lengths, pauses, strict=False):
        heard.append((at, at + length))
        at += length + pause
    found = anchor(weights, marks[: len(weights)], heard)
    assert (found[0].first, found[-1].last) == (0, len(weights))
    assert (found[0].start, found[-1].end) == (heard[0][0], heard[-1][1])
    assert all(stretch.first < stretch.last for stretch in found)
    for left, right in pairwise(found):
        assert left.last == right.first
        assert left.end <= right.start


@given(
    words=st.lists(st.sampled_from(["a", "bigger,", "end.", "$5", "—", "你"]), max_size=20),
    stretches=SPANS,
    edges=st.tuples(st.floats(0, 3), st.floats(0, 3)),
)
def test_times_rise_whatever_is_heard(
    words: list[str], stretches: list[float], edges: tuple[float, float]
) -> None:
    at, heard = 0.0, []
    for length in stretches:
        heard.append((at, at + length))
        at += length + 0.2
    samples = sound(*heard, seconds=at)
    start, end = min(edges), max(edges)
    found = estimate_words([Word(" ".join(words), start, end)], samples, RATE)
    times = [time for word in found for time in (word.start, word.end)]
    assert times == sorted(times)
    assert all(start <= time <= end for time in times)


def test_many_pauses_take_no_time() -> None:
    """A chunk of 30 s that is all pauses: the longest count."""
    rng = np.random.default_rng(1)
    starts = np.cumsum(rng.uniform(0.15, 0.25, 150))
    samples = sound(*((s, s + 0.06) for s in starts), seconds=float(starts[-1]) + 1)
    words = " ".join(["word"] * 120)
    found = estimate_words([Word(words, 0, len(samples) / RATE)], samples, RATE)
    assert len(found) == 120
    assert len(sounds(samples, RATE, 0, len(samples) / RATE)) <= 31


@pytest.mark.parametrize("span", [(0.0, 0.0), (0.5, 0.5), (5.0, 6.0), (0.0, 0.004)])
def test_a_segment_without_samples_keeps_its_span(span: tuple[float, float]) -> None:
    samples = sound((0, 1), seconds=1)
    assert sounds(samples, RATE, *span) == [span]
    assert all(
        span[0] <= w.start <= w.end <= span[1]
        for w in estimate_words([Word("a b", *span)], samples, RATE)
    )
