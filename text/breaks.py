"""Line breaks: which end a paragraph, which a sentence, and which only a line.

An empty line ends a paragraph. A line that ends without punctuation ends a sentence, unless it is
wrapped: the next one goes on in lower case, or its first word would not have fitted any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from text.characters import HEADING, ITEM, MARK
from text.normalise.english.names import COMMON
from text.script import Break
from text.spans import Edit, Mapped

_ENDS = re.compile(rf"(?:[.!?…:;,。！？；：，、—–]|\s-)['\"»”’)\]*_{MARK}{HEADING} \t]*$")
_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_EMPTY = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_CJK = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_NARROWEST = 32  # characters; shorter lines are verse or a list, not wrapped text
_HYPHEN = re.compile(r"\w-$")
_LAST_WORD = re.compile(r"(?<![\w-])[^\W\d_]+(?=-$)")
_FIRST_WORD = re.compile(r"(?=[^\W\d_A-ZÄÖÜÉÀÈÑ])[^\W\d_]+")
_SUSPENDED = re.compile(r"(?:and|or|to|und|oder|bis|et|ou|y|e|o)\b")  # pre- and post-war
_PREFIXES: tuple[str, ...] = (
    "self",
    "well",
    "ex",
    "non",
    "half",
    "all",
    "twenty",
    "thirty",
    "forty",
    "fifty",
)
_PREFIXES += ("sixty", "seventy", "eighty", "ninety")
_BLANKS = f"{MARK}{HEADING}{ITEM} \t"
_ITEM = re.compile(rf"[{MARK} \t]*(?:{ITEM}|\d{{1,3}}[.)][ \t]|[(]?[a-z][)][ \t])")


@dataclass(frozen=True)
class Block:
    """A paragraph or heading on one line; `opens` is the break before it."""

    text: Mapped
    opens: Break | None


def blocks(text: Mapped) -> list[Block]:
    """The paragraphs and headings of `text`, without line breaks."""
    found: list[Block] = []
    for part in _paragraphs(text):
        for piece in _headings(part):
            if piece.text.strip():
                opens = Break.PARAGRAPH if found else None
                if found and (_is_heading(found[-1].text.text) or _is_heading(piece.text)):
                    opens = Break.HEADING
                found.append(Block(piece.edited(_joints(piece.text)), opens))
    return [Block(_without(block.text), block.opens) for block in found]


def _is_heading(text: str) -> bool:
    return HEADING in text


def _without(text: Mapped) -> Mapped:
    return text.edited(Edit(i, i + 1, "") for i, c in enumerate(text.text) if c in (HEADING, ITEM))


def flat(text: Mapped) -> list[Block]:
    """`text` as one block, in which line breaks are blanks (f5-tts's way)."""
    one_line = text.edited(Edit(*match.span(), " ") for match in _BREAKS.finditer(text.text))
    return [Block(_without(one_line), None)]


def _paragraphs(text: Mapped) -> Iterator[Mapped]:
    position = 0
    for match in _EMPTY.finditer(text.text):
        yield text.part(position, match.start())
        position = match.end()
    yield text.part(position, len(text.text))


def _headings(text: Mapped) -> Iterator[Mapped]:
    """`text` cut before and after each heading line."""
    position = 0
    for match in re.finditer(rf"(?:^|\n)[^\n]*{HEADING}[^\n]*", text.text):
        yield text.part(position, match.start())
        yield text.part(match.start() + match[0].startswith("\n"), match.end())
        position = match.end()
    yield text.part(position, len(text.text))


def _joints(text: str) -> Iterator[Edit]:
    """What becomes of each line break of a paragraph."""
    lines = text.split("\n")
    width = max(len(line.strip()) for line in lines)
    following = _following(lines)
    position = -1
    for number, line in enumerate(lines[:-1]):
        position += len(line) + 1
        end = position + 1
        end += len(lines[number + 1]) - len(lines[number + 1].lstrip(" \t"))
        yield from _joint(position, end, line, following[number], width)


def _following(lines: list[str]) -> list[str]:
    """For each line the next one with words in it."""
    found: list[str] = []
    last = ""
    for line in reversed(lines):
        found.append(last)
        last = line.strip() if line.strip(_BLANKS) else last
    return found[::-1]


def _joint(position: int, end: int, line: str, following: str, width: int) -> Iterator[Edit]:
    """The break at `position` after `line`; the next line's words begin at `end`."""
    start = position - (len(line) - len(line.rstrip(" \t")))
    bare, next_bare = line.strip(_BLANKS), following.strip(_BLANKS)
    if not bare or not next_bare:
        yield Edit(start, end, " ")
        return
    cjk = _CJK.match(bare[-1]) is not None
    blank = "" if cjk and _CJK.match(next_bare[0]) else " "
    if _HYPHEN.search(bare) and next_bare[0].isalnum() and not _SUSPENDED.match(next_bare):
        kept = _keeps_hyphen(bare, next_bare)
        yield Edit(start if kept else start - 1, end, "")
    elif _ENDS.search(bare) or _is_wrapped(line.rstrip(), following, next_bare, width):
        yield Edit(start, end, blank)
    else:
        stop = position - (len(line) - len(line.rstrip(_BLANKS)))
        yield Edit(stop, stop, "。" if cjk else ".")
        yield Edit(start, end, blank)


def _keeps_hyphen(line: str, following: str) -> bool:
    """False where a word was divided for want of room: `impor-` `tant`, not `well-` `known`."""
    first, second = _LAST_WORD.search(line), _FIRST_WORD.match(following)
    if first is None or second is None:
        return True  # a figure, or a name as Anglo-Saxon
    a, b = first[0].lower(), second[0].lower()
    return a + b not in COMMON and (a in _PREFIXES or (a in COMMON and b in COMMON))


def _is_wrapped(line: str, following: str, next_bare: str, width: int) -> bool:
    """True when the sentence goes on in the next line."""
    if _ITEM.match(following):
        return False
    if next_bare[0].islower():
        return True
    first = re.match(r"\S+", following)
    assert first is not None
    return width >= _NARROWEST and len(line) + 1 + len(first[0]) > width
