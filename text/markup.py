"""A job's text or segments to lines: who says what, how fast, after which silence.

    Hello. [voice:Anna] Hi! [pause:0.5] [speed:1.2] Quick. [voice:default] Back again.

Tags hold until the next of their kind; `default` goes back to the job's own voice or speed.
`[pause:0.5]` (seconds; `0.5s`, `500ms` too) is silence before what follows. Other brackets such as
`[laughs]` stay text; `\\[` is a literal bracket. A misspelt or malformed tag is an error, so that
it is never read aloud. The module knows nothing of voices beyond the shape of their names.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from errors import InvalidInput
from worker.keys import voice_problem
from worker.wording import show

MIN_SPEED, MAX_SPEED = 0.3, 2.0
MAX_PAUSE_S = 60.0
MAX_SILENCE_S = 1800.0  # of a whole script: silence takes memory as speech does
MAX_LINES = 1000

_TAGS = ("voice", "pause", "speed")
_TAG = re.compile(r"\\\[|\[[ \t]*([A-Za-z]{3,10})[ \t]*:([^\[\]]*)(\]?)")
_PAUSE = re.compile(r"(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})[ \t]*(ms|s|)", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{0,6})?|\.\d{1,6}", re.ASCII)


@dataclass(frozen=True)
class ScriptLine:
    """One stretch of text with one voice and speed.

    `voice` and `speed` None mean the job's own. `pause_s`: seconds of silence before the line; a
    line without text is silence only.
    """

    text: str
    voice: str | None = None
    speed: float | None = None
    pause_s: float = 0.0


class SegmentLike(Protocol):
    """What a job's segment offers; `pause` in seconds of silence before it."""

    @property
    def text(self) -> str: ...
    @property
    def voice(self) -> str | None: ...
    @property
    def speed(self) -> float | None: ...
    @property
    def pause(self) -> float: ...


def parse_script(text: str) -> list[ScriptLine]:
    """Lines of `text` in speaking order.

    Raises:
        InvalidInput: a malformed or misspelt tag, too many lines, or nothing to say.
    """
    return _checked(_Parser().parse(text))


def segment_lines(segments: Iterable[SegmentLike]) -> list[ScriptLine]:
    """Lines of a list of segments; their texts may hold tags, which end with the segment.

    Raises:
        InvalidInput: as `parse_script`.
    """
    lines: list[ScriptLine] = []
    for segment in segments:
        parser = _Parser(segment.voice, segment.speed, segment.pause)
        lines += parser.parse(segment.text)
    return _checked(lines)


@dataclass
class _Parser:
    """Reads one text; `voice` and `speed` are what `default` goes back to."""

    voice: str | None = None
    speed: float | None = None
    pause_s: float = 0.0
    lines: list[ScriptLine] = field(default_factory=list)

    def parse(self, text: str) -> list[ScriptLine]:
        self.current_voice, self.current_speed = self.voice, self.speed
        pieces: list[str] = []
        position = 0
        for match in _TAG.finditer(text):
            pieces.append(text[position : match.start()])
            position = match.end()
            if match.group() == r"\[":
                pieces.append("[")
            elif not _is_tag(match):
                pieces.append(match.group())
            else:
                self._flush(pieces)
                self._apply(match.group(1).lower(), match.group(2).strip())
        self._flush([*pieces, text[position:]])
        if self.pause_s:
            self.lines.append(ScriptLine("", self.current_voice, self.current_speed, self.pause_s))
        return self.lines

    def _flush(self, pieces: list[str]) -> None:
        text = "".join(pieces).strip()
        pieces.clear()
        if text:
            self.lines.append(
                ScriptLine(text, self.current_voice, self.current_speed, self.pause_s)
            )
            self.pause_s = 0.0

    def _apply(self, tag: str, value: str) -> None:
        default = value.lower() == "default"
        if tag == "pause":
            self.pause_s = min(self.pause_s + _pause(value), MAX_PAUSE_S)
        elif tag == "speed":
            self.current_speed = self.speed if default else _speed(value)
        else:
            self.current_voice = self.voice if default else _voice(value)


def _is_tag(match: re.Match[str]) -> bool:
    """False for ordinary text in brackets; raises for what was meant to be a tag."""
    name, closed = match.group(1).lower(), bool(match.group(3))
    if name in _TAGS:
        if not closed:
            raise InvalidInput(f"the tag {show(match.group())} has no closing bracket")
        return True
    near = difflib.get_close_matches(name, _TAGS, n=1, cutoff=0.75)
    if near and closed:
        raise InvalidInput(
            f"unknown tag {show(match.group())}; did you mean [{near[0]}:...]? "
            r"Write \[ for a literal bracket"
        )
    return False


def _pause(value: str) -> float:
    match = _PAUSE.fullmatch(value)
    if match is None:
        raise InvalidInput(f"[pause:{show(value)[1:-1]}] needs seconds, like [pause:0.5]")
    seconds = float(match.group(1)) / (1000 if match.group(2).lower() == "ms" else 1)
    if seconds > MAX_PAUSE_S:
        raise InvalidInput(f"[pause:{value}] is longer than {MAX_PAUSE_S:g} s")
    return seconds


def _speed(value: str) -> float:
    if not _NUMBER.fullmatch(value) or not MIN_SPEED <= float(value) <= MAX_SPEED:
        raise InvalidInput(
            f"[speed:{show(value)[1:-1]}] needs a number from {MIN_SPEED} to {MAX_SPEED:g}"
        )
    return float(value)


def _voice(value: str) -> str:
    if problem := voice_problem(value):
        raise InvalidInput(f"[voice:{show(value)[1:-1]}] {problem}")
    return value


def _checked(lines: list[ScriptLine]) -> list[ScriptLine]:
    if not any(character.isalnum() for line in lines for character in line.text):
        raise InvalidInput("holds nothing to say")  # dots, dashes or emoji alone have no sound
    if len(lines) > MAX_LINES:
        raise InvalidInput(f"has {len(lines)} lines; at most {MAX_LINES} fit one job")
    silence_s = sum(line.pause_s for line in lines)
    if silence_s > MAX_SILENCE_S:
        raise InvalidInput(
            f"has {silence_s:g} s of pauses; at most {MAX_SILENCE_S:g} s fit one job"
        )
    return lines
