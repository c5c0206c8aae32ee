"""Subtitles and lyrics that were pasted with their times: only their words are spoken.

Known are SRT, WebVTT, SBV, the dialogue lines of ASS, and LRC. A block is known by its times
(`00:00:01,000 --> 00:00:04,000`, `[00:12.00]`), so that no list of numbers is taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from text.spans import Edit, Mapped

_T = r"(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}"
_ARROW = re.compile(rf"[ \t]{{0,8}}{_T}[ \t]{{0,4}}--?>[ \t]{{0,4}}{_T}(?:[ \t][^\n]{{0,200}})?$")
_COMMA = re.compile(rf"[ \t]{{0,8}}{_T},{_T}[ \t]{{0,8}}$")
_NUMBER = re.compile(r"[ \t]*\d{1,6}[ \t]*$")
_HEADER = re.compile(r"WEBVTT(?:[ \t][^\n]*)?$")
_NOTES = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t][^\n]*)?$")
_STAMP = r"\[\d{1,3}:\d{2}(?::\d{2})?(?:[.:]\d{1,3})?\]"
_STAMPS = re.compile(rf"[ \t]{{0,8}}(?:{_STAMP}[ \t]{{0,4}}){{1,20}}")
_ABOUT = re.compile(
    r"[ \t]*\[(?:ti|ar|al|au|by|re|ve|la|lr|id|length|offset|tool)\s?:[^\[\]\n]*\][ \t]*$",
    re.IGNORECASE,
)
# Layer, times, style, name, margins, effect; of commas without a field between them one is left.
_DIALOGUE = re.compile(
    rf"Dialogue:[ \t]?[^,\n]{{0,20}},{_T},{_T},(?:[^,\n]{{0,80}},){{1,2}}(?:\d{{1,5}},){{3}},?"
)
_INSIDE = re.compile(
    rf"<{_T}>|</?(?:v|c|lang|ruby|rt)(?:[. \t][^<>\n]{{0,80}})?>|\{{\\[^{{}}\n]{{1,80}}\}}|\\[Nnh]"
)


@dataclass(frozen=True)
class _Line:
    start: int
    end: int  # without the line break
    text: str


def without_cues(text: Mapped) -> tuple[Mapped, list[tuple[int, int]], str]:
    """`text` without the times and numbers of subtitles, the written spans of these, and the name
    of the form they have; "" and an unchanged text where there are none."""
    if "-->" not in text.text and ":" not in text.text:
        return text, [], ""
    lines = list(_lines(text.text))
    name, edits = _found(lines)
    if not name:
        return text, [], ""
    removed = [text.span(edit.start, edit.end) for edit in edits if edit.start < edit.end]
    text = text.edited(edits)
    inside = [Edit(*m.span(), " " if m[0][0] == "\\" else "") for m in _INSIDE.finditer(text.text)]
    removed += [text.span(edit.start, edit.end) for edit in inside]
    return text.edited(inside), removed, name


def subtitle_form(text: str) -> str:
    """The form of the subtitles that `text` is or holds, "" where it holds none."""
    if "-->" not in text and ":" not in text:
        return ""
    lines = text.split("\n")
    times = [found[0] for line in lines if (found := _ARROW.match(line) or _COMMA.match(line))]
    if times:
        return _form_of(times, any(_HEADER.match(line.strip()) for line in lines))
    if any(_DIALOGUE.match(line) for line in lines):
        return "ASS"
    return "LRC" if sum(_STAMPS.match(line) is not None for line in lines) > 1 else ""


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for line in text.split("\n"):
        yield _Line(start, start + len(line), line)
        start += len(line) + 1


def _form_of(times: list[str], webvtt: bool) -> str:
    """The form of subtitles whose lines with times are these."""
    return "WebVTT" if webvtt else "SRT" if any("-->" in each for each in times) else "SBV"


def _found(lines: list[_Line]) -> tuple[str, list[Edit]]:
    """The form of the subtitles and the edits that take out all but the words."""
    times = [_ARROW.match(line.text) or _COMMA.match(line.text) for line in lines]
    if any(times):
        webvtt = any(_HEADER.match(line.text.strip()) for line in lines)
        form = _form_of([match[0] for match in times if match], webvtt)
        return form, list(_cues(lines, [bool(match) for match in times], webvtt))
    if any(_DIALOGUE.match(line.text) for line in lines):
        return "ASS", list(_dialogue(lines))
    stamps = [_STAMPS.match(line.text) for line in lines]
    if sum(match is not None for match in stamps) > 1:
        return "LRC", list(_lyrics(lines, stamps))
    return "", []


def _cues(lines: list[_Line], is_time: list[bool], webvtt: bool) -> Iterator[Edit]:
    """Each cue's head with the empty lines before it is one line break, so that a sentence may go
    on from one cue to the next."""
    gone = [False] * len(lines)
    for number, line in enumerate(lines):
        if (
            webvtt
            and not gone[number]
            and (_HEADER.match(line.text.strip()) or _NOTES.match(line.text.strip()))
        ):
            _until_empty(lines, is_time, gone, number)
        if is_time[number]:
            gone[number] = True
            named = number > 0 and not gone[number - 1] and lines[number - 1].text.strip()
            if named and (
                _NUMBER.match(lines[number - 1].text) or (webvtt and _opens(lines, number - 1))
            ):
                gone[number - 1] = True
    yield from _runs(lines, gone)


def _until_empty(lines: list[_Line], is_time: list[bool], gone: list[bool], number: int) -> None:
    """A head or a note of WebVTT ends at the next empty line or time."""
    while number < len(lines) and lines[number].text.strip() and not is_time[number]:
        gone[number] = True
        number += 1


def _opens(lines: list[_Line], number: int) -> bool:
    """True for a line that stands after an empty one: there a cue of WebVTT has its name."""
    return number == 0 or not lines[number - 1].text.strip()


def _runs(lines: list[_Line], gone: list[bool]) -> Iterator[Edit]:
    """Takes out runs of lines with the blank lines around them."""
    number = 0
    while number < len(lines):
        first = number
        while number < len(lines) and (gone[number] or not lines[number].text.strip()):
            number += 1
        if number > first and any(gone[first:number]):
            start = lines[first].start - (first > 0)
            end = lines[number - 1].end + (number < len(lines))
            inner = first > 0 and number < len(lines)
            yield Edit(start, end, "\n" if inner else "")
        number += number == first


def _dialogue(lines: list[_Line]) -> Iterator[Edit]:
    """Of ASS only what is said: every other line is a setting."""
    for line in lines:
        head = _DIALOGUE.match(line.text)
        yield Edit(line.start, line.start + head.end() if head else line.end, "")


def _lyrics(lines: list[_Line], stamps: list[re.Match[str] | None]) -> Iterator[Edit]:
    for line, stamp in zip(lines, stamps, strict=True):
        if stamp:
            yield Edit(line.start, line.start + stamp.end(), "")
        elif _ABOUT.match(line.text):
            yield Edit(line.start, line.end, "")
