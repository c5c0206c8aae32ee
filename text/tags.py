"""Tags in plain text: this worker's own, and how other systems write voices and pauses.

    Hello. [voice:Anna] Hi! [pause:0.5] [speed:1.2] Quick. [voice:default] Back again.

Also `[pause]`, `[PAUSE 1.0]`, `[pause=1]`, `[pause 500ms]`, `[long pause]`, `[break:1]`,
`[[slnc 500]]`, `<#0.5#>`, `<break time="1s"/>`, `(pause)`, `[main]`, and `[Anna]` or `{Anna}`
where such a voice exists, `{"name": "Anna", "speed": 0.9}`. `\\[` is a literal bracket. What begins
like a tag and is not understood is an error with its place, so that it is never read aloud; every
other bracket stays as it is.
"""

from __future__ import annotations

import difflib
import json
import re

from text.elements import KNOWN, Elements
from text.events import (
    MAX_PAUSE_S,
    MAX_SPEED,
    MIN_SPEED,
    Event,
    Marked,
    Marker,
    MarkupOptions,
    Pause,
    Speed,
    Voice,
)
from text.spans import Mapped

_NAMES = ("voice", "pause", "speed", "break")
_LENGTHS = {"short": 0.3, "medium": 0.6, "long": 1.2}
_SECONDS = re.compile(
    r"(?P<value>\d{1,6}(?:[.,]\d{0,6})?|\.\d{1,6})\s*"
    r"(?P<unit>milliseconds?|msecs?|ms|seconds?|secs?|s|)",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"""\\\[(?P<both>\s?(?:voice|pause|speed|break)\b[^\[\]\\\n]{0,60})\\\]
    | \\(?P<escaped>[\[{<])
    | \[\[\s*slnc\s+(?P<slnc>\d{1,6})\s*\]\]
    | <\#\s*(?P<sharp>\d{1,4}(?:\.\d{1,4})?)\s*\#>
    | \[\s*(?P<length>short|medium|long)\s+(?:pause|break)\s*\]
    | \(\s*(?P<round>pause|long\ pause|short\ pause|beat)\s*\)
    | \[\s*/\s*(?P<close>voice|speed)\s*\]
    | \[\s*(?P<name>[A-Za-z]{3,10})(?P<sign>\s*[:=]\s*|\s+|(?=\]))
      (?P<argument>[^\[\]\n]{0,200})(?P<closed>\]?)
    | (?P<json>\{\s*"name"[^{}\n]{0,200}\})
    | [\[{](?P<who>[^\[\]{}\n:=]{1,60})[\]}]
    | <(?P<xml>/?[A-Za-z][\w:-]{0,30})(?P<rest>[^<>]{0,300})(?P<xmlclosed>>?)""",
    re.VERBOSE | re.IGNORECASE,
)
_MAIN = re.compile(r"\[\s*main\s*\]", re.IGNORECASE)
_ESCAPE_HINT = r"Write \[ for a literal bracket."


def parse(text: Mapped, written: str, options: MarkupOptions) -> Marked:
    """Takes the tags out of `text`.

    Raises:
        InvalidInput: something that begins like a tag and is none; says where.
    """
    parser = _Tags(Marker(text, written, options), _MAIN.search(text.text) is not None)
    for match in _TAG.finditer(text.text):
        parser.read(match)
    parser.elements.finish(len(text.text))
    return parser.marker.marked()


class _Tags:
    def __init__(self, marker: Marker, named_speakers: bool) -> None:
        self.marker = marker
        self.named_speakers = named_speakers
        self.voices = {name.casefold(): name for name in marker.options.voices}
        self.elements = Elements(marker)

    def read(self, match: re.Match[str]) -> None:
        start, end = match.span()
        if match["both"]:  # \\[pause\\]
            self.marker.replace(start, start + 1, "")
            self.marker.replace(end - 2, end - 1, "")
        elif match["escaped"]:
            self.marker.replace(start, start + 1, "")
        elif match["slnc"]:
            self._pause(match, int(match["slnc"]) / 1000)
        elif match["sharp"]:
            self._pause(match, float(match["sharp"]))
        elif match["length"] or match["round"]:
            word = (match["length"] or match["round"].split()[0]).lower()
            self._pause(match, _LENGTHS.get(word, self.marker.options.default_pause_s))
        elif match["close"]:
            self.marker.event(
                start, end, Voice(None) if match["close"].lower() == "voice" else Speed(None)
            )
        elif match["name"]:
            self._named(match)
        elif match["json"]:
            self._json(match)
        elif match["who"]:
            self._speaker(match, match["who"])
        else:
            self._element(match)

    def _pause(self, match: re.Match[str], seconds: float) -> None:
        if seconds > MAX_PAUSE_S:
            raise self.marker.error(match.start(), f"{match[0]} is longer than {MAX_PAUSE_S:g} s")
        self.marker.event(*match.span(), Pause(seconds))

    def _named(self, match: re.Match[str]) -> None:
        name, sign = match["name"].lower(), match["sign"].strip()
        if name not in _NAMES:
            self._other(match, name, sign)
            return
        if not match["closed"]:
            raise self.marker.error(
                match.start(), f"the tag [{match['name']} has no closing bracket", _ESCAPE_HINT
            )
        argument = match["argument"].strip().strip("\"'")
        if name in ("pause", "break"):
            self._pause(match, self._seconds(match, argument))
        elif not argument:
            raise self.marker.error(match.start(), f"{match[0]} names no {name}", _ESCAPE_HINT)
        elif name == "speed":
            self.marker.event(*match.span(), Speed(self._factor(match, argument)))
        else:
            self.marker.event(*match.span(), Voice(self._voice(match, argument)))

    def _other(self, match: re.Match[str], name: str, sign: str) -> None:
        """Text in brackets, a speaker, or a misspelt tag."""
        if sign and match["closed"]:
            near = difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.75)
            if near:
                raise self.marker.error(
                    match.start(),
                    f"unknown tag {match[0]}; did you mean [{near[0]}:...]?",
                    _ESCAPE_HINT,
                )
        elif match["closed"]:
            self._speaker(match, match[0][1:-1])

    def _seconds(self, match: re.Match[str], argument: str) -> float:
        if not argument:
            return self.marker.options.default_pause_s
        argument = re.sub(r"^(?:time|duration|length)\s*[:=]?\s*[\"']?", "", argument)
        if argument.lower() in _LENGTHS:
            return _LENGTHS[argument.lower()]
        found = _SECONDS.fullmatch(argument)
        if found is None:
            raise self.marker.error(
                match.start(), f"{match[0]} needs seconds, like [pause:0.5]", _ESCAPE_HINT
            )
        seconds = float(found["value"].replace(",", "."))
        return seconds / 1000 if found["unit"].lower().startswith("m") else seconds

    def _factor(self, match: re.Match[str], argument: str) -> float | None:
        if argument.lower() == "default":
            return None
        factor = (
            float(argument.rstrip("x"))
            if re.fullmatch(r"(?:\d{1,4}(?:\.\d{0,6})?|\.\d{1,6})x?", argument)
            else 0.0
        )
        if not MIN_SPEED <= factor <= MAX_SPEED:
            raise self.marker.error(
                match.start(), f"{match[0]} needs a number from {MIN_SPEED} to {MAX_SPEED:g}"
            )
        return factor

    def _voice(self, match: re.Match[str], name: str) -> str | None:
        if name.lower() in ("default", "main") and name.casefold() not in self.voices:
            return None
        if (
            match["sign"]
            and not match["sign"].strip()
            and self.voices
            and name.casefold() not in self.voices
        ):
            raise self.marker.error(match.start(), f"there is no voice {name!r}", _ESCAPE_HINT)
        if problem := self.marker.options.voice_problem(name):
            raise self.marker.error(match.start(), f"{match[0]} {problem}")
        return self.voices.get(name.casefold(), name)

    def _speaker(self, match: re.Match[str], name: str) -> None:
        """`[main]` and names of voices that exist; everything else in brackets is text."""
        key = name.strip().casefold()
        if key == "main":
            self.marker.event(*match.span(), Voice(self.voices.get("main")))
        elif key in self.voices:
            self.marker.event(*match.span(), Voice(self.voices[key]))
        elif (
            self.named_speakers
            and match[0][0] == "["
            and re.fullmatch(r"[A-Za-z][\w-]{0,40}", name.strip())
        ):
            self.marker.event(*match.span(), Voice(name.strip()))  # beside [main], f5-tts's way

    def _json(self, match: re.Match[str]) -> None:
        """F5-TTS's own way to name a style: `{"name": "Anna", "seed": -1, "speed": 1}`."""
        try:
            fields = json.loads(match["json"])
            name, speed = str(fields["name"]), float(fields.get("speed", 1.0))
        except (ValueError, KeyError, TypeError):
            raise self.marker.error(match.start(), f"{match[0]} is not understood") from None
        if not MIN_SPEED <= speed <= MAX_SPEED:
            raise self.marker.error(
                match.start(), f"speed must be from {MIN_SPEED} to {MAX_SPEED:g}"
            )
        events: list[Event] = [
            Voice(self.voices.get(name.casefold(), name)),
            Speed(speed if "speed" in fields else None),
        ]
        self.marker.event(*match.span(), *events)

    def _element(self, match: re.Match[str]) -> None:
        name = match["xml"].strip().lstrip("/").strip().lower()
        if name == "speak":
            raise self.marker.error(
                match.start(),
                "<speak> must be around the whole text",
                "Begin the text with <speak> and end it with </speak>.",
            )
        bare = not match["xmlclosed"] or (
            "=" not in match["rest"] and match["rest"].strip(" \t\n/")
        )
        if name not in KNOWN or (len(name) == 1 and bare):
            return  # a<p and q>b
        if not match["xmlclosed"]:
            raise self.marker.error(match.start(), f"the tag <{match['xml']} is not closed")
        self.elements.tag(match[0], *match.span())
