"""Every written and spoken character lies in exactly one word, in order."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from errors import InvalidInput
from standins.text_tables import rows
from text.front import Source, TextOptions, prepare, prepare_all
from text.script import Script

_PIECES = st.sampled_from(
    [
        "Hello",
        " ",
        "\n",
        "\n\n",
        "$5.30",
        "9:30 PM",
        "Dr. ",
        "**bold**",
        "[pause:1]",
        "[pause:1], ",
        " [Anna]: ",
        "<b and c>",
        "<s",
        "①",
        "[1]",
        "é",
        "e\u0301",
        "\u00ad",
        "\u200b",
        "😀",
        "ﬁ",
        "１２",
        "# ",
        "- ",
        "[voice:Anna] ",
        "3/4",
        "20°C",
        "-5",
        "www.a.com",
        "U.S. ",
        "FBI's",
        "~",
        "`x`",
        "[a](b)",
        "|",
        "<",
        "&",
        "…",
        "—",
        "“q”",
        "Chapter IV",
        "5-10 kg",
        "1,234",
        "\\[",
        "x²",
        "world",
        ".",
        "?",
        ", ",
        "it",
        "a",
        "7",
        "\t",
    ]
)
_TEXTS = st.one_of(
    st.lists(_PIECES, max_size=25).map("".join),
    st.text(max_size=60),
    st.text(alphabet="ab1 .,-/$%'\"[]()\n:A", max_size=60),
)


def check(script: Script) -> None:
    """The property itself."""
    written = [bytearray(len(text)) for text in script.sources]
    for spans, marks in zip(script.markup, written, strict=True):
        for start, end in spans:
            marks[start:end] = b"\2" * (end - start)
    last = (0, 0)
    for line in script.lines:
        spoken = bytearray(len(line.text))
        end = 0
        for word in line.words:
            assert end <= word.start < word.end <= len(line.text)
            end = word.end
            spoken[word.start : word.end] = b"\1" * (word.end - word.start)
            assert last <= (line.source, word.written_start)
            assert word.written_start <= word.written_end
            last = (line.source, word.written_end)
            marks = written[line.source]
            for position in range(word.written_start, word.written_end):
                assert marks[position] != 1, "a written character in two words"
                marks[position] = marks[position] or 1
        assert all(in_word or c.isspace() for in_word, c in zip(spoken, line.text, strict=True))
    said = {line.source for line in script.lines if line.words}
    for number, (text, marks) in enumerate(zip(script.sources, written, strict=True)):
        if number not in said:
            continue  # a segment of which nothing is spoken
        lost = [c for c, mark in zip(text, marks, strict=True) if not mark and not c.isspace()]
        assert not lost


def _prepared(text: str, options: TextOptions) -> Script | None:
    try:
        return prepare(text, options)
    except InvalidInput:
        return None


@given(_TEXTS)
@example("Hello ☃ 😀 friend ❤️!")
@example("**9:30** PM")
@example("😀 [voice:Anna] Hi")
@example("a [pause:1] ...")
def test_no_character_is_lost_or_doubled(text: str) -> None:
    for language in ("en", None):
        if script := _prepared(text, TextOptions(language=language)):
            check(script)


@given(_TEXTS)
def test_nor_where_the_model_lacks_characters(knows, text: str) -> None:
    if script := _prepared(text, TextOptions(language="en", knows=knows)):
        check(script)
        assert all(knows(c) or c.isspace() for line in script.lines for c in line.text)


@given(st.lists(_TEXTS, min_size=1, max_size=4))
def test_nor_in_several_segments(texts: list[str]) -> None:
    try:
        script = prepare_all([Source(text, voice=f"v{i}") for i, text in enumerate(texts)])
    except InvalidInput:
        return
    check(script)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "zh"])
def test_the_tables_keep_every_character(language: str) -> None:
    names = [language] + (
        [f"sentences_{language}", f"fresh_{language}"] if language != "zh" else []
    )
    for row in (row for name in names for row in rows(name, language)):
        check(prepare(row.written, TextOptions(language=language)))


@given(_TEXTS)
def test_the_same_text_gives_the_same_script(text: str) -> None:
    assert _prepared(text, TextOptions()) == _prepared(text, TextOptions())


def test_words_show_what_was_written() -> None:
    script = prepare("Meet **Dr. Smith** at 9:30 PM, it costs $5.30.")
    (line,) = script.lines
    pairs = [(line.text[w.start : w.end], script.written(line, w)) for w in line.words]
    assert pairs == [
        ("Meet", "Meet"),
        ("Doctor", "Dr."),
        ("Smith", "Smith"),
        ("at", "at"),
        ("nine thirty P M,", "9:30 PM,"),
        ("it", "it"),
        ("costs", "costs"),
        ("five dollars and thirty cents.", "$5.30."),
    ]


def test_emoji_belong_to_the_word_before_them() -> None:
    script = prepare("I love it 😀 so much", TextOptions(knows=str.isascii))
    words = [script.written(script.lines[0], word) for word in script.lines[0].words]
    assert words == ["I", "love", "it 😀", "so", "much"]


def test_chinese_has_words_of_one_character() -> None:
    pytest.importorskip("wetext")
    script = prepare("他生于1987年。", TextOptions(language="zh"))
    words = [script.written(script.lines[0], word) for word in script.lines[0].words]
    assert words == ["他", "生", "于", "1987", "年。"]
