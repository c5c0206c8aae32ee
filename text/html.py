"""Remains of HTML in a text that was copied from a page: its tags go, its entities are read.

Only what HTML knows is touched; `x < y` and `<laughs>` stay. A tag that begins a new line on a page
is a line break.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

from text.characters import RESERVED
from text.spans import Edit, Mapped

_INLINE = (
    "a|abbr|b|big|cite|code|del|dfn|em|font|i|img|ins|kbd|mark|q|samp|small|span|strike|strong|sup"
    "|tt|u|var|wbr"
)
_LINE = "br"
_ITEM = "dd|dt|figcaption|li|tr"
_BLOCK = (
    "article|blockquote|body|center|div|dl|figure|footer|h[1-6]|header|hr|html|main|nav|ol|pre"
    "|section|table|tbody|tfoot|thead|ul"
)
_CELL = "td|th"
_ATTRIBUTE = r"\s{1,20}[\w:-]{1,40}\s?=\s?(?:\"[^\"<>]{0,500}\"|'[^'<>]{0,500}'|[^\s\"'<>=]{1,200})"
_TAG = re.compile(
    rf"</?(?:(?P<inline>{_INLINE})|(?P<line>{_LINE})|(?P<item>{_ITEM})|(?P<block>{_BLOCK})"
    rf"|(?P<cell>{_CELL}))"
    rf"(?:{_ATTRIBUTE}){{0,20}}\s{{0,20}}/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


def without_html(
    text: Mapped,
) -> tuple[Mapped, list[tuple[int, int]], list[tuple[int, int, str]]]:
    """`text` without tags and entities of HTML, the written spans of the tags, and those of the
    entities with what they stand for."""
    found = [
        (match.start(), False, Edit(*match.span(), _in_place_of(match)))
        for match in _TAG.finditer(text.text)
    ]
    found += [
        (match.start(), True, Edit(*match.span(), meant))
        for match in _ENTITY.finditer(text.text)
        if (meant := _meant(match[0])) is not None
    ]
    edits: list[Edit] = []
    removed: list[tuple[int, int]] = []
    shown: list[tuple[int, int, str]] = []
    for start, is_entity, edit in sorted(found, key=lambda item: item[0]):
        if edits and start < edits[-1].end:
            continue  # an entity in a tag's attribute
        edits.append(edit)
        if is_entity:
            shown.append((*text.span(edit.start, edit.end), edit.text))
        else:
            removed.append(text.span(edit.start, edit.end))
    return text.edited(edits), removed, shown


def _in_place_of(tag: re.Match[str]) -> str:
    if tag["block"]:
        return "\n\n"
    if tag["line"]:
        return "\n"
    if tag["item"]:
        return "" if tag[0][1] == "/" else "\n"
    return " " if tag["cell"] else ""


def _meant(entity: str) -> str | None:
    """What an entity stands for, "" for a number without a character, None for no entity."""
    if not entity.startswith("&#"):
        meant = html5.get(entity[1:])
        return meant if meant is None or meant.isprintable() else " " * meant.isspace()
    meant = html.unescape(entity)
    if meant.isspace():
        return " "
    return "" if not meant.isprintable() or re.search(f"{RESERVED}|\ufffd", meant) else meant
