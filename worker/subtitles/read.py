"""Transcripts beside voices: NAME.txt, NAME.srt, NAME.vtt, NAME.csv.

Timed ones keep their times, so that a transcript can be cut with its audio. CSV has the columns
`Start (s),End (s),Segment`, as older systems wrote them.
"""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO

from errors import TranscriptMissing
from worker.subtitles.cues import CLOCK, Cue, Malformed, one_line, seconds, subtitle_cues

EXTENSIONS = ("txt", "srt", "vtt", "csv")
MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Transcript:
    """A whole transcript on one line; `cues` in time order, empty when it has no times."""

    key: str
    text: str
    cues: tuple[Cue, ...] = ()


def parse(data: bytes, key: str) -> Transcript:
    """Parses a transcript; the extension of `key` says which kind it is. Raises TranscriptMissing:
    larger than 1 MiB, without words, or malformed; names key and line."""
    try:
        return _parse(data, key)
    except Malformed as fault:
        raise TranscriptMissing(
            f"The transcript {key} {fault}.", "Correct it, or give the words in `ref_text`."
        ) from fault


def _parse(data: bytes, key: str) -> Transcript:
    if len(data) > MAX_BYTES:
        raise Malformed(f"has {len(data)} bytes; at most {MAX_BYTES} are allowed")
    text = _decode(data)
    extension = key.rpartition(".")[2].lower()
    cues: list[Cue] = []
    if extension == "csv":
        cues = _csv_cues(text)
    elif extension != "txt":
        cues = subtitle_cues(text, vtt=extension == "vtt")
    if cues:
        cues.sort(key=lambda cue: (cue.start, cue.end))
        text = " ".join(cue.text for cue in cues)
    if not any(char.isalnum() for char in text):
        raise Malformed("holds no words")
    return Transcript(key, one_line(text), tuple(cues))


def _decode(data: bytes) -> str:
    """Text of any encoding subtitle programs write; what is not Unicode is read as cp1250."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    # cp1250 equals latin-1 in the letters of Western languages and adds the Central European ones.
    for encoding in ("utf-8-sig", "cp1250"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return data.decode("latin-1")


def _csv_cues(text: str) -> list[Cue]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] = []
    cues: list[Cue] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if header:
                cues += _row_cue(row, header, reader.line_num)
            else:
                header = _header(row)
    except csv.Error as exc:
        raise Malformed(f"line {reader.line_num} is no CSV ({exc})") from exc
    if not cues:
        raise Malformed("holds no rows below its header")
    return cues


def _header(row: list[str]) -> list[str]:
    """The columns' names, the one that holds the words called `segment`."""
    names = [cell.strip().casefold().removesuffix("(s)").strip() for cell in row]
    text = next((name for name in ("segment", "text", "word") if name in names), None)
    if "start" not in names or "end" not in names or text is None:
        raise Malformed("line 1 is not the header Start (s),End (s),Segment")
    return ["segment" if name == text else name for name in names]


def _row_cue(row: list[str], header: list[str], line: int) -> list[Cue]:
    columns = [header.index(name) for name in ("start", "end", "segment")]
    if len(row) <= max(columns):
        raise Malformed(f"line {line} has {len(row)} columns; {max(columns) + 1} are needed")
    if any(cell.strip() for cell in row[len(header) :]):
        raise Malformed(f"line {line} has more columns than line 1: put its words in quotes")
    start, end = (_number(row[column], line) for column in columns[:2])
    if end < start:
        raise Malformed(f"line {line} ends before it starts")
    text = one_line(row[columns[2]])
    return [Cue(start, end, text)] if text else []


def _number(cell: str, line: int) -> float:
    cell = cell.strip()
    if clock := re.fullmatch(CLOCK, cell):
        return seconds(clock.groups())
    if re.fullmatch(r"\d{1,9}(?:[.,]\d*)?|[.,]\d+", cell):
        return float(cell.replace(",", "."))
    raise Malformed(f"line {line} has no time in seconds where one must be")


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
