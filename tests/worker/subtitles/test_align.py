"""Word times from an aligner: from any, and from pocketsphinx where it is installed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.typing import NDArray

from errors import ConfigError
from standins import spoken
from worker.subtitles import align
from worker.subtitles.align import Method, aligner, time_words
from worker.subtitles.anchors import Span
from worker.subtitles.spelling import sounds_of, tokens
from worker.subtitles.words import Word, estimate_words
from worker.subtitles.write import render

RATE = 24000
SECOND = np.sin(np.arange(4 * RATE) * 0.05).astype(np.float32)
installed = pytest.mark.skipif(
    find_spec("pocketsphinx") is None,
    reason="pocketsphinx is an optional part: requirements/align.txt",
)


class Even:
    """An aligner for German that gives each word the same time, or as told."""

    name = "even"
    languages = frozenset({"de"})

    def __init__(self, times: list[Span] | None = None, *, finds: bool = True) -> None:
        self.times, self.finds = times, finds
        self.asked: list[list[str]] = []

    def align(
        self, samples: NDArray[np.floating], rate: int, words: Sequence[str], language: str
    ) -> list[Span] | None:
        self.asked.append(list(words))
        if not self.finds or self.times:
            return self.times
        each = len(samples) / rate / len(words)
        return [(i * each, (i + 1) * each) for i in range(len(words))]


def test_without_an_aligner_all_is_estimated_and_nothing_warned_of() -> None:
    segments = [Word("one two", 0, 2), Word("three", 2, 4)]
    found = time_words(segments, SECOND, RATE)
    assert found.words == estimate_words(segments, SECOND, RATE)
    assert found.methods == [Method.ESTIMATED] * 2
    assert not found.warnings


def test_each_segment_says_which_way_was_taken() -> None:
    segments = [Word("eins unermesslich", 0, 2), Word("three", 2, 3), Word("vier", 3, 4)]
    found = time_words(segments, SECOND, RATE, Even(), ["de-AT", "en", "de"])
    assert found.methods == ["aligned", "estimated", "aligned"]
    assert [(word.text, word.aligned) for word in found.words] == [
        ("eins", True),
        ("unermesslich", True),
        ("three", False),
        ("vier", True),
    ]
    assert (found.words[1].start, found.words[3].start) == (1, 3)
    assert found.warnings == [
        "Word times of segment 1 are estimated: even only knows the language de; name the text's "
        "`language` where it is that one."
    ]


@pytest.mark.parametrize("wrong", [Even(finds=False), Even([(0.0, 1.0)]), Even([])])
def test_what_an_aligner_does_not_find_is_estimated_with_a_warning(wrong: Even) -> None:
    segments = [Word("eins zwei", 0, 2), Word("drei vier", 2, 4)]
    if wrong.times == []:
        wrong.finds = False
    found = time_words(segments, SECOND, RATE, wrong, ["de", "de"])
    assert found.words == estimate_words(segments, SECOND, RATE)
    assert "segments 0, 1 are estimated: even did not find the words" in found.warnings[0]


def test_a_long_list_of_segments_is_cut() -> None:
    segments = [Word("x", i / 5, (i + 1) / 5) for i in range(20)]
    warning = time_words(segments, SECOND, RATE, Even()).warnings[0]
    assert "segments 0, 1, 2, 3, 4 and 15 more" in warning


def test_aligned_times_stay_in_their_segment_and_rise() -> None:
    wild = Even([(-3.0, 0.5), (0.2, 90.0), (0.1, 0.2)])
    found = time_words(
        [Word("eins zwei drei", 1, 3), Word("", 3, 4)], SECOND, RATE, wild, ["de"] * 2
    )
    times = [time for word in found.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (1, 3)
    assert not found.warnings  # a segment without words has none to be found


def test_files_say_which_way_was_taken() -> None:
    segments = [Word("eins", 0, 2), Word("two", 2, 4)]
    for languages, expected in [(["de", "de"], "aligned"), (["de"], "mixed"), ([], "estimated")]:
        words = time_words(segments, SECOND, RATE, Even(), languages).words
        document = json.loads(render("json", segments, words))
        assert document["word_times"] == expected
        each = [word.get("word_times") for word in document["words"]]
        assert each == (["aligned", "estimated"] if expected == "mixed" else [None, None])
        assert f"NOTE Word times: {expected}\n" in render("vtt", segments, words)
        assert f"; Word times: {expected}\n" in render("ass", segments, words)


def test_the_setting_names_the_aligner(monkeypatch: pytest.MonkeyPatch) -> None:
    assert aligner("estimate") is None
    with pytest.raises(ConfigError, match="WORD_TIMES=magic"):
        aligner("magic")  # type: ignore[arg-type]
    monkeypatch.setattr(align, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as missing:
        aligner("align")
    assert "requirements/align.txt" in missing.value.hint


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Don't,", ["don't"]),
        ("quantization-aware", ["quantization", "aware"]),
        ("five dollars.", ["five", "dollars"]),
        ("Zoë’s", ["zoe's"]),
        ("—", []),
        ("4th", None),
        ("мир", None),
    ],
)
def test_what_a_dictionary_may_hold(word: str, expected: list[str] | None) -> None:
    assert tokens(word) == expected


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("quake", "K W EY K"),
        ("nation's", "N EY SH AH N Z"),
        ("bright", "B R AY T"),
        ("gh", "AH"),
        ("rock'n'roll", "R AA K N R AA L"),
    ],
)
def test_unknown_words_are_spelled_by_rule(token: str, expected: str) -> None:
    assert sounds_of(token) == expected


def speech(*numbers: int, pause_s: float = 0.3) -> tuple[NDArray[np.float32], list[Word]]:
    """Recordings with pauses, and where each lies."""
    parts: list[NDArray[np.float32]] = []
    segments: list[Word] = []
    at = 0
    for number in numbers:
        samples = spoken.read("demo", number)
        segments.append(Word(spoken.SENTENCES[number], at / RATE, (at + len(samples)) / RATE))
        parts += [samples, np.zeros(round(pause_s * RATE), dtype=np.float32)]
        at += len(samples) + round(pause_s * RATE)
    return np.concatenate(parts), segments


@installed
def test_pocketsphinx_finds_sentences_where_they_are() -> None:
    samples, segments = speech(0, 3, 5)
    whole = Word(" ".join(segment.text for segment in segments), 0, len(samples) / RATE)
    chosen = aligner("align")
    assert chosen is not None
    found = time_words([whole], samples, RATE, chosen, ["en-US"])
    assert found.methods == ["aligned"], found.warnings
    firsts = {"David": 0, "Hello,": 1, "I'm": 2}
    for word in found.words:
        if word.text in firsts:
            assert word.start == pytest.approx(segments[firsts[word.text]].start, abs=0.1)
    times = [time for word in found.words for time in (word.start, word.end)]
    assert times == sorted(times)


@installed
def test_pocketsphinx_spells_words_it_does_not_know() -> None:
    samples, (segment,) = speech(6)
    chosen = aligner("align")
    assert chosen is not None
    known = chosen.align(samples, RATE, segment.text.split(), "en")
    odd = chosen.align(
        samples, RATE, ["The", "old", "man", "karried", "the", "greene", "bottal", "—", "."], "en"
    )
    assert known is not None and odd is not None
    assert odd[6] == pytest.approx(known[6], abs=0.05)
    assert odd[7][0] == odd[7][1] == odd[8][0]


@installed
def test_pocketsphinx_gives_up_where_the_words_are_not_in_the_sound() -> None:
    samples, (segment,) = speech(6)
    chosen = aligner("align")
    assert chosen is not None
    words = segment.text.split()
    assert chosen.align(samples, RATE, words + words, "en") is None  # half of it was never said
    assert (
        chosen.align(np.zeros(2 * RATE, dtype=np.float32), RATE, ["hello", "there"], "en") is None
    )
    for none in (samples[:0], samples[:100]):
        assert chosen.align(none, RATE, words, "en") is None
    assert chosen.align(samples, RATE, ["4th"], "en") is None
    assert chosen.align(samples, RATE, words, "de") is None
    assert chosen.align(samples, 8000, words, "en") is None
    assert chosen.align(samples, RATE, [], "en") is None
    assert chosen.align(samples, RATE, words, "en") is not None  # and goes on working
