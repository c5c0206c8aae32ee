"""SAMI, the captions of Windows Media Player, to cues: HTML in which each text ends where the next
begins, often in several languages at once."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from worker.subtitles.notes import Cue, Malformed, Notes
from worker.subtitles.tables import until_next

_HEAD = re.compile(r"\s*(?:<[?!][^>]{0,400}>\s*)*<sami[\s>]", re.IGNORECASE)
_TIME = re.compile(r"\s*(-?\d{1,10})(?:\s*ms)?\s*")


def looks_like_sami(text: str) -> bool:
    """True for what begins as one of these documents does."""
    return _HEAD.match(text) is not None


def sami_cues(text: str, notes: Notes) -> list[Cue]:
    """The cues of the language that comes first; `notes` names the others. Raises Malformed: a time
    cannot be read, or there are no words."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    languages = list(dict.fromkeys(language for language, _ in reader.found))
    if not any(cue.text.strip() for _, cue in reader.found):
        raise Malformed("holds no subtitles with times and words")
    if len(languages) > 1:
        others = ", ".join(name or "one without a name" for name in languages[1:])
        notes.say(f"has {len(languages)} languages: {languages[0]} was used, not {others}")
    cues = until_next([cue for language, cue in reader.found if language == languages[0]])
    return [cue for cue in cues if cue.text.strip()]


class _Reader(HTMLParser):
    """Collects a cue, its end unknown, for each language at each time; an empty one clears."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, Cue]] = []
        self._start: float | None = None
        self._language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes a time, a language or a break."""
        values = {name: value or "" for name, value in attrs}
        if tag == "sync":
            line = self.getpos()[0]
            time = _TIME.fullmatch(values.get("start", ""))
            if not time:
                raise Malformed(f"line {line} has no time in milliseconds where one must be")
            self._start, self._language = int(time[1]) / 1000, ""
        elif tag == "p" and self._start is not None:
            self._language = values.get("class", "").upper()
            self._add("")
        elif tag == "br":
            self._add("\n")

    def handle_data(self, data: str) -> None:
        """Takes words, or what stands before the first time, which is not said."""
        self._add(re.sub(r"\s+", " ", data))

    def _add(self, text: str) -> None:
        if self._start is None or (text.isspace() and not self._ours()):
            return
        if self._ours():
            cue = self.found[-1][1]
            self.found[-1] = (self._language, cue.with_text(cue.text + text))
        else:
            cue = Cue(self._start, self._start, text, self.getpos()[0])
            self.found.append((self._language, cue))

    def _ours(self) -> bool:
        """True if the last cue is of this time and language."""
        if not self.found:
            return False
        language, cue = self.found[-1]
        return cue.start == self._start and language == self._language
