"""Transcripts with one cue a line: ASS and SSA, LRC, SBV, what recognisers print, stamped texts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import pairwise

from worker.subtitles.cues import CLOCK, seconds
from worker.subtitles.limits import refuse_many_cues
from worker.subtitles.markup import ass_plain, plain
from worker.subtitles.notes import Cue, Malformed, Notes
from worker.subtitles.tables import until_next

_UNOPENED = re.compile(r"\\[a-zA-Z0-9&()]{1,30}\}")
_EVENT = re.compile(r"\s*(?:Dialogue|Comment)\s*:\s*", re.IGNORECASE)
_SIGN = re.compile(r"\b(?:signs?|titles?|typeset\w*)\b", re.IGNORECASE)
_FORMAT = re.compile(r"\s*Format\s*:\s*", re.IGNORECASE)
_USUAL = "layer, start, end, style, name, marginl, marginr, marginv, effect, text"

_STAMP = re.compile(r"\s*\[(\d{1,3}):(\d{2}(?::\d{2})?)(?:[.:](\d{1,3}))?\]")
_INNER_STAMP = re.compile(r"<\d{1,3}:\d{2}(?:[.:]\d{1,3})?>")
_ABOUT = re.compile(r"\s*\[([a-z#]{1,8})\s?:([^\[\]]*)\]\s*", re.IGNORECASE)
_SBV = re.compile(rf"\s*{CLOCK}\s*,\s*{CLOCK}\s*")
_CLOCK_OR_SECONDS = r"(?:\d{1,6}(?:\.\d{1,6})?s?|[\d:.,]{4,16})"
_PRINTED = re.compile(
    rf"\s*\[\s*({_CLOCK_OR_SECONDS})\s*-{{1,2}}>\s*({_CLOCK_OR_SECONDS})\s*\]\s?(.*)"
)
_RANGED = re.compile(
    r"\s*[\[(]?((?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?)\s*(?:[-\u2013\u2014~]{1,3}|to)\s*"
    r"((?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?)[\])]?:?\s+(\S.*)"
)
_OF_WHISPER = re.compile(r"Detect(?:ing|ed) language\b")  # above what it prints
_STAMPED = re.compile(
    r"\s*[\[(]?((?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?)[\])]?"
    r"(?:[:=]?\s+|[:=](?=\D)|$)(.*)"
)
_TMPLAYER = re.compile(r"00:0\d:\d{2}:[^\s\d].*")
_FRAMES = re.compile(r"\s*\{(\d{1,7})\}\{(\d{0,7})\}(.*)")
_FRAME_RATE = re.compile(r"\s*([1-9]\d{0,2}(?:[.,]\d{1,4})?)\s*(?:fps)?\s*")  # in the first lines
_TENTHS = re.compile(r"\s*\[(\d{1,7})\]\[(\d{0,7})\](.*)")
_SPELLED = re.compile(
    r"\s*\d{1,3} ?[^\W\d_]{1,20}(?:,? (?:[^\W\d_]{1,5} )?\d{1,2} ?[^\W\d_]{1,20}){0,2}\s*"
)
_FIRST_STAMP_S = 60.0

Reader = Callable[[str, Notes], list[Cue]]


def kind_by_lines(text: str, *, stamped: bool) -> Reader | None:
    """What reads a text whose lines have times of one of these kinds; None for any other text.
    `stamped`: times without any mark count as well."""
    lines = [line for line in text.split("\n") if line.strip() and not _OF_WHISPER.match(line)]
    if "\nFormat" in f"\n{text}" and any(_EVENT.match(line) for line in lines):
        return ass_cues
    printed = sum("]" in line and _PRINTED.fullmatch(line) is not None for line in lines)
    if 2 * printed >= len(lines) > 0:
        return printed_cues
    if lines and all(_TENTHS.fullmatch(line) for line in lines):
        return tenth_cues
    for pattern, reader in ((_PRINTED, printed_cues), (_FRAMES, frame_cues), (_SBV, sbv_cues)):
        if lines and pattern.fullmatch(lines[0]):
            return reader
    stamps = sum("[" in line and _STAMP.match(line) is not None for line in lines)
    if stamps > 1 and all(_STAMP.match(line) or _ABOUT.fullmatch(line) for line in lines):
        return lrc_cues
    if stamped and _ranged(lines):
        return ranged_cues
    return stamped_cues if stamped and _rising(lines) else None


def _ranged(lines: list[str]) -> bool:
    """True for two lines or more that begin with the times they are said between, rising from near
    0; "10:30 - 11:00 Breakfast" is words."""
    found = [_RANGED.fullmatch(line) for line in lines]
    spans = [(_clock(each[1]), _clock(each[2])) for each in found if each]
    if len(spans) < 2 or len(spans) < len(lines) or spans[0][0] >= _FIRST_STAMP_S:
        return False
    return all(a <= b for a, b in spans) and all(a[0] <= b[0] for a, b in pairwise(spans))


def _rising(lines: list[str]) -> bool:
    """True for lines that begin with rising times, the first near 0; "9:30 Breakfast" is words."""
    if len(lines) == 1 and _TMPLAYER.fullmatch(lines[0]):
        return True
    stamps = [found for line in lines if (found := _STAMPED.fullmatch(line))]
    if len(stamps) < 2 or not _STAMPED.fullmatch(lines[0]) or 3 * len(stamps) < len(lines):
        return False
    times = [_clock(found[1]) for found in stamps]
    return times[0] < _FIRST_STAMP_S and all(a <= b for a, b in pairwise(times))


def _clock(text: str, line: int = 1) -> float:
    """Seconds of a clock, `1:02.5`, or of a number, `62.50s`."""
    if found := re.fullmatch(CLOCK, text):
        return seconds(found.groups())
    if re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?s?", text):
        return float(text.removesuffix("s"))
    raise Malformed(f"line {line} has no times of the form 00:01.000")


def ass_cues(text: str, notes: Notes) -> list[Cue]:
    """What is said in ASS or SSA; comments are not."""
    columns = _USUAL.split(", ")
    cues = []
    for number, line in enumerate(text.split("\n"), 1):
        if form := _FORMAT.match(line):
            names = [name.strip().casefold() for name in line[form.end() :].split(",")]
            columns = names if "text" in names else columns
        elif event := _EVENT.match(line):
            cells = line[event.end() :].split(",", len(columns) - 1)
            if not {"start", "end"} <= set(columns) or len(cells) < len(columns):
                raise Malformed(f"line {number} has fewer fields than its Format line names")
            named = dict(zip(columns, cells, strict=True))
            if not line.lstrip().lower().startswith("comment"):
                cues.append(_event(named, number))
                if _SIGN.search(named.get("style", "")):
                    notes.add("may be text in the picture, by its style; it counts as said", number)
    return cues


def _event(named: dict[str, str], number: int) -> Cue:
    clocks = [re.fullmatch(CLOCK, named[name].strip()) for name in ("start", "end")]
    if not clocks[0] or not clocks[1]:
        raise Malformed(f"line {number} has no times of the form 0:00:01.00")
    start, end = (seconds(clock.groups()) for clock in clocks if clock)
    if end < start:
        raise Malformed(f"line {number} ends before it starts")
    words = ass_plain(named["text"])
    if "{\\" in words or _UNOPENED.search(words):
        raise Malformed(f"line {number} has an override of which only one brace is there")
    return Cue(start, end, words, number)


def lrc_cues(text: str, notes: Notes) -> list[Cue]:
    """Lyrics: a line ends where the next begins; one with several stamps is sung several times."""
    refuse_many_cues(text.count("\n"))
    cues, offset = [], 0.0
    for number, line in enumerate(text.split("\n"), 1):
        starts: list[float] = []
        at = 0
        while stamp := _STAMP.match(line, at):
            first, rest, fraction = stamp.groups()
            whole = [int(number) for number in (first, *rest.split(":"))]
            total = sum(count * 60**place for place, count in enumerate(reversed(whole)))
            starts.append(total + float(f"0.{fraction or 0}"))
            at = stamp.end()
        about = _ABOUT.fullmatch(line)
        if about and not starts:
            if about[1].lower() == "offset" and re.fullmatch(r"\s*[+-]?\d{1,6}\s*", about[2]):
                offset = int(about[2]) / 1000  # a positive one shows lines earlier
        elif starts:
            words = plain(_INNER_STAMP.sub("", line[at:]), vtt=False)
            cues += [Cue(start, start, words, number) for start in starts]
        elif line.strip():
            raise Malformed(f"line {number} has words without a time")
    moved = [Cue(cue.start - offset, cue.end, cue.text, cue.line) for cue in cues]
    return [cue for cue in until_next(moved) if cue.text.strip()]


def sbv_cues(text: str, notes: Notes) -> list[Cue]:
    """YouTube's SBV and SubViewer: two times with a comma between, then the words; before them
    SubViewer has lines about its film."""
    heads: list[tuple[float, float, int]] = []
    words: list[list[str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if times := _SBV.fullmatch(line):
            start, end = seconds(times.groups()[:4]), seconds(times.groups()[4:])
            if end < start:
                raise Malformed(f"line {number} ends before it starts")
            heads.append((start, end, number))
            words.append([])
        elif line.strip() and not words:
            if not line.lstrip().startswith("["):
                raise Malformed(f"line {number} has words without a time")
        elif line.strip():
            words[-1].append(plain(line.replace("[br]", "\n"), vtt=False))
    return [
        Cue(start, end, "\n".join(lines), number)
        for (start, end, number), lines in zip(heads, words, strict=True)
    ]


def ranged_cues(text: str, notes: Notes) -> list[Cue]:
    """Lines as `0:00-0:03 Hello`, all of them."""
    found = ((number, _RANGED.fullmatch(line)) for number, line in enumerate(text.split("\n"), 1))
    return [
        Cue(_clock(each[1]), _clock(each[2]), each[3], number) for number, each in found if each
    ]


def printed_cues(text: str, notes: Notes) -> list[Cue]:
    """What whisper, whisper.cpp and faster-whisper print: `[00:00.000 --> 00:02.000]  Hello`."""
    cues: list[Cue] = []
    for number, line in enumerate(text.split("\n"), 1):
        if found := _PRINTED.fullmatch(line):
            start, end = _clock(found[1], number), _clock(found[2], number)
            if end < start:
                raise Malformed(f"line {number} ends before it starts")
            cues.append(Cue(start, end, found[3], number))
        elif line.strip() and not cues:
            notes.add("stands before the first time, and was left out", number)
        elif line.strip():
            cues[-1] = cues[-1].with_text(f"{cues[-1].text}\n{line}")
    return cues


def tenth_cues(text: str, notes: Notes) -> list[Cue]:
    """MPL2's `[10][25]Hello|you`, in tenths of a second; a `/` at a line's begin means italics."""
    cues = []
    for number, line in enumerate(text.split("\n"), 1):
        if found := _TENTHS.fullmatch(line):
            words = "\n".join(part.removeprefix("/") for part in found[3].split("|"))
            start = int(found[1]) / 10
            cues.append(Cue(start, int(found[2]) / 10 if found[2] else start, words, number))
    if late := next((cue for cue in cues if cue.end < cue.start), None):
        raise Malformed(f"line {late.line} ends before it starts")
    return cues


def frame_cues(text: str, notes: Notes) -> list[Cue]:
    """MicroDVD's `{25}{50}Hello|you`. Only its first line, `{1}{1}23.976`, may say how many frames
    are a second; else its times are infinite, and only its words are of use."""
    cues: list[Cue] = []
    rate = 0.0
    for number, line in enumerate(text.split("\n"), 1):
        found = _FRAMES.fullmatch(line)
        told = _FRAME_RATE.fullmatch(found[3]) if found and not cues else None
        if found and told and found[1] in ("0", "1") and found[2] in ("", "0", "1"):
            rate = rate or float(told[1].replace(",", "."))
        elif found:
            words = re.sub(r"\{[^{}]*\}", "", found[3]).replace("|", "\n")
            start, end = int(found[1]), int(found[2] or found[1])
            if end < start:
                raise Malformed(f"line {number} ends before it starts")
            cues.append(Cue(start, end, words, number))
        elif line.strip():
            raise Malformed(f"line {number} does not begin with {{start}}{{end}} like the first")
    if rate:
        return [Cue(cue.start / rate, cue.end / rate, cue.text, cue.line) for cue in cues]
    notes.say("counts in frames of a film: its times were left out")
    return [Cue(math.inf, math.inf, cue.text, cue.line) for cue in cues]


def _is_length(line: str, start: float) -> bool:
    """True for "1 minute, 2 seconds" of 62 s, in any language, as YouTube's page has it."""
    found = _SPELLED.fullmatch(line)
    minutes, rest = divmod(int(start), 60)
    parts = [part for part in (*divmod(minutes, 60), rest) if part]
    return found is not None and [int(each) for each in re.findall(r"\d+", line)] == (parts or [0])


def stamped_cues(text: str, notes: Notes) -> list[Cue]:
    """Lines that begin with the time they are said at, or stand below it."""
    cues: list[Cue] = []
    for number, line in enumerate(text.split("\n"), 1):
        if found := _STAMPED.fullmatch(line):
            start = _clock(found[1])
            cues.append(Cue(start, start, found[2].replace("|", "\n"), number))
        elif line.strip():
            cues[-1] = cues[-1].with_text(f"{cues[-1].text}\n{line}")
    cues = _without_lengths(cues, notes)
    return [cue for cue in until_next(cues) if cue.text.strip()]


def _without_lengths(cues: list[Cue], notes: Notes) -> list[Cue]:
    """Cues that all say their time again in words, then more, without it; else as they are: "5
    apples" at 0:05 are words."""
    lines = [cue.text.split("\n", 2) for cue in cues]
    told = [(cue, parts) for cue, parts in zip(cues, lines, strict=True) if cue.text.strip()]
    if not all(not parts[0] and _is_length(parts[1], cue.start) for cue, parts in told):
        return cues
    if not any(len(parts) > 2 for _, parts in told):
        return cues
    for cue, _ in told:
        notes.add("says its time again in words, which was left out", cue.line)
    return [cue.with_text("".join(parts[2:])) for cue, parts in zip(cues, lines, strict=True)]
