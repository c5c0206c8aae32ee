"""Characters as the model knows them: canonical forms, no invisible characters, plain quotes.

Compatibility forms are resolved for ligatures, full-width and decorated letters only: resolved
everywhere, `½` would become `1⁄2` and `m²` `m2`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from errors import InvalidInput
from text.places import place
from text.spans import Edit, Mapped

_LONGEST_CLUSTER = 30  # combining marks on one letter; more is decoration (Unicode's limit as well)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_DIVIDED = re.compile("\u00ad[ \t]*(?:\r\n|[\r\n])[ \t]*(?=[^\\W\\d_])")  # a word at a line's end
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")
_BREAK = re.compile("\r\n?|[\x0b\x1c-\x1e\x85\u2028]|[\x0c\u2029]")
_BLANK = re.compile("[\t\x1f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Ligatures, full- and half-width forms, Roman numerals as one sign, squared units, fancy letters.
_COMPATIBILITY = re.compile(
    "[\u2100\u2116\u2121\u2160-\u217f\u2460-\u2473\u24b6-\u24e9\u3371-\u3376\u337f-\u33df"
    "\ufb00-\ufb17\uff01-\uffdc\uffe0-\uffe6\U0001d400-\U0001d7ff\U0001f130-\U0001f149]"
)
_CIRCLED = "".join(map(chr, range(0x2460, 0x2474)))
_KEPT = "\u2116\u2100"  # № has a reading of its own
_CJK = re.compile(
    "[\u2e80-\u303f\u3041-\u33ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]"
)
_CJK_PUNCTUATION = re.compile("[\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]")
_REPLACED = {
    "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "〃": '"', "ˮ": '"', "❝": '"', "❞": '"',
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʼ": "'", "′": "'", "´": "'", "ʹ": "'",
    "❛": "'", "❜": "'", "‹": "'", "›": "'", "‐": "-", "‑": "-", "⁃": "-", "﹣": "-", "‒": "–",
    "―": "—", "⸺": "—", "⁄": "/", "∕": "/", "⁓": "~", "∼": "~", "˜": "~", "‧": "·",
    "¯": "-", "ˈ": "'", "\u037e": ";", "։": ":", "‥": "..", "⁇": "??", "⁈": "?!", "⁉": "!?",
    "‼": "!!", "∶": ":", "℃": "°C", "℉": "°F", "Ω": "Ω", "K": "K", "Å": "Å",
}  # fmt: skip
_REPLACE = re.compile("[" + "".join(map(re.escape, _REPLACED)) + "]")
_REPEATED = re.compile(r"([!?])(?:\1{3,})|(?<!\.)\.{4,}|,{2,}|…{2,}")


def clean(written: Mapped) -> Mapped:
    """`written` in canonical characters.

    Raises:
        InvalidInput: a control character or half a surrogate pair; says where.
    """
    if found := _CONTROL.search(written.text):
        where = place(written.text, found.start())
        raise InvalidInput(
            f"{where}: holds the control character {found[0]!a}",
            "Delete it, or replace it by a space.",
        )
    text = written.edited(Edit(*m.span(), "") for m in _DIVIDED.finditer(written.text))
    text = text.edited(Edit(*m.span(), "") for m in _INVISIBLE.finditer(text.text))
    text = text.edited(_breaks(text.text))
    text = text.edited(_canonical(text.text))
    text = text.edited(_compatible(text.text))
    text = text.edited(Edit(*m.span(), _REPLACED[m[0]]) for m in _REPLACE.finditer(text.text))
    return text.edited(Edit(*m.span(), _fewer(m[0])) for m in _REPEATED.finditer(text.text))


def _breaks(text: str) -> Iterator[Edit]:
    found = [
        Edit(*m.span(), "\n\n" if m[0] in "\x0c\u2029" else "\n") for m in _BREAK.finditer(text)
    ]
    found += [Edit(*m.span(), " ") for m in _BLANK.finditer(text)]
    yield from sorted(found, key=lambda edit: edit.start)


def _canonical(text: str) -> Iterator[Edit]:
    """NFC, letter by letter, so that the map stays fine."""
    if unicodedata.is_normalized("NFC", text):
        return
    start = 0
    for end in range(1, len(text) + 1):
        joins = end < len(text) and _continues(text[end]) and end - start < _LONGEST_CLUSTER
        if joins:
            continue
        cluster = text[start:end]
        composed = unicodedata.normalize("NFC", cluster)
        if composed != cluster:
            yield Edit(start, end, composed)
        start = end


def _continues(character: str) -> bool:
    return unicodedata.combining(character) != 0 or "\u1161" <= character <= "\u11ff"


def _compatible(text: str) -> Iterator[Edit]:
    for match in _COMPATIBILITY.finditer(text):
        character = match[0]
        if character in _KEPT or (_CJK_PUNCTUATION.match(character) and _beside_cjk(text, match)):
            continue
        plain = unicodedata.normalize("NFKC", character)
        if "\u2460" <= character <= "\u2473":  # ①② are two numbers
            start, end = match.span()
            plain = " " * text[max(0, start - 1) : start].isalnum() + plain
            plain += " " * (text[end : end + 1].isalnum() and text[end] not in _CIRCLED)
        if plain != character:
            yield Edit(*match.span(), plain)


def _beside_cjk(text: str, match: re.Match[str]) -> bool:
    """Full-width punctuation belongs to Chinese and Japanese text, and the model knows it."""
    start, end = match.span()
    return bool(_CJK.search(text[max(0, start - 2) : start] + text[end : end + 1]))


def _fewer(run: str) -> str:
    """Three marks say as much as thirty, and each would take time."""
    return run[:1] if run[0] in ",…" else run[:3]


def on_one_line(text: Mapped) -> Mapped:
    """XML's line breaks are blanks."""
    return text.edited(
        Edit(i, i + 1, " ") for i, character in enumerate(text.text) if character in "\n\r"
    )


def single_blanks(text: Mapped) -> Mapped:
    """One blank where there were several, and none before a mark where a word has gone."""
    characters = text.text
    gone = [
        position
        for position in range(len(characters) - 1)
        if characters[position] == " "
        and (characters[position + 1] == " " or _word_has_gone(text, position))
    ]
    return text.edited(Edit(position, position + 1, "") for position in gone)


def _word_has_gone(text: Mapped, position: int) -> bool:
    following = position + 1
    return text.text[following] in ".,!?;:" and text.starts[following] > text.ends[position]
