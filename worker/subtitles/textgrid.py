"""Praat's TextGrid, long and short, to cues. Praat itself reads free-standing numbers, texts and
flags and leaves out all else, so the two are one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from worker.subtitles.notes import Cue, Malformed, Notes
from worker.subtitles.spread import letters

_TOKEN = re.compile(
    r'"((?:[^"]|"")*)"|(?<![^\s])(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![^\s])|(![^\n]*)'
)
_NAMED = re.compile(r"\b(?:words?|text|transcri\w+|sentences?|utterances?|orth\w*|ort)\b", re.I)
_NOT_WORDS = re.compile(
    r"phon|syll|\bipa\b|\bpos\b|gloss|pitch|tone|break|\bmau\b|\bkan\b|sampa|stress|note|comment",
    re.I,
)

_SILENCES = frozenset(
    {"sil", "sp", "spn", "<p:>", "<sil>", "<p>", "<eps>", "<usb>", "#", "_", "<nib>"}
)
_MOST_SHARED = 0.2  # of the time of speakers who take turns, spoken by two at once


@dataclass(frozen=True)
class _Tier:
    name: str
    cues: list[Cue]


def looks_like_textgrid(text: str) -> bool:
    """True for what begins as Praat's text files do."""
    return text.lstrip().startswith(
        ('File type = "ooTextFile"', '"ooTextFile"', '"Praat chronological')
    )


def textgrid_cues(text: str, notes: Notes) -> list[Cue]:
    """The cues of the tier that has the words. Raises Malformed: it cannot be told which that is,
    or the file is no whole TextGrid."""
    try:
        tokens = _Tokens(text)
        tiers = [tier for tier in _tiers(tokens) if tier.cues]
        tokens.end()
    except (ValueError, OverflowError) as fault:
        raise Malformed("is no whole TextGrid of Praat; save it again as a text file") from fault
    found = [tier for tier in tiers if not _NOT_WORDS.search(tier.name)] or tiers
    named = [tier for tier in found if _NAMED.search(tier.name)]
    chosen = found if len(found) == 1 else named
    if not found:
        raise Malformed("holds no words")
    names = ", ".join(tier.name[:20] for tier in (chosen or found)[:6])
    if len(chosen) != 1 and not (chosen := _of_one_text(chosen or found)):
        raise Malformed(f"has several tiers ({names}); keep the one that has the words")
    if len(chosen) > 1:
        notes.say(f"has words of {len(chosen)} speakers, in tiers {names}, which were all used")
        return [cue for tier in chosen for cue in _said(tier, notes)]
    if len(tiers) > 1:
        others = ", ".join(tier.name[:20] for tier in tiers if tier is not chosen[0])
        notes.say(f"has {len(tiers)} tiers: {chosen[0].name[:20]} was used, not {others}")
    return _said(chosen[0], notes)


def _of_one_text(tiers: list[_Tier]) -> list[_Tier]:
    """The first of tiers that say the same, or all of tiers whose speakers take turns; none where
    they say different things at one time, as translations do."""
    said = {letters("".join(cue.text for cue in tier.cues)) for tier in tiers}
    if len(said) == 1:
        return tiers[:1]
    spans = sorted((cue.start, cue.end) for tier in tiers for cue in tier.cues)
    shared = sum(max(0.0, min(a[1], b[1]) - b[0]) for a, b in pairwise(spans))
    return tiers if shared <= _MOST_SHARED * sum(end - start for start, end in spans) else []


def _said(tier: _Tier, notes: Notes) -> list[Cue]:
    """The cues of a tier without those that only say that nothing is said."""
    silent = [cue for cue in tier.cues if cue.text.strip().lower() in _SILENCES]
    for cue in silent:
        notes.add("is a mark of silence or noise, which was left out", cue.line)
    return [cue for cue in tier.cues if cue.text.strip().lower() not in _SILENCES]


class _Tokens:
    """Numbers and texts of a file, one after the other, each with its line.

    Raises ValueError where there are no more.
    """

    def __init__(self, text: str) -> None:
        self._found = _tokens(text)
        self.line = 1

    def word(self) -> str:
        """The next text. Raises ValueError: it is a number."""
        value, self.line = next(self._found, (0.0, self.line))
        if isinstance(value, float):
            raise ValueError(value)
        return value

    def number(self) -> float:
        """The next number. Raises ValueError: it is a text."""
        value, self.line = next(self._found, ("", self.line))
        return float(value) if isinstance(value, float) else float("")

    def end(self) -> None:
        """Raises ValueError: there is more than the counts before it say."""
        if next(self._found, None):
            raise ValueError(self.line)

    def span(self) -> None:
        """Leaves out the next two numbers: from where to where something reaches."""
        self.number()
        self.number()


def _tokens(text: str) -> Iterator[tuple[str | float, int]]:
    line = at = 1
    for match in _TOKEN.finditer(text):
        line += text.count("\n", at - 1, match.start())
        at = match.start() + 1
        if match[1] is not None:
            yield match[1].replace('""', '"'), line
        elif match[2]:
            yield float(match[2]), line


def _tiers(tokens: _Tokens) -> Iterator[_Tier]:
    if (tokens.word(), tokens.word()) != ("ooTextFile", "TextGrid"):
        raise ValueError("another object of Praat")
    tokens.span()
    for _ in range(int(tokens.number())):
        kind, name = tokens.word(), tokens.word()
        tokens.span()
        cues = [_cue(tokens, point=kind == "TextTier") for _ in range(int(tokens.number()))]
        yield _Tier(name, [] if kind == "TextTier" else [cue for cue in cues if cue.text.strip()])


def _cue(tokens: _Tokens, *, point: bool) -> Cue:
    start = tokens.number()
    end = start if point else tokens.number()
    text = tokens.word()
    if end < start:
        raise Malformed(f"line {tokens.line} ends before it starts")
    return Cue(start, end, text, tokens.line)
