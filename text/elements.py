"""What SSML elements mean, whether in a document or loose in a plain text.

Supported is what F5-TTS can follow: speak p s break sub say-as prosody voice lang. Other elements
and attributes that would change the sound are refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.parsers import expat

from text.events import (
    MAX_PAUSE_S,
    MAX_SPEED,
    MIN_SPEED,
    Event,
    Language,
    Marker,
    Paragraph,
    Pause,
    Speed,
    Voice,
)
from text.say_as import KINDS, said_as

_SUPPORTED = ("speak", "p", "s", "break", "sub", "say-as", "prosody", "voice", "lang")
_REFUSED = (
    "audio", "emphasis", "phoneme", "mark", "desc", "lexicon", "lookup", "meta", "metadata", "w",
    "token", "par", "seq", "media", "bookmark", "paragraph", "sentence",
)  # fmt: skip
KNOWN = frozenset([*_SUPPORTED, *_REFUSED, "pause"])
_ATTRIBUTES = {
    "speak": {"version", "xml:lang", "xml:base", "xsi:schemalocation"},
    "p": {"xml:lang"},
    "s": {"xml:lang"},
    "break": {"time", "strength"},
    "sub": {"alias"},
    "say-as": {"interpret-as", "format", "detail", "type"},
    "prosody": {"rate"},
    "voice": {"name", "xml:lang", "languages", "gender", "age", "variant", "required"},
    "lang": {"xml:lang"},
    "pause": {"time", "duration"},
}
_STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.2,
    "medium": 0.4,
    "strong": 0.8,
    "x-strong": 1.2,
}
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.5}
_CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,4}")


@dataclass
class _Open:
    """An element that is open: where its content begins and what its end restores."""

    name: str
    content: int
    restore: tuple[Event, ...] = ()
    alias: str | None = None
    say_as: str | None = None
    form: str = ""


class Elements:
    """Follows elements in either a document or loose in a plain text."""

    def __init__(self, marker: Marker) -> None:
        self.marker = marker
        self.open: list[_Open] = []
        self.voice: str | None = None
        self.speed: float | None = None
        self.language: str | None = None

    def tag(self, source: str, start: int, end: int) -> None:
        """One loose tag such as `<break time="1s"/>` or `</voice>`."""
        if source.startswith("</"):
            self.close(source[2:-1].strip().lower(), start, end)
            return
        name, attributes = self._single(source, start)
        self.begin(name, attributes, start, end)
        if source.rstrip(">").rstrip().endswith("/") or name in ("break", "pause"):
            self.close(name, end, end)

    def _single(self, source: str, position: int) -> tuple[str, dict[str, str]]:
        found: list[tuple[str, dict[str, str]]] = []
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda name, attributes: found.append((name, attributes))
        body = source if source.rstrip(">").endswith("/") else f"{source[:-1]}/>"
        try:
            parser.Parse(body, True)
        except expat.ExpatError as exc:
            reason = expat.ErrorString(exc.code)
            raise self.marker.error(position, f"{source} is not understood: {reason}") from None
        name, attributes = found[0]
        return name.lower(), {key.lower(): value for key, value in attributes.items()}

    def begin(self, name: str, attributes: dict[str, str], start: int, end: int) -> None:
        """An element's start tag, which stands from `start` to `end`."""
        self._check(name, attributes, start)
        if self.open and (self.open[-1].say_as or self.open[-1].alias is not None):
            outer = self.open[-1].name
            raise self.marker.error(
                start,
                f"<{name}> stands in <{outer}>",
                f"Write text alone in <{outer}>, and tags before or after it.",
            )
        element = _Open(name, end)
        events: list[Event] = []
        if name in ("break", "pause"):
            events.append(Pause(self._pause(attributes, start)))
        elif name == "sub":
            element.alias = self._required(attributes, "alias", name, start)
        elif name == "say-as":
            element.say_as = self._required(attributes, "interpret-as", name, start).lower()
            element.form = attributes.get("format", "")
            if element.say_as not in KINDS:
                raise self.marker.error(
                    start,
                    f"say-as {element.say_as!r} is not supported",
                    f"Supported: {', '.join(KINDS)}.",
                )
        elif name in ("p", "s"):
            events.append(Paragraph(sentence=name == "s"))
        element.restore = self._switch(name, attributes, start, events)
        self.open.append(element)
        self.marker.event(start, end, *events)

    def _switch(
        self, name: str, attributes: dict[str, str], start: int, events: list[Event]
    ) -> tuple[Event, ...]:
        """Voice, speed and language from here on; returns what the end tag goes back to."""
        restore: list[Event] = [Paragraph(sentence=name == "s")] if name in ("p", "s") else []
        if name == "prosody":
            restore.append(Speed(self.speed))
            self.speed = (
                self._rate(attributes["rate"], start) if "rate" in attributes else self.speed
            )
            events.append(Speed(self.speed))
        if name == "voice":
            who = self._required(attributes, "name", name, start).strip()
            restore.append(Voice(self.voice))
            self.voice = self._voice(who, start)
            events.append(Voice(self.voice))
        if language := attributes.get("xml:lang", "").strip():
            if not _CODE.fullmatch(language):
                raise self.marker.error(
                    start, f'xml:lang="{language}" must be a language\'s code, as en or de-DE'
                )
            restore.append(Language(self.language))
            self.language = language
            events.append(Language(language))
        return tuple(restore)

    def close(self, name: str, start: int, end: int) -> None:
        """An element's end tag."""
        if name in ("break", "pause") and not (self.open and self.open[-1].name == name):
            self.marker.event(start, end)
            return
        if not self.open or self.open[-1].name != name:
            inside = f"; <{self.open[-1].name}> is open" if self.open else ""
            raise self.marker.error(start, f"</{name}> closes nothing{inside}")
        element = self.open.pop()
        for event in element.restore:
            if isinstance(event, Voice):
                self.voice = event.name
            elif isinstance(event, Speed):
                self.speed = event.factor
            elif isinstance(event, Language):
                self.language = event.code
        if element.alias is not None or element.say_as:
            self._substitute(element, start)
        self.marker.event(start, end, *element.restore)

    def _substitute(self, element: _Open, end: int) -> None:
        """Puts what is said in place of what an element holds, which may be text only."""
        content = self.marker.plain(element.content, end)
        if content is None:
            raise self.marker.error(
                element.content,
                f"<{element.name}> holds a pause or another tag",
                f"Write text alone in <{element.name}>, and tags before or after it.",
            )
        if element.alias and not content.strip():
            raise self.marker.error(
                max(0, element.content - 1),
                "<sub> holds no words",
                "Write within it what is shown in place of alias, or the alias as text.",
            )
        spoken = element.alias
        if spoken is None:
            language = (self.language or self.marker.options.language or "en")[:2]
            spoken = said_as(content, element.say_as or "", element.form, language)
        if spoken is not None:
            self.marker.forget(element.content)
            self.marker.replace(element.content, end, spoken)

    def finish(self, position: int) -> None:
        """Nothing may be left open."""
        if self.open:
            raise self.marker.error(
                max(0, self.open[-1].content - 1), f"<{self.open[-1].name}> is not closed"
            )

    def _check(self, name: str, attributes: dict[str, str], start: int) -> None:
        if name not in _ATTRIBUTES:
            raise self.marker.error(
                start,
                f"the SSML element <{name}> is not supported",
                f"Supported: {', '.join(_SUPPORTED)}.",
            )
        for attribute in attributes:
            if attribute not in _ATTRIBUTES[name] and not attribute.startswith("xmlns"):
                raise self.marker.error(
                    start,
                    f"{attribute} of <{name}> is not supported",
                    f"Supported: {', '.join(sorted(_ATTRIBUTES[name]))}.",
                )

    def _required(self, attributes: dict[str, str], attribute: str, name: str, start: int) -> str:
        if attribute not in attributes or not (
            attribute == "alias" or attributes[attribute].strip()
        ):
            raise self.marker.error(start, f"<{name}> needs {attribute}")
        return attributes[attribute]

    def _pause(self, attributes: dict[str, str], start: int) -> float:
        time = attributes.get("time") or attributes.get("duration")
        if time is None:
            strength = attributes.get("strength", "medium").lower()
            if strength not in _STRENGTHS:
                raise self.marker.error(start, f"strength must be one of {', '.join(_STRENGTHS)}")
            return _STRENGTHS[strength]
        found = re.fullmatch(
            r"\+?(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*(ms|s)", time.strip(), re.IGNORECASE
        )
        seconds = float(found[1]) / (1000 if found[2].lower() == "ms" else 1) if found else -1.0
        if not 0 <= seconds <= MAX_PAUSE_S:
            raise self.marker.error(
                start, f'time="{time}" must be like 500ms or 1.5s, at most {MAX_PAUSE_S:g} s'
            )
        return seconds

    def _rate(self, rate: str, start: int) -> float:
        text = rate.strip().lower()
        found = re.fullmatch(r"([+-])?(\d{1,4}(?:\.\d{1,4})?)(%)?", text)
        if text in _RATES:
            factor = _RATES[text]
        elif found:
            number = float(found[2]) / (100 if found[3] else 1)
            factor = {"+": 1 + number, "-": 1 - number}.get(found[1] or "", number)
        else:
            raise self.marker.error(
                start, f'rate="{rate}" is not understood', "Use slow, fast, 80% or 1.2."
            )
        factor *= self.speed or 1.0
        if not MIN_SPEED <= factor <= MAX_SPEED:
            raise self.marker.error(
                start, f'rate="{rate}" must come to a speed from {MIN_SPEED} to {MAX_SPEED:g}'
            )
        return round(factor, 4)

    def _voice(self, name: str, start: int) -> str | None:
        if name.lower() == "default":
            return None
        known = {voice.casefold(): voice for voice in self.marker.options.voices}
        if problem := self.marker.options.voice_problem(name):
            raise self.marker.error(start, f"voice {name!r} {problem}")
        return known.get(name.casefold(), name)
