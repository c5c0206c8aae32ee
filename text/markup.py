"""A job's text to lines: who says what, how fast, after which silence.

    Hello. [voice:Anna] Hi! [pause:0.5] [speed:1.2] Quick. [voice:default] Back again.

Tags hold until the next of their kind; `default` goes back to the voice or speed without tags.
`[pause:0.5]` (seconds; `0.5s`, `500ms` too) is silence before what follows. Other brackets such as
`[laughs]` stay text; `\\[` is a literal bracket. A misspelt or malformed tag is an error, so that
it is never read aloud. Problems are phrases that follow the name of the field the text came in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from errors import InvalidInput, nearest, show

MIN_SPEED, MAX_SPEED = 0.3, 2.0
MAX_PAUSE_S = 60.0
MAX_SILENCE_S = 1800.0  # of a whole script: silence takes memory as speech does
MAX_LINES = 1000

_TAGS = ("voice", "pause", "speed")
_ALIKE = 0.75  # from which a bracketed word passes for a misspelt tag
_TAG = re.compile(r"\\\[|\[[ \t]*([A-Za-z]{3,10})[ \t]*:([^\[\]]*)(\]?)")
_PAUSE = re.compile(r"(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})[ \t]*(ms|s|)", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{0,6})?|\.\d{1,6}", re.ASCII)

VoiceCheck: TypeAlias = Callable[[str], str | None]  # what is wrong with a voice's name, or None


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


@dataclass(frozen=True)
class Script:
    """A text as it was written, and its lines in speaking order."""

    written: str
    lines: tuple[ScriptLine, ...]

    def spoken_by(
        self, voice: str | None, speed: float | None, pause_s: float
    ) -> tuple[ScriptLine, ...]:
        """Its lines as a part of a longer script, with a voice, a speed and a pause of its own."""
        own = [
            replace(line, voice=line.voice or voice, speed=line.speed or speed)
            for line in self.lines
        ]
        first_pause_s = min(pause_s + own[0].pause_s, MAX_PAUSE_S)
        return (replace(own[0], pause_s=first_pause_s), *own[1:])


def parse_script(text: str, voice_fault: VoiceCheck) -> Script:
    """Reads the tags of `text`; `voice_fault` judges the names of voices in them.

    Raises:
        InvalidInput: a malformed or misspelt tag, or nothing to say.
    """
    lines = _Parser(voice_fault).parse(text)
    # Dots, dashes or emoji alone have no sound.
    if not any(character.isalnum() for line in lines for character in line.text):
        raise InvalidInput("must hold something to say")
    return Script(text, tuple(lines))


def length_fault(lines: Sequence[ScriptLine]) -> str | None:
    """What is too much of a whole script, None if it fits one job."""
    if len(lines) > MAX_LINES:
        return f"must have at most {MAX_LINES} lines, not {len(lines)}"
    silence_s = sum(line.pause_s for line in lines)
    if silence_s > MAX_SILENCE_S:
        return f"must have at most {MAX_SILENCE_S:g} s of pauses, not {silence_s:g} s"
    return None


@dataclass
class _Parser:
    """Reads one text: lines so far, and what the next one gets."""

    voice_fault: VoiceCheck
    voice: str | None = None
    speed: float | None = None
    pause_s: float = 0.0
    lines: list[ScriptLine] = field(default_factory=list)

    def parse(self, text: str) -> list[ScriptLine]:
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
                self._end_line(pieces)
                self._apply(match.group(1).lower(), match.group(2).strip())
        self._end_line([*pieces, text[position:]])
        if self.pause_s:
            self.lines.append(ScriptLine("", self.voice, self.speed, self.pause_s))
        return self.lines

    def _end_line(self, pieces: list[str]) -> None:
        text = "".join(pieces).strip()
        pieces.clear()
        if text:
            self.lines.append(ScriptLine(text, self.voice, self.speed, self.pause_s))
            self.pause_s = 0.0

    def _apply(self, tag: str, value: str) -> None:
        default = value.lower() == "default"
        if tag == "pause":
            self.pause_s = min(self.pause_s + _pause(value), MAX_PAUSE_S)
        elif tag == "speed":
            self.speed = None if default else _speed(value)
        else:
            self.voice = None if default else self._voice(value)

    def _voice(self, value: str) -> str:
        if problem := self.voice_fault(value):
            raise InvalidInput(f"has {_shown('voice', value)}: the voice {problem}")
        return value


def _is_tag(match: re.Match[str]) -> bool:
    """False for ordinary text in brackets; raises for what was meant to be a tag."""
    name, closed = match.group(1).lower(), bool(match.group(3))
    if name in _TAGS:
        if not closed:
            raise InvalidInput(f"has the tag {show(match.group())} without a closing bracket")
        return True
    if closed and (near := nearest(name, _TAGS, cutoff=_ALIKE)):
        raise InvalidInput(
            f"has the unknown tag {show(match.group())}; did you mean [{near}:...]? "
            r"Write \[ for a literal bracket"
        )
    return False


def _pause(value: str) -> float:
    match = _PAUSE.fullmatch(value)
    if match is None:
        raise InvalidInput(f"has {_shown('pause', value)}; write seconds, like [pause:0.5]")
    seconds = float(match.group(1)) / (1000 if match.group(2).lower() == "ms" else 1)
    if seconds > MAX_PAUSE_S:
        raise InvalidInput(f"has {_shown('pause', value)}, longer than {MAX_PAUSE_S:g} s")
    return seconds


def _speed(value: str) -> float:
    if not _NUMBER.fullmatch(value) or not MIN_SPEED <= float(value) <= MAX_SPEED:
        raise InvalidInput(
            f"has {_shown('speed', value)}; write a number from {MIN_SPEED} to {MAX_SPEED:g}"
        )
    return float(value)


def _shown(tag: str, value: str) -> str:
    return f"[{tag}:{show(value)[1:-1]}]"
