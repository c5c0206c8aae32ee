"""Characters arrive in the forms the model knows; decoration is seen and not said."""

from __future__ import annotations

import pytest

from errors import InvalidInput
from text.front import TextOptions, prepare


def spoken(text: str, **options) -> list[str]:
    return [line.text for line in prepare(text, TextOptions(language="en", **options)).lines]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Order ＡＢＣ is ready！", "Order A B C is ready!"),
        (
            "The in\u00adfor\u00adma\u00adtion is im\u200bpor\u200btant.",
            "The information is important.",
        ),
        ("The ﬁrst ofﬁce has a ﬂoor.", "The first office has a floor."),
        ("cafe\u0301 a\u0327 \u212bngstro\u0308m", "café a\u0327 Ångström"),
        ("“Quotes” and ‘these’ „too‟", '"Quotes" and \'these\' "too"'),
        ("It’s a well‑known fact", "It's a well-known fact"),
        ("no\u00a0break\u2009here\u3000now", "no break here now"),
        ("\ufeffHello\u202e world\u200f", "Hello world"),
        ("𝐇𝐞𝐥𝐥𝐨 𝓌ℴ𝓇𝓁𝒹", "Hello wℴrld"),
        ("wait--what -- no", "wait—what — no"),
        ("Really?????? Yes!!!!!!! Well........", "Really??? Yes!!! Well..."),
        ("half ½ cup", "half one half cup"),
    ],
)
def test_characters(written: str, said: str) -> None:
    assert spoken(written) == [said]


def test_full_width_punctuation_stays_in_chinese() -> None:
    assert prepare("你好，世界！", TextOptions(language="zh")).lines[0].text == "你好，世界！"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("**bold**, *italic*, __b__, _i_, ~~old~~, `code`", "bold, italic, b, i, old, code"),
        ("See [the docs](https://x.org/a_(b)) and ![a cat](c.png).", "See the docs and a cat."),
        ("2 * 3 * 4 = 24", "two times three times four equals twenty-four"),
        ("snake_case_name and file*name", "snake_case_name and file*name"),
        ("stars ***** and ===== lines", "stars and lines"),
        ("as noted[^1] here", "as noted here"),
    ],
)
def test_marks_within_a_line(written: str, said: str) -> None:
    assert spoken(written) == [said]


def test_marks_of_lines() -> None:
    text = "# Title #\n\n> A quote\n> goes on\n\n- one\n- two\n\n---\n\n"
    text += "```py\ncode\n```\nEnd\n===\nText"
    assert spoken(text) == ["Title", "A quote goes on", "one. two", "code", "End", "Text"]


def test_tables_become_lists() -> None:
    assert spoken("| name | age |\n|---|---|\n| Ann | 30 |") == ["name, age. Ann, thirty"]


def test_cleaning_can_be_switched_off() -> None:
    assert spoken("“**x**”", clean=False, normalize=False) == ["“**x**”"]


@pytest.mark.parametrize("bad", ["a\x00b", "a\x1bb", "a\ud800b"])
def test_control_characters_are_refused_with_their_place(bad: str) -> None:
    with pytest.raises(InvalidInput, match=r"line 2, column 2: holds the control character"):
        prepare(f"ok\n{bad}")


def test_what_the_vocabulary_lacks_is_named_with_its_count(knows) -> None:
    script = prepare("Hi ☃ there 😀😀 ☃!", TextOptions(knows=knows))
    assert script.lines[0].text == "Hi there!"
    assert script.warnings == (
        "4 characters are not in the model's vocabulary and not spoken: '☃' (2), '😀' (2).",
    )


def test_letters_lose_their_marks_before_they_are_lost(knows) -> None:
    script = prepare("Ġużè", TextOptions(knows=knows))
    assert script.lines[0].text == "Gużè"
    assert "without their marks: 'Ġ' (1)" in script.warnings[0]


def test_punctuation_the_model_lacks_is_replaced_without_a_word(knows) -> None:
    script = prepare("你好；世界：再见", TextOptions(knows=knows, language="zh"))
    assert script.lines[0].text == "你好，世界，再见" and not script.warnings


def test_a_text_of_unknown_letters_is_refused(knows) -> None:
    with pytest.raises(InvalidInput, match="none of the text's letters: 'न'"):
        prepare("नमस्ते दुनिया", TextOptions(knows=knows))


@pytest.mark.parametrize("text", ["", "...", "😀", "[pause:1]", "\u200b", "# \n---"])
def test_nothing_to_say_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="something to say"):
        prepare(text)


def test_tags_do_not_make_an_unknown_text_known(knows) -> None:
    with pytest.raises(InvalidInput, match="none of the text's letters"):
        prepare("[pause:1] नमस्ते", TextOptions(knows=knows))


def test_numbers_of_items_are_sentences_of_their_own() -> None:
    assert spoken("1) Mix it\n2) Bake it") == ["one. Mix it. two. Bake it"]
    assert spoken("(3) Eat it (4) now") == ["three. Eat it (four) now"]
