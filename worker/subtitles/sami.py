"""SAMI, the captions of Windows Media Player, to cues: HTML in which each text ends where the next
begins, often in several languages at once."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from worker.subtitles.notes import Cue, Malformed, Notes
from worker.subtitles.tables import until_next

_HEAD = re.compile(r"\s{0,100}(?:<[?!][^<>]{0,400}>\s{0,100}){0,3}<sami[\s>]", re.IGNORECASE)
_TOKEN = re.compile(r"<(/?[a-z]+)([^<>]*)>|([^<]+|<)", re.IGNORECASE)
_START = re.compile(r"\bstart\s?=\s?[\"']?(-?\d{1,10})(?:ms)?(?=[\s\"'/]|$)", re.IGNORECASE)
_CLASS = re.compile(r"\bclass\s?=\s?[\"']?([\w.-]{1,40})", re.IGNORECASE)


class _Piece(NamedTuple):
    """What is shown from `start` on, seconds, in one language; empty where it only clears."""

    start: float
    language: str
    line: int
    parts: list[str]


def looks_like_sami(text: str) -> bool:
    """True for what begins as one of these documents does."""
    return _HEAD.match(text) is not None


def sami_cues(text: str, notes: Notes) -> list[Cue]:
    """The cues of the language that comes first; `notes` names the others. Raises Malformed: a time
    cannot be read, or there are no words."""
    found = [
        (piece.language, Cue(piece.start, piece.start, "".join(piece.parts).strip(), piece.line))
        for piece in _pieces(_without_comments(text))
    ]
    languages = list(dict.fromkeys(language for language, cue in found if cue.text))
    if not languages:
        raise Malformed("holds no subtitles with times and words")
    if len(languages) > 1:
        others = ", ".join(name or "one without a name" for name in languages[1:6])
        notes.say(f"has {len(languages)} languages: {languages[0]} was used, not {others}")
    cues = until_next([cue for language, cue in found if language in (languages[0], "")])
    return [cue for cue in cues if cue.text]


def _without_comments(text: str) -> str:
    """`text` without comments, their line breaks kept."""
    first, *rest = text.split("<!--")
    kept = [first]
    for part in rest:
        comment, _, after = part.partition("-->")
        kept += ["\n" * comment.count("\n"), after]
    return "".join(kept)


def _pieces(text: str) -> Iterator[_Piece]:
    piece: _Piece | None = None
    line = 1
    for token in _TOKEN.finditer(text):
        tag, attributes, words = (token[1] or "").lower(), token[2], token[3]
        if tag == "sync":
            time = _START.search(attributes)
            if not time:
                raise Malformed(f"line {line} has no time in milliseconds where one must be")
            if piece is not None:
                yield piece
            piece = _Piece(int(time[1]) / 1000, "", line, [])
        elif tag == "p" and piece is not None:
            if "".join(piece.parts[:3]).strip() or piece.language:
                yield piece
            name = _CLASS.search(attributes)
            piece = _Piece(piece.start, name[1].upper() if name else "", line, [])
        elif piece is not None and (tag == "br" or words):
            said = re.sub(r"\s+", " ", html.unescape(words)) if words else "\n"
            piece.parts.append(said)
        line += token[0].count("\n")
    if piece is not None:
        yield piece
