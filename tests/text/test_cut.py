"""Lines are cut into chunks at sentences, clauses, words; balanced, never within a number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standins.text_tables import TABLES
from text.cut import chunks
from text.front import TextOptions, prepare
from text.lexicon_file import from_mapping
from text.script import Break, Line
from text.sentences import sentences

_TEXTS = st.one_of(
    st.text(alphabet="abc .,;!?'\"—1२e\u0301", max_size=300),
    st.lists(
        st.sampled_from(
            [
                "Hello there.",
                "a, b; c",
                "Dr. King",
                "x" * 40,
                "!",
                "1,234",
                "你好。",
                "e\u0301\u0301",
            ]
        ),
        max_size=40,
    ).map(" ".join),
)


def cut(text: str, limit: float, language: str = "en") -> list[str]:
    line = prepare(text, TextOptions(language=language)).lines[0]
    return [chunk.text for chunk in chunks(line, limit)]


def _split_rows() -> list[tuple[str, list[str]]]:
    table = (TABLES / "split.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [(row.split("\t")[0], row.split("\t")[1].split("¦")) for row in table]


def test_sentences_of_thirteen_languages() -> None:
    wrong = []
    for language, parts in _split_rows():
        expected = [part.strip() for part in parts]
        glue = "" if language in ("zh", "ja") else " "
        read = language in ("en", "de", "fr", "es")
        text = glue.join(expected)
        spoken = prepare(text, TextOptions(language=language)).lines[0].text if read else text
        found = [spoken[a:b].strip() for a, b in sentences(spoken, language)]
        if len(found) != len(expected) or (not read and found != expected):
            wrong.append((text, found))
    assert len(wrong) <= 2, wrong


def test_short_lines_stay_whole() -> None:
    assert cut("Hello there.", 100) == ["Hello there."]


def test_cuts_prefer_sentences_and_leave_no_tail() -> None:
    text = "The first sentence is here. The second sentence is there. "
    text += "The third one is long as well. Bye."
    found = cut(text, 70)
    assert len(found) == 2 and found[1].endswith("Bye.")
    assert max(map(len, found)) - min(map(len, found)) < 25


def test_no_cut_after_an_abbreviation() -> None:
    text = "word " * 53 + "with Dr. Smith and Mr. J. R. Brown went home after the long day of work."
    assert not any(chunk.endswith(("Doctor", "Mister", "J", "R")) for chunk in cut(text, 277))


def test_a_sentence_too_long_is_cut_at_clauses() -> None:
    text = "When the sun had gone down behind the hills, the old man took his stick, "
    text += "and he walked home."
    assert cut(text, 60) == [
        "When the sun had gone down behind the hills,",
        "the old man took his stick, and he walked home.",
    ]


def test_chunks_say_why_they_begin() -> None:
    line = Line("One, two three. Four", opens=Break.PARAGRAPH, pause_s=0.6)
    found = chunks(line, 10)
    assert [(c.text, c.opens) for c in found] == [
        ("One,", Break.PARAGRAPH),
        ("two three.", Break.CLAUSE),
        ("Four", Break.SENTENCE),
    ]
    assert [c.pause_s for c in found] == [0.6, 0.0, 0.0]


@pytest.mark.parametrize(
    "text", ["e\u0301" * 50, "12345678901234567890", "x" * 99, "👩\u200d👩" * 20]
)
def test_words_longer_than_a_chunk_are_cut_between_letters(text: str) -> None:
    found = chunks(Line(text), 10)
    assert "".join(c.text for c in found) == text
    assert not any(c.text[0] in "\u0301\u200d" for c in found)


@given(_TEXTS, st.integers(4, 80))
def test_nothing_is_lost_and_no_chunk_is_too_long(text: str, limit: int) -> None:
    line = Line(" ".join(text.split()))
    found = chunks(line, limit)
    covered = "".join(line.text[c.start : c.end] for c in found)
    assert covered == line.text
    for chunk in found:
        assert chunk.text == line.text[chunk.start : chunk.end].strip()
        clusters = "\u0301" in chunk.text or any(c.isdigit() for c in chunk.text)
        assert len(chunk.text) <= limit or clusters


@given(st.integers(1, 60), st.integers(20, 120))
def test_chunks_of_equal_sentences_are_balanced(count: int, limit: int) -> None:
    found = chunks(Line(" ".join(["Twenty letters here."] * count)), limit)
    lengths = [len(chunk.text) for chunk in found]
    assert max(lengths) - min(lengths) <= 21


def test_the_cost_is_the_callers() -> None:
    found = chunks(Line("One two three. Four five six."), 3, cost=lambda text: len(text.split()))
    assert [chunk.text for chunk in found] == ["One two three.", "Four five six."]


def test_sums_of_money_and_names_stay_together() -> None:
    script = prepare(
        "pay him a sum of $1,234,567 and then ask George Washington Carver about it all"
    )
    for limit in range(45, 90):
        for chunk in chunks(script.lines[0], limit):
            if (
                len("one million two hundred thirty-four thousand five hundred sixty-seven dollars")
                <= limit
            ):
                assert not chunk.text.endswith(("million", "hundred", "thousand"))
            assert not chunk.text.endswith(("George", "Washington"))


@pytest.mark.parametrize(
    ("text", "first", "opens"),
    [
        ("When it rains, we stay. And when it shines we go.", "When it rains,", Break.CLAUSE),
        (
            "No, not at all, she said to them.",
            "No, not at all,",
            Break.CLAUSE,
        ),  # "No," is too short
        ("It rains again. We stay at home, and read.", "It rains again.", Break.SENTENCE),
        ("Nothing to cut in a text like this", None, None),
        ("We stay at home now, yes.", None, None),  # what is left is too short
        ("This first clause alone is longer than any chunk, and more.", None, None),
    ],
)
def test_an_opening_is_the_first_clause_that_is_long_enough(
    text: str, first: str | None, opens: Break | None
) -> None:
    line = Line(text, opens=Break.PARAGRAPH, pause_s=0.6)
    plain, found = chunks(line, 40), chunks(line, 40, opening=10)
    if first is None:
        assert found == plain
        return
    assert found[0].text == first
    assert (found[0].opens, found[0].pause_s) == (Break.PARAGRAPH, 0.6)
    assert found[1].opens == opens
    assert "".join(text[cut.start : cut.end] for cut in found) == text
    assert len(found) <= len(plain) + 1


@given(_TEXTS, st.integers(4, 80), st.integers(1, 30))
def test_with_an_opening_nothing_is_lost_either(text: str, limit: int, opening: int) -> None:
    line = Line(" ".join(text.split()))
    found = chunks(line, limit, opening=opening)
    assert "".join(line.text[cut.start : cut.end] for cut in found) == line.text
    for cut in found:
        assert cut.text == line.text[cut.start : cut.end].strip()
        clusters = "\u0301" in cut.text or any(c.isdigit() for c in cut.text)
        assert len(cut.text) <= limit or clusters


@pytest.mark.parametrize("text", ["abcdefg" * 100, "今" * 700, "1" * 700])
def test_a_text_without_blanks_is_cut_evenly(text: str) -> None:
    lengths = [len(cut.text) for cut in chunks(Line(text), 300)]
    assert sum(lengths) == 700 and max(lengths) - min(lengths) <= 10 and len(lengths) == 3


def test_what_a_lexicon_says_is_not_cut_at_its_sentences() -> None:
    alias = "The A. Company of Many. Of all things, the best. Really now, it is"
    options = TextOptions(language="en", lexicon=from_mapping({"ACME": alias}))
    line = prepare("We like ACME very much and so do others. ACME too.", options).lines[0]
    cuts = [cut.text for cut in chunks(line, 90)]
    assert len(cuts) > 1 and sum(alias in cut for cut in cuts) == 2
