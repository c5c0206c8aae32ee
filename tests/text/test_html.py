"""What was copied from a page is spoken and shown as the page shows it."""

from __future__ import annotations

import pytest

from errors import InvalidInput
from text.front import TextOptions, prepare
from text.script import Script


def _prepared(text: str) -> Script:
    return prepare(text, TextOptions(language="en"))


def _shown(script: Script) -> str:
    return " ".join(script.written(line, word) for line in script.lines for word in line.words)


@pytest.mark.parametrize(
    ("written", "said", "shown"),
    [
        ("Hello <b>world</b> &amp; co", ["Hello world and co"], "Hello world & co"),
        ('A <a href="x?a=1&amp;b=2">link</a> here', ["A link here"], "A link here"),
        ("One<br/>Two<BR >three", ["One. Two three"], "One Two three"),
        ("<ul><li>Eggs</li><li>Milk</li></ul>", ["Eggs. Milk"], "Eggs Milk"),
        ("<h1>Title</h1><div>Text</div>", ["Title", "Text"], "Title Text"),
        ("It&#8217;s AT&amp;T &#x2026;", ["It's A T and T …"], "It’s AT&T …"),
        ("2&nbsp;eggs", ["two eggs"], "2 eggs"),
        ("nothing &#xe000;&#0;&#7; here", ["nothing here"], "nothing here"),
        ("Hi <!-- 5 notes --> you <input disabled>", ["Hi you"], "Hi you"),
        ("<style>p {a: 5}</style>Text", ["Text"], "Text"),
        ("A word<sup>1</sup> here.<sup>[2]</sup>", ["A word here."], "A word here."),
        ("75 m<sup>2</sup>, x<sup>3</sup>", ["seventy-five square meters, x cubed"], "75 m2, x3"),
        ("x < y, R&D; &foo; and a <c>", ["x < y, R and D; &foo; and a <c>"], None),
    ],
)
def test_tags_go_and_entities_are_read(written: str, said: list[str], shown: str | None) -> None:
    script = _prepared(written)
    assert [line.text for line in script.lines] == said
    assert " ".join(_shown(script).split()) == (written if shown is None else shown)


def test_markup_off_or_clean_off_leaves_the_signs() -> None:
    kept = prepare("<b>a</b> &amp;", TextOptions(language="en", clean=False, normalize=False))
    assert kept.lines[0].text == "<b>a</b> &amp;"


def test_a_character_that_stands_for_structure_is_never_the_users() -> None:
    script = _prepared("<speak>Hi &#xe000; there <break/> you</speak>")
    assert [line.text for line in script.lines] == ["Hi there", "you"]


def test_entities_of_ssml_and_escapes_are_shown_as_what_they_mean() -> None:
    assert _shown(_prepared("<speak>Tom &amp; &#74;erry</speak>")) == "Tom & Jerry"
    assert _shown(_prepared(r"Write \[pause] here")) == "Write [pause] here"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<p>One<p>Two", ["One", "Two"]),
        ('<p class="x">One</p> two<br>and <div>three', ["One", "two and", "three"]),
        ("Hi <p>there", ["Hi", "there"]),
        ("Drink H<sub>2</sub>O, <mark>now</mark>", ["Drink H two O, now"]),
        ("<!DOCTYPE html><html><body><p>One<p>Two</body></html>", ["One", "Two"]),
    ],
)
def test_what_is_plainly_html_is_cleaned_with_a_warning(written: str, said: list[str]) -> None:
    script = _prepared(written)
    assert [line.text for line in script.lines] == said
    assert len(script.warnings) == 1 and "HTML" in script.warnings[0]


@pytest.mark.parametrize(
    "written",
    ['<p>One <break time="1s"/> two', "<s>One.", "<speak><p>One</speak>", "<p>One [voise:x]"],
)
def test_ssml_stays_strict(written: str) -> None:
    with pytest.raises(InvalidInput):
        _prepared(written)


def test_html_without_faults_needs_no_warning() -> None:
    assert not _prepared("<p>One</p><p>Two</p>").warnings
    assert _prepared("x < p and p > q").lines[0].text == "x < p and p > q"
