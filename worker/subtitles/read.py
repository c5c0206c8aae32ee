"""Transcripts beside voices, as people and programs write them: NAME.txt, NAME.srt and so on.

What a file holds is told by its content, then by its extension: subtitles pasted into a .txt are
subtitles. Timed ones keep their times, so that a transcript can be cut with its audio. No word is
lost, doubled or made up in silence: what is changed or guessed is named in `warnings` with its
line, what cannot be understood is refused with its line.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from errors import TranscriptMissing
from text.subtitles import subtitle_form
from worker.phrases import here
from worker.subtitles.cues import CLOCK, looks_like_srt, subtitle_cues
from worker.subtitles.discs import (
    looks_like_spruce,
    looks_like_subviewer,
    spruce_cues,
    subviewer_cues,
)
from worker.subtitles.documents import document, looks_like_json
from worker.subtitles.encoding import decoded
from worker.subtitles.events import ass_cues, kind_by_lines, lrc_cues, sbv_cues
from worker.subtitles.fit import in_seconds, inside
from worker.subtitles.frames import OF_TTML, in_fractions
from worker.subtitles.limits import (
    MAX_BYTES,
    refuse_large,
    refuse_many_cues,
    refuse_many_letters,
    refuse_many_lines,
)
from worker.subtitles.markup import goes_on, plain, spoken, without_marks
from worker.subtitles.notes import UNSEEN, Cue, Malformed, Notes, one_line, text_of
from worker.subtitles.rolling import said_once
from worker.subtitles.sami import looks_like_sami, sami_cues
from worker.subtitles.strangers import (
    refuse_controls,
    refuse_other_bytes,
    refuse_other_cues,
    refuse_other_lines,
    refuse_other_text,
)
from worker.subtitles.tables import looks_like_table, table_cues
from worker.subtitles.textgrid import looks_like_textgrid, textgrid_cues
from worker.subtitles.tongues import note_two
from worker.subtitles.transcript import Transcript
from worker.subtitles.ttml import looks_like_ttml, ttml_cues
from worker.subtitles.turns import looks_like_spans, looks_like_turns, span_cues, turn_cues

# In order of preference.
EXTENSIONS = (
    *("txt", "srt", "vtt", "ass", "ssa", "csv", "tsv", "json", "sbv", "lrc", "ttml", "dfxp"),
    *("smi", "textgrid", "sub"),
)

_TIMES = re.compile(r"\d:\d{2}[:.,]\d|\d:\d{2}\s?-+>|[\[(]\d{1,2}:\d{2}[\])]")
_LONG = 1000  # letters of lines that are joined, so that it costs no more than their length
_WITHOUT_TAGS = ("JSON", "a table")  # forms of which tags are no part
_HALF = re.compile("[\ud800-\udfff]")  # of a pair of surrogates
# "1. " or a recording's name: "utt001 ", "LJ001-0001 ".
_NUMBERED = re.compile(
    r"\s*(?:\d{1,3}[.)]|[^\W\d]\w{0,20}\d{3}\w{0,20}|"
    r"[^\W_]{1,30}(?:[-_][^\W_]{1,30}){0,6}[-_]\d{3,9})\s"
)
_ARROW_TIMES = re.compile(rf"\s*{CLOCK}\s*-{{1,2}}>\s*{CLOCK}\b")


class _Words(NamedTuple):
    """What a reader found: `cues` without an infinite start are timed; `of_words`: each of them is
    a word or a few, so that one that comes again is said again."""

    cues: list[Cue]
    whole_numbers: bool = False
    form: str = ""
    of_words: bool = False


def parse(data: bytes, key: str, seconds: float | None = None) -> Transcript:
    """Parses a transcript.

    Args:
        key: its name in messages; its extension says which kind it is meant to be.
        seconds: how long the recording is; None leaves the times as they are written.

    Raises:
        TranscriptMissing: too large (`limits`), without words, of another recording, or malformed;
            names key and line.
    """
    try:
        return _parse(data, key, seconds)
    except Malformed as fault:
        raise TranscriptMissing(
            f"The transcript {key} {fault}.",
            f"Correct it, or give the words in {here('`ref_text`')}.",
        ) from fault


def _parse(data: bytes, key: str, seconds: float | None) -> Transcript:
    refuse_large(data, key)
    refuse_other_bytes(data)
    notes = Notes()
    extension = key.rpartition(".")[2].lower()
    words = _words(_text(data, extension, notes), extension, notes)
    refuse_many_cues(len(words.cues))
    refuse_many_letters(sum(len(cue.text) for cue in words.cues))
    if words.form and extension == "txt":
        notes.say(
            f"holds {words.form}: only its words are used, its times and numbers are not said"
        )
    if words.form in _WITHOUT_TAGS:
        words = words._replace(cues=[_without_tags(cue, notes) for cue in words.cues])
    cues = spoken(_timed(words, seconds, notes), notes)
    timed = bool(cues) and all(math.isfinite(cue.start) for cue in cues)
    if timed:
        if not words.of_words:
            cues = said_once(cues, notes)
            note_two(cues, notes)
        cues = cues if seconds is None else inside(cues, seconds, notes)
    text = text_of(cues)
    if not any(char.isalnum() for char in text):
        raise Malformed("holds no words")
    cues = [cue.with_text(one_line(cue.text)) for cue in cues]
    return Transcript(key, text, tuple(cues) if timed else (), notes.sentences(key))


def _text(data: bytes, extension: str, notes: Notes) -> str:
    """The text in `data` with "\\n" as its only line break, and without what is not seen."""
    if len(data) <= MAX_BYTES:
        text = decoded(data, notes)
    else:  # JSON, which is UTF-8 by its standard; to guess takes time
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as fault:
            raise Malformed(
                f"has more than {MAX_BYTES} bytes and is not UTF-8; save it as UTF-8"
            ) from fault
        if text[:80].lstrip()[:1] not in ("{", "["):
            raise Malformed(f"has more than {MAX_BYTES} bytes and is no JSON")
    refuse_controls(text)
    # Of JSON it is taken from the words alone: it would cost more than all else.
    text = text.lstrip("\ufeff") if extension == "json" else text.translate(UNSEEN)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _timed(words: _Words, seconds: float | None, notes: Notes) -> list[Cue]:
    """The cues by their times, in seconds, none below 0."""
    cues = words.cues
    if seconds is not None and (words.whole_numbers or words.form in _WITHOUT_TAGS):
        cues = in_seconds(cues, seconds, notes, whole=words.whole_numbers)
    found = []
    for cue in cues:
        if cue.end < 0 or cue.start < 0 == cue.end:
            notes.add("lies before the recording begins, and was left out", cue.line)
            continue
        if cue.start < 0:
            notes.add("begins before 0, which was taken as 0", cue.line)
            cue = replace(cue, start=0.0)
        found.append(cue)
    for before, cue in pairwise(found):
        if cue.start < before.start:
            notes.add("begins before the one above it: the order of the times was taken", cue.line)
    return sorted(found, key=lambda cue: (cue.start, cue.end))


def _words(text: str, extension: str, notes: Notes) -> _Words:
    """The words of `text`, read as what it is."""
    if extension == "json" and looks_like_json(text):
        return _document(text, notes)
    if extension in ("ttml", "dfxp") or looks_like_ttml(text):
        return _Words(ttml_cues(in_fractions(text, notes, OF_TTML), notes), form="XML")
    if looks_like_sami(text):
        return _Words(sami_cues(text, notes), form="SAMI")
    if looks_like_textgrid(text):
        return _Words(textgrid_cues(text, notes), form="a TextGrid", of_words=True)
    refuse_other_text(text)
    if extension == "json" or looks_like_json(text):
        return _document(text, notes)
    return _lines(in_fractions(text, notes), extension, notes)


def _lines(text: str, extension: str, notes: Notes) -> _Words:
    """The words of a text whose lines say when they are said, or of plain words."""
    refuse_many_lines(text)
    text = without_marks(text, notes) if extension == "txt" else text
    if looks_like_spans(text):
        return _Words(span_cues(text, notes), form="the transcript of a meeting")
    head = text.lstrip()
    form = subtitle_form(text)
    is_vtt = head.startswith("WEBVTT") or extension == "vtt"
    is_subtitles = is_vtt or form in ("SRT", "WebVTT") or extension == "srt"
    if extension == "txt" and form in ("", "SBV") and looks_like_srt(text):
        is_subtitles, form = True, "SRT"
    if not (is_subtitles and form and ("-->" in text or extension == "txt")) and (
        reader := kind_by_lines(text, stamped=extension == "txt")
    ):
        return _Words(reader(text, notes), form=form or "lines with times")
    if is_subtitles:
        cues = subtitle_cues(text, notes, vtt=is_vtt)
        refuse_other_cues(cue.text for cue in cues)
        return _Words(cues, form="WebVTT" if is_vtt else "SRT")
    if extension in ("ass", "ssa") or form == "ASS":
        return _Words(ass_cues(text, notes), form="ASS")
    if looks_like_subviewer(text):
        return _Words(subviewer_cues(text, notes), form="SubViewer")
    if looks_like_spruce(text):
        return _Words(spruce_cues(text, notes), form="STL")
    if head.startswith("[INFORMATION]"):
        return _Words(sbv_cues(text, notes), form="SubViewer")
    if extension in ("sbv", "lrc"):
        return _Words((sbv_cues if extension == "sbv" else lrc_cues)(text, notes))
    if extension in ("csv", "tsv") or looks_like_table(text):
        cues, whole = table_cues(text, notes)
        return _Words(cues, whole_numbers=whole, form="a table")
    if looks_like_turns(text):
        return _Words(turn_cues(text, notes), form="the transcript of a meeting")
    refuse_other_lines(text)
    lines = list(enumerate(text.split("\n"), 1))
    if number := next((number for number, line in lines if _ARROW_TIMES.match(line)), 0):
        raise Malformed(f"line {number} has times, but not as SRT has them; save it as SRT")
    return _Words(_plain_words(lines, notes))


def _plain_words(lines: list[tuple[int, str]], notes: Notes) -> list[Cue]:
    """The lines of plain words; one that ends within a word is one with the next."""
    found: list[Cue] = []
    counted = [(number, line) for number, line in lines if line.strip().isdigit()]
    if [line.strip() for _, line in counted[:2]] in (["0", "1"], ["1", "2"]):
        for number, _ in counted:
            notes.add("may be a cue's number; it counts as said", number)
    for number, line in lines:
        if _NUMBERED.match(line):
            notes.add(
                "may begin with a line's number or a recording's name; it counts as said", number
            )
        cue = _untimed(line, number, notes)
        if found and len(found[-1].text) < _LONG and goes_on(found[-1].text, cue.text):
            found[-1] = found[-1].with_text(f"{found[-1].text}\n{cue.text}")
        elif line.strip():
            found.append(cue)
    return found


def _without_tags(cue: Cue, notes: Notes) -> Cue:
    """A cue of a kind that knows no tags, without those that it may have nevertheless."""
    words = plain(cue.text, vtt=False)
    if words != cue.text:
        notes.add("holds tags or entities, of which only the words are used", cue.line)
    if _HALF.search(words):
        notes.add("has letters that are damaged, which were left out", cue.line)
    return cue.with_text(words if words.isprintable() else words.translate(UNSEEN))


def _untimed(line: str, number: int, notes: Notes) -> Cue:
    words = plain(line, vtt=False)
    if ":" in words and _TIMES.search(words):
        notes.add("holds what may be times, which count as said", number)
    if words != line:
        notes.add("holds tags or entities, of which only the words are used", number)
    return Cue(math.inf, math.inf, words, number)


def _document(text: str, notes: Notes) -> _Words:
    found = document(text, notes)
    if found.cues:
        return _Words(found.cues, found.whole_numbers, "JSON", found.of_words)
    return _Words([Cue(math.inf, math.inf, found.text, 1)], form="JSON")


def cut_share(text: str, share: float) -> str:
    """About the first `share` (0..1) of `text`, at least one word, cut between words. Text without
    spaces, such as Chinese, is cut between characters."""
    target = len(text) * share
    words = text.split(" ")
    if len(words) < 4 and len(text) > 24:
        return text[: max(1, round(target))]
    ends = []
    position = -1
    for word in words:
        position += len(word) + 1
        ends.append(position)
    best = min(ends, key=lambda end: abs(end - target))
    return text[:best]
