"""TTML and DFXP, the subtitles of players and broadcasters, and YouTube's XML, to cues."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from worker.subtitles.cues import CLOCK, seconds
from worker.subtitles.markup import plain
from worker.subtitles.notes import Cue, Malformed, Notes
from worker.subtitles.tables import until_next

_KNOWN = ("tt", "transcript", "timedtext")
_HEAD = re.compile(
    rf"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?>.*?-->)\s*+)*+<(?:\w{{1,40}}+:)?(?:{'|'.join(_KNOWN)})[\s>]",
    re.DOTALL,
)
_DECLARED = re.compile(r"<\?xml[^>]*\?>")  # its encoding: it is text by now
_COUNT = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|t)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_NOT_SAID = ("metadata", "rt", "rp")
_TRANSLATED = ("x-translation", "x-roman")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ROUNDED_S = 0.05
_Paragraph = tuple[ElementTree.Element, float, str, float]


def looks_like_ttml(text: str) -> bool:
    """True for what begins as one of these documents does."""
    return _HEAD.match(text) is not None


def ttml_cues(text: str, notes: Notes) -> list[Cue]:
    """The cues of a document, numbered by their paragraphs. Raises Malformed: it is no XML, or has
    times that cannot be read, such as those in frames."""
    notes.unit = "paragraph"
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Malformed("declares entities, which are not read")
    try:
        root = ElementTree.fromstring(_DECLARED.sub("", text.lstrip()).encode())
    except (ElementTree.ParseError, RecursionError, ValueError) as exc:
        raise Malformed(f"is no whole XML ({exc})") from exc
    ticks = next((v for k, v in root.attrib.items() if _local(k) == "tickRate"), "")
    clock = _Clock(float(ticks) if re.fullmatch(r"\d{1,9}", ticks) else 0.0)
    cues = []
    paragraphs = _of_one_language(list(_paragraphs(root, clock)), notes)
    for number, (node, offset, _, limit) in paragraphs:
        for part in _timed_spans(node) or [node]:
            start, end = clock.span(part, number)
            if any(map(_is_translated, part.iter())):
                what = "has a translation or how it is read, which is not said and was left out"
                notes.add(what, number)
            words = plain("".join(_words(part)), vtt=False).strip()  # YouTube encodes some twice
            if offset and limit + _ROUNDED_S < offset + end < math.inf:
                raise Malformed(
                    f"paragraph {number} ends after the part that it is in, from which its times "
                    "count; save it as SRT"
                )
            if words:
                cues.append(Cue(offset + start, offset + end, words, number))
    if not cues:
        raise Malformed("holds no paragraphs with words")
    if all(cue.end == math.inf for cue in cues):
        return until_next(cues)
    return cues


def _of_one_language(found: list[_Paragraph], notes: Notes) -> list[tuple[int, _Paragraph]]:
    """The paragraphs of the language that comes first, with their numbers."""
    languages = list(dict.fromkeys(each[2] for each in found if each[2]))
    numbered = list(enumerate(found, 1))
    if len(languages) < 2:
        return numbered
    others = ", ".join(each[:20] for each in languages[1:6])
    notes.say(f"has {len(languages)} languages: {languages[0][:20]} was used, not {others}")
    return [(number, each) for number, each in numbered if each[2] in (languages[0], "")]


def _timed_spans(node: ElementTree.Element) -> list[ElementTree.Element]:
    """The parts of a paragraph that has no time of its own, where all its words are in such."""
    own = {"begin", "start", "t"} & {_local(name) for name in node.attrib}
    if own or (node.text or "").strip():
        return []
    timed = all("begin" in child.attrib and not (child.tail or "").strip() for child in node)
    return list(node) if timed else []


class _Clock:
    """Reads times; `tick_rate`: ticks a second, 0 where the document names none."""

    def __init__(self, tick_rate: float) -> None:
        self._tick_rate = tick_rate

    def span(self, node: ElementTree.Element, number: int) -> tuple[float, float]:
        """When a paragraph is shown, in seconds."""
        of = {_local(name): value.strip() for name, value in node.attrib.items()}
        if of.get("t", "").isdecimal():  # YouTube's second kind, in milliseconds
            start = int(of["t"]) / 1000
            return start, start + int(of["d"]) / 1000 if of.get("d", "").isdecimal() else math.inf
        first = of.get("begin", of.get("start"))
        if first is None:
            raise Malformed(f"paragraph {number} has no time at which it begins")
        start, end = self.read(first, number), math.inf
        if "end" in of:
            end = self.read(of["end"], number)
        elif "dur" in of:
            end = start + self.read(of["dur"], number)
        if end < start:
            raise Malformed(f"paragraph {number} ends before it starts")
        return start, end

    def read(self, value: str, number: int) -> float:
        """Seconds of a clock or of a count with its unit."""
        if clock := re.fullmatch(CLOCK, value):
            return seconds(clock.groups())
        if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", value):
            return float(value)
        count = _COUNT.fullmatch(value)
        if count and count[2] in _UNITS:
            return float(count[1]) * _UNITS[count[2]]
        if count and count[2] == "t" and self._tick_rate:
            return float(count[1]) / self._tick_rate
        raise Malformed(f"paragraph {number} has the time {value[:20]!r}, which is not in seconds")


def _paragraphs(
    node: ElementTree.Element,
    clock: _Clock,
    offset: float = 0.0,
    language: str = "",
    limit: float = math.inf,
    depth: int = 0,
) -> Iterator[_Paragraph]:
    """Paragraphs in their order, each with the time from which its own count, in seconds, its
    language, where a part names it, and the end of the part it is in."""
    if depth > 50:
        raise Malformed("is nested too deeply")
    for child in node:
        name = _local(child.tag)
        if name in ("p", "text"):
            yield child, offset, child.attrib.get(_LANGUAGE, language), limit
        elif name not in ("head", "metadata"):
            begin, end = child.attrib.get("begin"), child.attrib.get("end")
            yield from _paragraphs(
                child,
                clock,
                offset + (clock.read(begin, 0) if begin else 0.0),
                child.attrib.get(_LANGUAGE, language),
                min(limit, offset + clock.read(end, 0)) if end else limit,
                depth + 1,
            )


def _is_translated(node: ElementTree.Element) -> bool:
    """True for what Apple's lyrics have beside the words: their translation, their sound."""
    return bool(set(_TRANSLATED) & set(node.attrib.values()))


def _words(node: ElementTree.Element, depth: int = 0) -> Iterator[str]:
    if depth > 50:
        raise Malformed("is nested too deeply")
    yield _flat(node.text)
    for child in node:
        name = _local(child.tag)
        if name == "br":
            yield "\n"
        elif name not in _NOT_SAID and not _is_translated(child):
            yield from _words(child, depth + 1)
        yield _flat(child.tail)


def _flat(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]
