"""Subtitles of programs for discs: Spruce's STL and the first SubViewer."""

from __future__ import annotations

import re

from worker.subtitles.cues import CLOCK, seconds
from worker.subtitles.markup import plain
from worker.subtitles.notes import Cue, Malformed, Notes

_SPRUCE = re.compile(rf"\s*{CLOCK}\s*,\s*{CLOCK}\s*,(?P<words>.*)")
_CODES = re.compile(r"\^[BIU]")
_STAMP = re.compile(r"\s*\[(\d{1,2}:\d{2}:\d{2})\]\s*")
_BEGIN, _END = "[START SCRIPT]", "[END]"


def looks_like_spruce(text: str) -> bool:
    """True for lines of two times and words, with or without settings above them."""
    lines = [line for line in text.split("\n") if line.strip() and not _is_setting(line)]
    return bool(lines) and all(map(_SPRUCE.fullmatch, lines))


def spruce_cues(text: str, notes: Notes) -> list[Cue]:
    """The cues of an STL file of Spruce, whose frames are fractions already."""
    cues = []
    for number, line in enumerate(text.split("\n"), 1):
        if not (found := None if _is_setting(line) else _SPRUCE.fullmatch(line)):
            continue
        start, end = seconds(found.groups()[:4]), seconds(found.groups()[4:8])
        if end < start:
            raise Malformed(f"line {number} ends before it starts")
        words = _CODES.sub("", found["words"]).replace("|", "\n")
        cues.append(Cue(start, end, plain(words, vtt=False), number))
    return cues


def looks_like_subviewer(text: str) -> bool:
    """True for a file of the first SubViewer."""
    begins = text.lstrip().startswith("[") and _BEGIN in text
    return begins and any(line.strip() == _BEGIN for line in text.split("\n"))


def subviewer_cues(text: str, notes: Notes) -> list[Cue]:
    """The words between two times, each alone on its line. Raises Malformed: a time lacks its
    second."""
    cues: list[Cue] = []
    start, words, begun = None, list[str](), False
    for number, line in enumerate(text.split("\n"), 1):
        begun = begun or line.strip() == _BEGIN
        stamp = _STAMP.fullmatch(line) if begun else None
        if stamp and words and start is not None:
            found = re.fullmatch(CLOCK, stamp[1])
            end = seconds(found.groups()) if found else start
            cues.append(Cue(start, end, "\n".join(words), number - 1))
            start, words = end, []
        elif stamp and (found := re.fullmatch(CLOCK, stamp[1])):
            start = seconds(found.groups())
        elif not begun or not line.strip() or line.strip() in (_BEGIN, _END):
            continue
        elif start is None:
            raise Malformed(f"line {number} has words without a time")
        else:
            words += line.split("|")
    if words:
        raise Malformed("ends with words whose second time is missing")
    if late := next((cue for cue in cues if cue.end < cue.start), None):
        raise Malformed(f"line {late.line} ends before it starts")
    return cues


def _is_setting(line: str) -> bool:
    return line.lstrip().startswith(("//", "$"))
