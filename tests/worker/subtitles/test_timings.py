"""Estimated word times and the files made of them."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.subtitles.read import parse
from worker.subtitles.words import Word, estimate_words, sentences, split_words
from worker.subtitles.write import TIMING_FORMATS, render

TRICKY = 'He said: "a, {b}\\N <i>c</i> & d --> e"\nand left.'
TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), st.just("\n")),
    max_size=60,
)


@st.composite
def chunks(draw: st.DrawFn) -> list[Word]:
    """Chunks as speech makes them: in order, neighbours overlapping by a cross-fade or apart."""
    found, at = [], 0.0
    for text in draw(st.lists(TEXTS, max_size=5)):
        at = max(0.0, at + draw(st.floats(-0.15, 2)))
        end = at + draw(st.floats(0.2, 20))
        found.append(Word(text, at, end))
        at = end
    return found


@given(segments=chunks())
def test_words_rise_never_overlap_and_stay_inside(segments: list[Word]) -> None:
    words = estimate_words(segments)
    at = 0.0
    for word in words:
        assert at <= word.start <= word.end <= segments[-1].end
        at = word.end
    spoken = "".join("".join(s.text.split()) for s in segments)
    assert "".join("".join(w.text.split()) for w in words) == spoken


@given(segments=chunks())
def test_sentences_hold_every_word_once(segments: list[Word]) -> None:
    words = estimate_words(segments)
    found = sentences(words)
    assert sum(len(split_words(s.text)) for s in found) <= len(words)
    assert "".join("".join(s.text.split()) for s in found) == "".join(
        "".join(w.text.split()) for w in words
    )
    assert all(a.end <= b.start for a, b in pairwise(found))


@given(segments=chunks(), fmt=st.sampled_from(list(TIMING_FORMATS)))
def test_any_text_can_be_written(segments: list[Word], fmt: str) -> None:
    words = estimate_words(segments)
    for per_word in (False, True):
        assert isinstance(render(fmt, sentences(words), words, per_word=per_word), str)  # type: ignore[arg-type]


SAFE = st.text(st.characters(categories=["L", "Nd"], include_characters=" ,.'\"&-;:"), max_size=40)


@pytest.mark.parametrize("fmt", ["srt", "vtt", "csv"])
@given(texts=st.lists(SAFE.filter(lambda t: any(c.isalnum() for c in t)), min_size=1, max_size=5))
def test_what_is_written_can_be_read_back(fmt: str, texts: list[str]) -> None:
    cues = [Word(" ".join(t.split()), i * 2.0, i * 2 + 1.25) for i, t in enumerate(texts)]
    words = estimate_words(cues)
    found = parse(render(fmt, cues, words).encode(), f"A.{fmt}")  # type: ignore[arg-type]
    assert [(c.text, c.start, c.end) for c in found.cues] == [
        (c.text.replace("-->", "->") if fmt == "srt" else c.text, c.start, c.end) for c in cues
    ]


def test_longer_words_take_longer_and_full_stops_pause() -> None:
    words = estimate_words([Word("A considerable time. Yes", 0, 4)])
    assert [w.text for w in words] == ["A", "considerable", "time.", "Yes"]
    lengths = [w.end - w.start for w in words]
    assert lengths[1] > lengths[2] > lengths[0]
    assert words[3].start - words[2].end > 0.3
    assert words[1].end == words[2].start
    assert words[3].end == pytest.approx(4)


def test_chinese_words_are_characters() -> None:
    assert split_words("你好，世界。 Hi!") == ["你", "好，", "世", "界。", "Hi!"]
    assert [s.text for s in sentences(estimate_words([Word("你好，世界。再见。", 0, 3)]))] == [
        "你好，世界。",
        "再见。",
    ]


def test_silence_at_the_edges_belongs_to_no_word() -> None:
    rate = 8000
    samples = np.zeros(4 * rate, dtype=np.float32)
    samples[rate : 3 * rate] = np.sin(np.arange(2 * rate) * 0.3)
    words = estimate_words([Word("one two", 0, 4)], samples, rate)
    assert words[0].start == pytest.approx(1, abs=0.02)
    assert words[-1].end == pytest.approx(3, abs=0.02)


def test_silent_audio_changes_nothing() -> None:
    words = estimate_words([Word("one two", 0, 4)], np.zeros(32000, dtype=np.float32), 8000)
    assert (words[0].start, words[-1].end) == (0, 4)


def test_a_cross_fade_is_shared() -> None:
    words = estimate_words([Word("one", 0, 2.2), Word("two", 2.0, 4)])
    assert words[0].end == pytest.approx(2.1)
    assert words[1].start == pytest.approx(2.1)


CUES = [Word(TRICKY, 0.5, 3661.25)]
WORDS = [Word("x", 0.5, 1.0)]


def test_srt() -> None:
    assert render("srt", CUES, WORDS) == (
        '1\n00:00:00,500 --> 01:01:01,250\nHe said: "a, {b}\\N <i>c</i> & d -> e" and left.\n'
    )


def test_vtt_marks_words_and_escapes() -> None:
    cue = Word("Fish & chips", 1, 3)
    words = [Word("Fish &", 1, 2), Word("chips", 2, 3)]
    assert render("vtt", [cue], words) == (
        "WEBVTT\n\nNOTE Word times: estimated\n\n"
        "00:00:01.000 --> 00:00:03.000\nFish &amp; <00:00:02.000>chips\n"
    )


def test_ass_marks_words_and_escapes() -> None:
    text = render("ass", CUES, [])
    assert text.endswith(
        "Dialogue: 0,0:00:00.50,1:01:01.25,Default,,0,0,0,,"
        'He said: "a, \\{b\\}\\\u2060N <i>c</i> & d --> e" and left.\n'
    )
    timed = render("ass", [Word("one two", 1, 2)], [Word("one", 1, 1.4), Word("two", 1.5, 2)])
    assert timed.endswith(",,{\\k40}one {\\k10}{\\k50}two\n")
    assert sum(int(k) for k in re.findall(r"\\k(\d+)", timed)) == 100


def test_csv_has_the_columns_of_older_systems() -> None:
    rows = list(csv.reader(StringIO(render("csv", CUES, WORDS))))
    assert rows[0] == ["Start (s)", "End (s)", "Segment"]
    assert rows[1] == ["0.500", "3661.250", " ".join(TRICKY.split())]


def test_json_says_that_words_are_estimates() -> None:
    document = json.loads(render("json", CUES, WORDS))
    assert document["segments"] == [{"text": TRICKY, "start": 0.5, "end": 3661.25}]
    assert document["words"] == [{"text": "x", "start": 0.5, "end": 1.0}]
    assert document["word_times"] == "estimated"


@pytest.mark.parametrize("fmt", TIMING_FORMATS)
def test_words_asked_for_are_in_every_file(fmt: str) -> None:
    """As cues of their own, or with their times inside the sentence's cue."""
    sentence = [Word("one two", 0, 2)]
    words = [Word("one", 0, 1.25), Word("two", 1.25, 2)]
    second = r"\{\\k75\}two" if fmt == "ass" else r"1[.,]25"
    assert re.search(second, render(fmt, sentence, words, per_word=True))
    inside = re.search(second, render(fmt, sentence, words))
    assert bool(inside) == TIMING_FORMATS[fmt].words_inside


def test_text_files_say_that_they_are_utf_8() -> None:
    """Players take a subtitle file without a charset for the system's own."""
    for fmt, row in TIMING_FORMATS.items():
        assert row.extension == fmt
        assert row.content_type.endswith("; charset=utf-8") != (fmt == "json")
