"""SRT and WebVTT, as people and programs write them, to cues; no word is lost, doubled or made up.

What is clearly meant is read: any arrow, dots or commas, spaces in times, missing numbers and empty
lines, an empty line within a cue. Where a line may hold words or something else, or what should be
times cannot be read, the file is refused and the line named.
"""

from __future__ import annotations

import re
import unicodedata

from worker.subtitles.markup import plain, vtt_tags_off
from worker.subtitles.notes import Cue, Malformed, Notes

CLOCK = r"(?:(\d{1,4})\s?:\s?)?(\d{1,2})\s?:\s?(\d{1,2})(?:\s?[.,]\s?(\d{1,6}))?"

_TIMES = re.compile(rf"\s*{CLOCK}\s*(?:[^\w\s:.,;]\s*)+{CLOCK}(?!\d)(?P<rest>.*)")
_SETTINGS = re.compile(
    r"(?:\s+(?:vertical|line|position|size|align|region|[xy][12]):\S+)*\s*", re.IGNORECASE
)
_ARROW = "-->"
_SIGNED = re.compile(
    r"\s*(?P<start>(?:-(?=\d)|[\d:.,]){4,40})\s*-->\s*"
    r"(?P<end>(?:-(?=\d)|[\d:.,]){4,40})(?P<rest>(?:\s.*)?)"
)
_DIRECTION_MARKS = dict.fromkeys(
    map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)
_NOT_SEEN = {**_DIRECTION_MARKS, 0x2212: "-"}  # and a minus as a hyphen
_DIGIT = re.compile(r"\d")
_TIME_FIRST = re.compile(r"\W*\d{1,4}\s?:\s?\d{1,2}|(?=[\W\d]*$).*\d\s?:\s?\d")
# Among words even one-dash arrows may be meant, and "10:30" is a usual way to begin a line.
_TIMES_AMONG_WORDS = re.compile(r"\W*\d{1,4}:\d{1,2}(?:[:.,]\d|\W*[>\u2192\u21d2\u279c\u27a1])")
_TWO_TIMES = re.compile(r"\d:\d{1,2}[.,]\d.*\d:\d{1,2}[.,]\d")
_NUMBER = re.compile(r"\W*(\d{1,9})\W*")
_VTT_BLOCK = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)\b")


def seconds(groups: tuple[str | None, ...]) -> float:
    """The four groups of `CLOCK` as seconds."""
    hours, minutes, whole, fraction = groups
    total = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(whole or 0)
    return total + (float(f"0.{fraction}") if fraction else 0.0)


def _signed(line: str) -> tuple[float, float] | None:
    """Times of which some are below 0, as programs write them that moved subtitles: `-00:00:01,500`
    or `00:00:-1,-500`. None: it has none."""
    found = _SIGNED.match(line)
    if not found or "-" not in found["start"] + found["end"]:
        return None
    times = []
    for clock in (found["start"], found["end"]):
        parts = re.fullmatch(CLOCK, clock.replace("-", ""))
        if not parts or not _SETTINGS.fullmatch(found["rest"]):
            return None
        times.append(-seconds(parts.groups()) if "-" in clock else seconds(parts.groups()))
    return times[0], times[1]


def _shape(times: str) -> tuple[str, str]:
    """How the clocks of a line with times are written, whatever their digits, and its arrow."""
    clocks = re.sub(r"\d+", "0", re.sub(r"[^\d:.,]", "", times)).replace(",", ".")
    return clocks, re.sub(r"[\d\s:.,]", "", times)


def looks_like_srt(text: str) -> bool:
    """True for a text that begins with the times of a cue, with any arrow between them and
    fractions in both, or with its number and these."""
    head = [line for line in text.lstrip().split("\n", 3)[:3] if line.strip()][:2]
    if len(head) == 2 and _NUMBER.fullmatch(head[0]):
        head = head[1:]
    bare = unicodedata.normalize("NFKC", head[0] if head else "").replace("&gt;", ">")
    found = _TIMES.match(bare)
    if not found or not _SETTINGS.fullmatch(found["rest"]):
        return False
    digits = [len(found[group] or "") for group in (2, 3, 4, 6, 7, 8)]
    return min(digits) > 1


def subtitle_cues(text: str, notes: Notes, *, vtt: bool) -> list[Cue]:
    """The cues of an SRT or WebVTT file, those without words left out, the lines of each kept
    apart. Raises Malformed: it cannot be told what a line means, or there are no cues."""
    reader = _Reader(notes, vtt=vtt)
    for number, line in enumerate(text.split("\n"), 1):
        reader.read(number, line.strip())
    if reader.begun:
        reader.end_cue()
    if not reader.cues:
        raise Malformed("holds no subtitles with times and words")
    return reader.cues


class _Reader:
    """Reads line by line; `_lines` are those since the last times, the first numbered `_first`."""

    def __init__(self, notes: Notes, *, vtt: bool) -> None:
        self.cues: list[Cue] = []
        self._notes = notes
        self._vtt = vtt
        self._times: tuple[float, float] | None = None
        self._lines: list[str] = []
        self._first = 1
        self._due = 1  # the number of the next cue
        # What the first cue has, the others are expected to have.
        self._numbered = self._named = False
        self._clocks = self._arrow = ""  # how the last times are written

    @property
    def begun(self) -> bool:
        """True once there was a line with times."""
        return self._times is not None

    def read(self, number: int, line: str) -> None:
        """Takes the next line."""
        times = self._times_in(number, line)
        if times is None:
            self._lines.append(line)
            return
        if times[1] < times[0]:
            raise Malformed(f"line {number} ends before it starts")
        due = self._take_off_number_or_name()
        self.end_cue()
        self._times, self._lines, self._first, self._due = times, [], number + 1, due

    def end_cue(self) -> None:
        """Makes a cue of the last times and the words below them."""
        text = "\n".join(self._words())
        if self._times is None:
            return
        text = plain(text, vtt=self._vtt)
        if text.strip():
            self.cues.append(Cue(*self._times, text, self._first - 1))

    def _times_in(self, number: int, line: str) -> tuple[float, float] | None:
        """The times a line holds; None if it holds something else.

        With any other arrow than `-->` they must look like the times before and follow a cue's
        number or an empty line: "10:30 - 11:00" may be words.
        """
        line = line.replace("&gt;", ">") if "&gt;" in line and _DIGIT.search(line) else line
        strict = _ARROW in line
        if not strict and not _DIGIT.search(line):
            return None
        bare = unicodedata.normalize("NFKC", vtt_tags_off(line) if self._vtt else line)
        bare = bare.translate(_NOT_SEEN)
        above = len(self._lines) - 1
        numbered, apart = above >= 0 and self._number(above) is not None, self._alone(above + 1)
        if strict and (times := _signed(bare)):
            return times
        found = _TIMES.match(bare)
        if found and _SETTINGS.fullmatch(found["rest"]):
            clocks, arrow = _shape(bare[: found.start("rest")])
            alike = self._clocks in ("", clocks) and (numbered or self._arrow in ("", arrow))
            if strict or (alike and (numbered or apart)):
                self._clocks, self._arrow = clocks, arrow
                return seconds(found.groups()[:4]), seconds(found.groups()[4:8])
        looks_timed = _TIME_FIRST if numbered or apart else _TIMES_AMONG_WORDS
        own_words = self.begun and above < 0  # directly below times stand the words of their cue
        timed = _TWO_TIMES.search(bare) or (looks_timed.match(bare) and not own_words)
        if strict or timed:
            raise Malformed(f"line {number} has no times of the form 00:00:01,000 --> 00:00:02,000")
        return None

    def _alone(self, index: int) -> bool:
        """True if there is an empty line above, or nothing."""
        return not self._lines[index - 1] if index else not self.begun

    def _number(self, index: int) -> int | None:
        """The number of a cue that a line seems to be; None if it may be words as well."""
        found = _NUMBER.fullmatch(self._lines[index])
        value = int(found[1]) if found else None
        expected = self._numbered or not self.begun
        return value if self._alone(index) + expected + (value == self._due) >= 2 else None

    def _begins_cue(self, index: int, alone: bool) -> bool:
        """True for the number of a cue whose times are missing."""
        below = self._lines[index + 1] if index + 1 < len(self._lines) else ""
        amid = self._numbered and index > 0 and below != ""
        return (alone or amid) and self._number(index) is not None

    def _take_off_number_or_name(self) -> int:
        """Takes off the line that belongs to the cue about to begin; the number due after it."""
        last = len(self._lines) - 1
        while last >= 0 and not self._lines[last]:
            last -= 1
        if last < 0:
            return self._due + 1
        value, alone = self._number(last), self._alone(last)
        if last < len(self._lines) - 1:  # an empty line between it and the times
            if not (alone and value == self._due):
                return self._due + 1
        elif value is None and (_NUMBER.fullmatch(self._lines[last]) or (self._vtt and alone)):
            if self.begun and not self._named:
                raise Malformed(
                    f"line {self._first + last} ({self._lines[last][:20]}) may be words or belong "
                    "to the times below: put an empty line below it or above it"
                )
            self._named = True
        elif value is None:
            return self._due + 1
        self._numbered |= value is not None and not self.begun
        del self._lines[last:]
        return (self._due if value is None else value) + 1

    def _words(self) -> list[str]:
        """The lines that are spoken: all but the header, comments and styles of WebVTT."""
        words: list[str] = []
        skipped = False
        for index, line in enumerate(self._lines):
            alone = self._alone(index)
            if not line:
                skipped = False
            elif self._vtt and alone and _VTT_BLOCK.match(line):
                skipped = True
            elif skipped:
                continue
            elif not self.begun:
                raise Malformed(f"line {self._first + index} has words before the first times")
            elif self._begins_cue(index, alone):
                raise Malformed(f"line {self._first + index} is a number without times below it")
            else:
                words.append(line)
        return words
