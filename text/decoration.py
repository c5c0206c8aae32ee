"""Markdown and ornaments, which are seen and not said.

Headings, list bullets, quotes, rules, tables and fences lose their signs; emphasis, code marks
and links keep their words. A heading is marked, so that it gets its pause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from text.characters import HEADING, ITEM
from text.spans import Edit, Mapped

_LINE = re.compile(r"[^\n]*\n?")
_HEADING = re.compile(
    r"[ ]{0,3}(?P<mark>#{1,6}[ \t]+)(?P<words>[^\n]*?)(?P<tail>[ \t]*#*[ \t]*)(?=\n|$)"
)
_UNDERLINE = re.compile(r"[ ]{0,3}(?:={3,}|-{3,})[ \t]*$")
_RULE = re.compile(
    r"[ \t]*(?:(?:[-*_=~#+•·.◆★☆♦♥❤–—]{3,})|(?:[-*_•·★☆♦♥❤◆][ \t]+){2,}[-*_•·★☆♦♥❤◆])[ \t]*$"
)
_FENCE = re.compile(r"[ ]{0,3}(?:```|~~~)[\w+-]{0,20}[ \t]*$")
_BULLET = re.compile(r"[ \t]*(?P<mark>(?:[-*+•‣▪●○◦–—][ \t]+)(?:\[[ xX]\][ \t]+)?)(?=\S)")
_NUMBER = re.compile(r"[ \t]*\(?\d{1,3}(?P<mark>\))(?=[ \t]+\S)")  # 1) or (1)
_QUOTE = re.compile(r"[ ]{0,3}(?P<mark>(?:>[ \t]?)+)")
_TABLE = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_TABLE_RULE = re.compile(
    r"[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*(?:\|[ \t]*:?-{3,}:?[ \t]*){0,50}\|?[ \t]*$"
)
_DASHES = re.compile(r"(?<=[\w,.!?\"')])(?:--|---)(?=[\w\"'(])|(?<=\s)(?:--|---)(?=\s)")

_TICKS = re.compile(r"``|`")

_INLINE = [
    re.compile(
        r"(?P<a>!?\[)(?P<words>[^\[\]\n]{0,300})(?P<b>\]\((?:[^()\s\n]|\([^"
        r"()\n]{0,100}\)){0,500}(?: \"[^\"\n]{0,200}\")?\))"
    ),
    re.compile(r"(?P<a>\[\^)(?P<b>[\w-]{1,20}\])(?P<words>)"),
    re.compile(r"(?P<a><)(?P<words>(?:https?://|mailto:)[^<>\s]{1,500})(?P<b>>)"),
    re.compile(
        r"(?<![\w*\\])(?P<a>\*{1,3})(?=[^\s*])(?P<words>[^*\n]{1,500})(?<=[^\s*])(?P<b>\*{1,3})"
        r"(?![\w*])"
    ),
    re.compile(
        r"(?<![\w_\\])(?P<a>_{1,3})(?=[^\s_])(?P<words>[^_\n]{1,300})(?<=[^\s_])(?P<b>_{1,3})(?!"
        r"[\w_])"
    ),
    re.compile(r"(?<![\w~])(?P<a>~~)(?=\S)(?P<words>[^~\n]{1,500})(?<=\S)(?P<b>~~)(?![\w~])"),
    re.compile(r"(?P<a>`{1,3})(?P<words>[^`\n]{1,300})(?P<b>`{1,3})"),
]
_ORNAMENT = re.compile(r"(?<![\w])([*~^_=#+|<>•·★☆♦♥◆-])(?:[ ]?\1){2,}(?![\w])")


def undecorated(text: Mapped) -> tuple[Mapped, list[tuple[int, int]]]:
    """`text` without decoration, and the written spans of what was taken out."""
    removed: list[tuple[int, int]] = []
    for stage in (_lines, _inline, _ornaments):
        edits = list(stage(text.text))
        removed += [
            text.span(edit.start, edit.end)
            for edit in edits
            if edit.start < edit.end and not edit.text.strip(HEADING + ITEM)
        ]
        text = text.edited(edits)
    return text, removed


def _lines(text: str) -> Iterator[Edit]:
    previous = (0, 0)
    position = 0
    while position < len(text):
        match = _LINE.match(text, position)
        assert match is not None
        line = match[0].rstrip("\n")
        end = position + len(line)
        yield from _line(text, position, end, line, previous)
        previous = (position, end) if line.strip() else (0, 0)
        position = match.end()


def _line(text: str, start: int, end: int, line: str, previous: tuple[int, int]) -> Iterator[Edit]:
    if _UNDERLINE.match(line) and previous[1] and _is_title(text[slice(*previous)], line):
        yield Edit(previous[1], previous[1], HEADING)
        yield Edit(start, end, "")
    elif "|" in line and _TABLE_RULE.match(line):
        yield Edit(start, min(end + 1, len(text)), "")
    elif line.strip() and (_RULE.match(line) or _FENCE.match(line)):
        yield Edit(start, end, "")
    elif (heading := _HEADING.match(text, start)) and heading.end() >= end - 1:
        yield Edit(*heading.span("mark"), "")
        yield Edit(*heading.span("tail"), HEADING)
    elif _TABLE.match(line):
        yield from _row(start, line)
    else:
        for pattern, sign in ((_QUOTE, ""), (_BULLET, ITEM)):
            if mark := pattern.match(text, start):
                yield Edit(*mark.span("mark"), sign)
                start = mark.end("mark")
        if number := _NUMBER.match(text, start):
            yield from _numbered(number)


def _numbered(number: re.Match[str]) -> Iterator[Edit]:
    """An item's number is said like a sentence: `1)` as `1.`."""
    bracket = number[0].find("(")
    if bracket >= 0:
        yield Edit(number.start() + bracket, number.start() + bracket + 1, "")
    yield Edit(*number.span("mark"), ".")


def _is_title(line: str, underline: str) -> bool:
    if "-" in underline and line.rstrip().endswith((".", "!", "?", '"')):
        return False  # a rule between scenes
    return (
        bool(line.strip())
        and len(line) <= 120
        and not line.lstrip().startswith(("-", "*", "|", ">"))
    )


def _row(start: int, line: str) -> Iterator[Edit]:
    """A row of a table: its cells, with commas between."""
    bars = list(re.finditer(r"[ \t]*\|", line))
    for number, bar in enumerate(bars):
        inner = 0 < number < len(bars) - 1
        yield Edit(start + bar.start(), start + bar.end(), "," if inner else "")


def _inline(text: str) -> Iterator[Edit]:
    edits: list[Edit] = []
    for pattern in _INLINE:
        for match in pattern.finditer(text):
            edits += [Edit(*match.span("a"), ""), Edit(*match.span("b"), "")]
    edits.sort(key=lambda edit: (edit.start, edit.end))
    position = 0
    for edit in edits:
        if edit.start >= position:
            yield edit
            position = edit.end


def _ornaments(text: str) -> Iterator[Edit]:
    found = [Edit(*match.span(), "") for match in _ORNAMENT.finditer(text)]
    found += [Edit(*match.span(), "—") for match in _DASHES.finditer(text)]
    found += [
        Edit(*match.span(), "'" if len(match[0]) == 1 else '"') for match in _TICKS.finditer(text)
    ]
    position = 0
    for edit in sorted(found, key=lambda edit: edit.start):
        if edit.start >= position:
            yield edit
            position = edit.end
