"""What a lexicon says a word is said as comes before every rule."""

from __future__ import annotations

import pytest

from errors import InvalidInput
from standins.growth import takes_less_than
from text.front import TextOptions, prepare
from text.lexicon import Lexicon, merged
from text.lexicon_file import from_mapping, parse


def say(text: str, lexicon: Lexicon, language: str = "en") -> str:
    return prepare(text, TextOptions(language=language, lexicon=lexicon)).lines[0].text


@pytest.mark.parametrize(
    ("entries", "text", "said"),
    [
        ({"SQL": "sequel"}, "SQL and MySQL, sql", "sequel and My S Q L, sql"),
        ({"gif": "jif"}, "GIF, Gif, gift", "jif, jif, gift"),
        ({"New York": "the Apple", "York": "Yorkshire"}, "New York, York", "the Apple, Yorkshire"),
        ({"e.g.": "such as"}, "fruit, e.g. apples", "fruit, such as apples"),
        ({"C++": "see plus plus"}, "in C++ now", "in see plus plus now"),
        ({"5G": "fifth gen 5"}, "on 5G", "on fifth gen 5"),
        ({"重庆": "chong qing"}, "在重庆住", "在chong qing住"),
    ],
)
def test_entries(entries: dict[str, str], text: str, said: str) -> None:
    assert say(text, from_mapping(entries)) == said


def test_case_and_language_of_an_entry() -> None:
    lexicon = from_mapping(
        [
            {"written": "Reading", "spoken": "redding", "case": "any"},
            {"written": "chat", "spoken": "tchatte", "language": "fr"},
        ]
    )
    assert say("READING reading chat", lexicon) == "redding redding chat"
    assert say("chat", lexicon, "fr") == "tchatte"


def test_the_job_wins_over_the_bucket() -> None:
    bucket, job = from_mapping({"SQL": "sequel", "GIF": "jif"}), from_mapping({"SQL": "squeal"})
    assert say("SQL GIF", merged([bucket, job])) == "squeal jif"


def test_no_rule_and_no_library_changes_an_entry() -> None:
    pytest.importorskip("damga")
    assert (
        say("Am 3. Mai um 5 Uhr", from_mapping({"Mai": "M 5 I"}), "de")
        == "Am dritten M 5 I um fünf Uhr"
    )


def test_pls_aliases() -> None:
    lexicon = parse(
        '<?xml version="1.0"?><lexicon xmlns="x" '
        'xml:lang="en"><lexeme><grapheme>W3C</grapheme><grapheme>w3c</grapheme>'
        "<alias>World Wide Web Consortium</alias></lexeme>"
        "<lexeme><grapheme>a</grapheme><phoneme>x</phoneme></lexeme></lexicon>"
    )
    assert lexicon.skipped == 1
    assert say("The W3C met", lexicon) == "The World Wide Web Consortium met"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{", "line 1, column 2"),
        ("[1]", "entry 1: must be an object"),
        ('{"a": 5}', "spoken must be text"),
        ('[{"written": "a", "spoken": "b", "x": 1}]', "'x' is not known"),
        ('"a"', "an object of words"),
        ("<lexicon><a></lexicon>", "line 1, column 15"),
        ("[" * 100_000, "deep"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><lexicon/>', "not allowed"),
        ('[{"written": "a", "spoken": "b", "case": "odd"}]', "case must be exact or any"),
    ],
)
def test_wrong_files_say_where(source: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(source)
    assert message in caught.value.message


def test_ten_thousand_entries_cost_no_time() -> None:
    lexicon = from_mapping({f"word{n} more": f"said {n}" for n in range(10_000)})
    text = "word5 more and word7 less. " * 700
    assert takes_less_than(100, lambda: say(text, lexicon))  # it takes 12


def test_a_region_counts_only_against_another_region() -> None:
    pls = (
        '<lexicon xmlns="x" xml:lang="en_us"><lexeme><grapheme>SQL</grapheme>'
        "<alias>sequel</alias></lexeme></lexicon>"
    )
    said = {code: say("SQL", parse(pls), code) for code in ("en", "en-US", "en-GB")}
    assert said == {"en": "sequel", "en-US": "sequel", "en-GB": "S Q L"}
    general = from_mapping([{"written": "SQL", "spoken": "sequel", "language": "EN"}])
    assert say("SQL", general, "en-GB") == "sequel"
    assert say("SQL", general, "it") == "SQL"


@pytest.mark.parametrize(
    "entries",
    [
        {f"the x{i}": "y" for i in range(20_000)},
        {" ".join(["the"] * i + ["x"]): "y" for i in range(1, 120)},
        [{"written": "the", "spoken": "y", "language": f"x{i}"} for i in range(20_000)],
    ],
)
def test_entries_that_begin_alike_cost_no_more(entries: object) -> None:
    assert takes_less_than(200, lambda: say("the " * 5000, from_mapping(entries)))  # it takes 20


def test_numbers_of_any_length_are_no_crash() -> None:
    with pytest.raises(InvalidInput, match="no JSON"):
        parse('{"a": ' + "9" * 5000 + "}")


@pytest.mark.parametrize(
    ("written", "text", "said"),
    [
        ("nai\u0308ve", "naïve", "X"),
        ("It’s", "It's ok, It’s ok", "X ok, X ok"),
        ("５", "5 and ５", "X and X"),
        ("$5", "$5 or $5.50", "X or five dollars and fifty cents"),
        ("12", "12 eggs, 12:30, 12%, $12", "X eggs, twelve thirty, twelve percent, twelve dollars"),
    ],
)
def test_words_are_found_however_they_are_encoded_and_whole(written, text, said) -> None:
    options = TextOptions(language="en", lexicon=from_mapping({written: "X"}))
    assert prepare(text, options).lines[0].text == said


def test_what_is_said_holds_nothing_invisible() -> None:
    options = TextOptions(language="en", lexicon=from_mapping({"cat": "\ue000d\u200bog"}))
    assert prepare("a cat", options).lines[0].text == "a dog"
    with pytest.raises(InvalidInput, match="invisible"):
        from_mapping({"cat": "\u200b"})
