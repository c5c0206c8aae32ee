"""However long or odd a text, its time grows with its length only."""

from __future__ import annotations

import pytest

from errors import InvalidInput
from standins.growth import grows_with_length, takes_less_than
from standins.text_tables import rows
from text.cut import chunks
from text.front import TextOptions, prepare

_UNITS = [
    "1",
    ".",
    "1-",
    "I. ",
    "A",
    "AB ",
    "a. ",
    "$1 ",
    "1/2 ",
    "1,000,",
    "1:",
    "[",
    "<",
    "[voice ",
    "[pause] ",
    "[pause], ",
    "* ",
    "_a ",
    "`",
    "#a",
    "@a",
    "a@",
    "a.b",
    '"',
    "'",
    "1'",
    "\n",
    "a\n",
    "| ",
    "e\u0301",
    "\u0301\u0323",
    "1x",
    "5 km/h ",
    "12 May ",
    "A1",
    "<a ",
    "<b a=",
    '<b a="',
    "<br>",
    "&#",
    "&amp;",
    "1) ",
    "MR. A ",
    "AB 1 ",
    "x^2",
    "Henry V ",
    "5%",
    " ",
    "the 5th of ",
    "Main St. ",
    '{"name":',
    "\\[",
    "1.000,",
    "Mr. ",
    "((",
    "II ",
    "$x^2$ ",
    "\\frac{",
    "\\(x",
    "1 Cor. ",
    "John 3:16, 3; ",
    "<p>",
    "<!--",
    "<script>",
    "<sup>2</sup>",
    "a-\n",
    "1h30 ",
    "1 2 3 ",
    "2 x 400g ",
    "5 A ",
    "(a)",
    "a",
    "今",
]
_LENGTH = 4_000
A_SECOND_AND_A_HALF = 120  # of `unit_s`


def _prepared(text: str, language: str | None = "en") -> None:
    try:
        for line in prepare(text, TextOptions(language=language)).lines:
            chunks(line, 200)
    except InvalidInput:
        pass


@pytest.mark.parametrize("unit", _UNITS)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    text = "Hi " + unit * (_LENGTH // len(unit))
    assert grows_with_length(lambda length: _prepared(text[:length]), _LENGTH)


def test_twenty_thousand_characters_take_less_than_a_second_and_a_half() -> None:
    sentences = [
        row.written for name in ("en", "sentences_en", "fresh_en") for row in rows(name, "en")
    ]
    text = " ".join(sentences * 9)[:20_000]
    prepare("Warm up 5.", TextOptions(language="en"))
    assert takes_less_than(A_SECOND_AND_A_HALF, lambda: _prepared(text))


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_nor_do_other_languages(language: str) -> None:
    pytest.importorskip("damga")
    # Half of the sentences with figures, as in a text that is full of them.
    figures = [row.written for row in rows(f"sentences_{language}", language)]
    plain = [row.written for row in rows(language, language) if row.kind == "plain"]
    text = " ".join(f"{sentence} {plain[0]} {plain[0]}" for sentence in figures * 40)[:20_000]
    prepare("Eins 5.", TextOptions(language=language))
    assert takes_less_than(A_SECOND_AND_A_HALF, lambda: _prepared(text, language))


def test_what_was_written_is_found_in_linear_time() -> None:
    script = prepare("<li>a" * 10_000)

    def shown() -> list[str]:
        return [script.written(line, word) for line in script.lines for word in line.words]

    assert shown() == ["a"] * 10_000
    assert takes_less_than(20, shown)  # a fifth of a second
