"""Remains of HTML in a text that was copied from a page: its tags go, its entities are read.

Only what HTML knows is touched; `x < y` and `<laughs>` stay. A tag that begins a new line on a page
is a line break.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5

from text.characters import RESERVED
from text.spans import Edit, Mapped

_INLINE = (
    "a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|img|input|ins|kbd|label|mark|q|samp|small|span|strike|strong|sup"
    "|time|tt|u|var|wbr"
)
_LINE = "br"
_ITEM = "dd|dt|figcaption|li|tr"
_BLOCK = (
    "address|article|aside|blockquote|body|button|center|details|div|dl|fieldset|figure|footer|form|h[1-6]|head|header|hr|html|iframe|link|main|nav"
    "|ol|option|picture|pre|section|select|source|summary|svg|table|tbody|textarea|tfoot|thead|title|ul|video"
)
_CELL = "td|th"
_ATTRIBUTE = (
    # A name alone only where it is one of HTML: `a<b and c>d` is no tag.
    r"\s{1,20}(?:[\w:@.-]{1,40}\s?=\s?(?:\"[^\"<>]{0,500}\"|'[^'<>]{0,500}'|[^\s\"'<>=]{1,200})"
    r"|data-[\w-]{1,40}|allowfullscreen|async|autofocus|autoplay|checked|controls|default|defer|disabled"
    r"|download|hidden|ismap|itemscope|loop|multiple|muted|nomodule|novalidate|nowrap|noshade|open"
    r"|readonly|required|reversed|selected)"
)
_TAG = re.compile(
    rf"</?(?:(?P<inline>{_INLINE})|(?P<line>{_LINE})|(?P<item>{_ITEM})|(?P<block>{_BLOCK})"
    rf"|(?P<cell>{_CELL}))"
    rf"(?:{_ATTRIBUTE}){{0,20}}\s{{0,20}}/?>",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"<!--|<!doctype\b|<(?P<name>script|style|template|noscript)[\s>]", re.IGNORECASE
)
_RAISED = re.compile(
    r"(?P<word>[A-Za-z]{2}|[.,;:!?)\"'])?(?P<open><sup(?:\s[^<>]{0,200})?>)\s?"
    r"(?P<n>[-−+]?\d{1,3}|\[\w{1,3}\]|\*)\s?(?P<close></sup>)",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


def without_html(
    text: Mapped,
) -> tuple[Mapped, list[tuple[int, int]], list[tuple[int, int, str]]]:
    """`text` without tags and entities of HTML, the written spans of the tags, and those of the
    entities with what they stand for."""
    found = [(edit.start, False, edit) for edit in _unseen(text.text)]
    found += [(edit.start, False, edit) for edit in _raised(text.text)]
    found += [
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
            continue  # an entity in a tag's attribute, a tag in a script
        edits.append(edit)
        if is_entity:
            shown.append((*text.span(edit.start, edit.end), edit.text))
        else:
            removed.append(text.span(edit.start, edit.end))
    return text.edited(edits), removed, shown


def _unseen(text: str) -> Iterator[Edit]:
    """Comments, scripts and styles, which a page does not show."""
    position, missing = 0, set[str]()
    for match in _UNSEEN.finditer(text):
        name = match["name"]
        end = f"</{name.lower()}" if name else "-->" if match[0] == "<!--" else ">"
        if match.start() < position or end in missing:
            continue
        close = text.lower().find(end, match.end()) if name else text.find(end, match.end())
        if close < 0:
            missing.add(end)
            continue
        position = text.find(">", close) + 1 or len(text)
        yield Edit(match.start(), position, "\n" if name else "")


def _raised(text: str) -> Iterator[Edit]:
    """`x<sup>2</sup>` is x^2; behind a word a number or a star is a note, which is not said."""
    for match in _RAISED.finditer(text):
        if match["word"] or not match["n"][-1].isdecimal():
            yield Edit(match.start("open"), match.end("close"), "")
        elif match.start() and text[match.start() - 1].isalnum():
            yield Edit(*match.span("open"), "^")
            yield Edit(*match.span("close"), "")


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


# Elements that SSML has as well, with another meaning.
_OF_BOTH = "p|s|sub|mark|audio|meta|metadata|w|desc"
_ONLY_SSML = re.compile(
    r"<(?:/|)(?:speak|break|prosody|say-as|phoneme|emphasis|voice|lang|lexicon|lookup|par|seq|media"
    r"|bookmark|token|pause|sentence)\b|\bxml:lang\s?=|<sub\s{1,9}alias\s?=",
    re.IGNORECASE,
)
_BOTH_TAG = re.compile(rf"</?(?P<name>{_OF_BOTH})(?:\s[^<>]{{0,2000}})?/?>", re.IGNORECASE)
_PAGES = re.compile(r"</?p[\s>]|<sub>\s?[\w+-]{1,4}\s?</sub>|<mark>", re.IGNORECASE)


def is_page(text: str) -> bool:
    """True for what is plainly HTML: paragraphs or elements SSML does not have, and none that HTML
    does not have."""
    if _ONLY_SSML.search(text):
        return False
    return _PAGES.search(text) is not None or _TAG.search(text) is not None


def without_page_tags(text: Mapped) -> tuple[Mapped, list[tuple[int, int]]]:
    """A page's `text` without the tags that SSML has as well, and their written spans."""
    edits = [
        Edit(*match.span(), "\n\n" if match["name"].lower() == "p" else "")
        for match in _BOTH_TAG.finditer(text.text)
    ]
    return text.edited(edits), [text.span(edit.start, edit.end) for edit in edits]
