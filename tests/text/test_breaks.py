"""Line breaks end paragraphs and sentences, or only a line."""

from __future__ import annotations

import pytest

from text.front import TextOptions, prepare
from text.script import Break, Pauses

_WRAPPED = """It was a bright cold day in April, and the clocks were
striking as he slipped quickly through the glass doors
of the Mansions, though not quickly enough to prevent
Victory dust from entering along with him."""


def spoken(text: str) -> list[str]:
    return [line.text for line in prepare(text, TextOptions(language="en")).lines]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Chapter one\nIt was dark\nNobody came", ["Chapter one. It was dark. Nobody came"]),
        ("It was dark.\nNobody came.", ["It was dark. Nobody came."]),
        ("It was so\ndark that\nnobody came.", ["It was so dark that nobody came."]),
        ("Dear Anna,\nI am well.", ["Dear Anna, I am well."]),
        ("First\n\nSecond\n \n\nThird", ["First", "Second", "Third"]),
        ("- eggs\n- milk\n* bread", ["eggs. milk. bread"]),
        ("1. eggs\n2. milk", ["one. eggs. two. milk"]),
        ("a well-\nknown man", ["a well-known man"]),
        ("It is impor-\ntant for inter-\nnational", ["It is important for international"]),
        ("car-\npet, some-\n thing, self-\nmade", ["carpet, something, self-made"]),
        ("pre-\nand post-war Anglo-\nSaxon", ["pre- and post-war Anglo-Saxon"]),
        ("The infor\u00ad\nmation is here", ["The information is here"]),
        ("So it was -\nThen they left", ["So it was - Then they left"]),
        (_WRAPPED, [_WRAPPED.replace("\n", " ")]),
        ("今天很冷\n我们走吧", ["今天很冷。我们走吧"]),
        ("Windows\r\nlines\rhere", ["Windows lines here"]),
    ],
)
def test_lines(written: str, said: list[str]) -> None:
    assert spoken(written) == said


def test_breaks_have_their_pauses() -> None:
    pauses = Pauses(paragraph=0.7, heading=0.9, speaker=0.4)
    script = prepare("# Head\nA\n\nB [voice:x] C [pause:2] D", TextOptions(pauses=pauses))
    assert [(x.text, x.opens, x.pause_s) for x in script.lines] == [
        ("Head", None, 0.0),
        ("A", Break.HEADING, 0.9),
        ("B", Break.PARAGRAPH, 0.7),
        ("C", Break.SPEAKER, 0.4),
        ("D", Break.PAUSE, 2.0),
    ]


def test_breaks_can_be_switched_off() -> None:
    script = prepare("One\nTwo\n\nThree", TextOptions(breaks=False))
    assert [line.text for line in script.lines] == ["One Two Three"]


def test_tags_on_lines_of_their_own_are_no_paragraphs() -> None:
    assert spoken("One\n[speed:1.1]\nTwo") == ["One.", "Two"]


def test_as_f5_tts_takes_it() -> None:
    """With every stage off only line breaks become blanks; other blanks are the user's."""
    options = TextOptions(clean=False, normalize=False, breaks=False, detect=False)
    script = prepare("It’s  5 “x”\n\n at\t9:30 — ﬁne", options)
    assert script.lines[0].text == "It’s  5 “x”  at 9:30 — ﬁne"
