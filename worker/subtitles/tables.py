"""Tables of words and times, CSV and TSV: those of older systems, whisper, whisper.cpp, Audacity.

The header says which column is which; a table without one has start, end, words. Programs write
words unquoted, so what has too many columns belongs to the words.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from io import StringIO
from itertools import pairwise

from worker.subtitles.cues import CLOCK, seconds
from worker.subtitles.limits import refuse_many_cues
from worker.subtitles.notes import Cue, Malformed, Notes

_START = (
    *("start", "start time", "begin", "from", "in", "offset", "tstart", "start tc"),
    *("time", "timestamp", "timecode", "начало", "开始", "开始时间", "開始", "開始時間", "시작"),
    *("beginn", "anfang", "początek", "début", "inicio", "inizio", "início"),
)
_END = (
    *("end", "end time", "stop", "to", "out", "tend", "end tc"),
    *("конец", "结束", "结束时间", "終了", "終了時間", "끝"),
    *("ende", "koniec", "fin", "fine", "fim"),
)
_LENGTH = ("duration", "dur", "length", "dauer", "durée")
_WORDS = (
    *("segment", "text", "word", "words", "transcript", "transcription", "sentence", "caption"),
    *("tekst", "texte", "texto", "testo", "текст", "文本", "字幕", "テキスト", "텍스트", "wörter"),
)
_OF_MARKERS = ("description", "notes", "marker name", "name")  # where people write the words
_NUMBER = re.compile(r"-?(?:\d{1,9}(?:[.,]\d*)?|[.,]\d+)(?:\s?s)?")
_WHOLE = re.compile(r"\s*-?\d+(?:\.0*)?\s*")
_CLOCK = re.compile(CLOCK)
_HMS = re.compile(r"(?=\d)(?:(\d{1,3})h\s?)?(?:(\d{1,4})m(?:in)?\s?)?(?:(\d{1,5}(?:\.\d{1,6})?)s)?")
_UNIT = re.compile(r"[\s_(\[]*\b(?:in )?(ms|msec|milliseconds|s|sec|secs|seconds)[)\]]?$")
_ROW_INSIDE = re.compile(r"\n[ \t]*\d[\d:.]*[,;\t|] *\d[\d:.]*[,;\t|]")
_ESCAPED = re.compile(r'(?<![\\,;\t|])\\"(?!\n|$)|(?<=[\w ])\\"')
_LONGEST_NAME = 40
_HEADER = "Start (s),End (s),Segment"


@dataclass(frozen=True)
class _Columns:
    """Which column holds what, from 0; `end` or `length` may be None. `scale` to seconds."""

    start: int
    end: int | None
    length: int | None
    words: int
    count: int
    scale: float = 1.0
    delimiter: str = ","
    candidates: tuple[int, ...] = ()  # for the words, of markers

    @cached_property
    def needed(self) -> int:
        return max(self.start, self.words, self.end or 0, self.length or 0) + 1


_PLAIN = _Columns(0, 1, None, 2, 3)
_Row = tuple[int, list[str]]


def looks_like_table(text: str) -> bool:
    """True for a text whose first lines are a table with times, whatever the file is called."""
    lines = [line for line in text.split("\n", 5)[:5] if line.strip() and not _band(line)]
    if not lines:
        return False
    delimiter = _delimiter(lines[0])
    columns = _columns(lines[0].split(delimiter))
    if columns and len(lines) > 1:
        row = lines[1].split(delimiter)
        return len(row) >= columns.needed and _seconds(_bare(row[columns.start])) is not None
    return "\t" in lines[0] and all(_is_plain(line.split("\t", 2)) for line in lines)


def table_cues(text: str, notes: Notes) -> tuple[list[Cue], bool]:
    """The cues of a table, and whether all its times are whole numbers without a unit: these may be
    milliseconds. Raises Malformed, naming the line."""
    refuse_many_cues(text.count("\n"))
    delimiter, rows = _rows(text, notes)
    number, first = next(rows, (1, []))
    columns = _columns(first)
    if columns is None and not _is_plain(first):
        raise Malformed(f"line {number} is not the header {_HEADER}")
    rows = iter(filled := list(rows))
    columns = columns and _of_markers(columns, first, filled, notes)
    known = replace(columns or _PLAIN, delimiter=delimiter)
    cues, whole = [], True
    for line, row in rows if columns else [(number, first), *rows]:
        cue, is_whole = _cue(row, known, line, notes)
        whole &= is_whole
        cues.append(cue)
    if not cues:
        raise Malformed("holds no rows below its header")
    points = len(cues) > 1 and all(cue.start == cue.end for cue in cues)
    if points and known.end is not None:
        notes.say("has points in time; each was taken to last until the next")
    if points or (known.end is None and known.length is None):
        cues = until_next(cues)
    return [cue for cue in cues if cue.text], whole and known.scale == 1.0


def until_next(cues: list[Cue]) -> list[Cue]:
    """Cues of which only the start is known, each up to the next, the last without end."""
    cues = sorted(cues, key=lambda cue: cue.start)
    if not cues:
        return []
    ends = [*(after.start for _, after in pairwise(cues)), math.inf]
    return [Cue(cue.start, end, cue.text, cue.line) for cue, end in zip(cues, ends, strict=True)]


def _band(line: str) -> bool:
    """True for a line in which Audacity notes the frequencies of the label above it."""
    return line.startswith("\\\t")


def _delimiter(line: str) -> str:
    """What divides a header or, if its first two cells are times, a row: in some the comma stands
    before the fractions of seconds."""
    plain = (mark for mark in "\t;,|" if _is_plain(line.split(mark, 2)))
    return next(plain, max(",;\t|", key=line.count))


def _rows(text: str, notes: Notes) -> tuple[str, Iterator[_Row]]:
    """The delimiter, and rows that hold something with the line each begins at. Quotes that do not
    pair are letters."""
    lines = text.split("\n")
    heads = (n for n, line in enumerate(lines) if line.strip() and not line.startswith("sep="))
    skipped = next(heads, 0)  # Excel's own first line says what divides
    text = "\n".join("" if _band(line) else line for line in lines[skipped:])
    delimiter = _delimiter(text.partition("\n")[0])
    text = _ESCAPED.sub(r'""', text) if _ESCAPED.search(text) and '""' not in text else text
    try:
        found = list(_quoted(text, delimiter))
    except _Unpaired as fault:
        notes.add("has quotes that do not pair, which were taken as written", fault.line + skipped)
        found = list(_unquoted(text, delimiter))
    filled = (row for row in found if any(cell.strip() for cell in row[1]))
    return delimiter, ((line + skipped, row) for line, row in filled)


class _Unpaired(csv.Error):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _quoted(text: str, delimiter: str) -> Iterator[_Row]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if any("\n" in cell and _ROW_INSIDE.search(cell) for cell in row):
                raise _Unpaired(line)
            yield line, row
            line = reader.line_num + 1
    except csv.Error as fault:
        raise _Unpaired(line) from fault


def _unquoted(text: str, delimiter: str) -> Iterator[_Row]:
    for number, line in enumerate(text.split("\n"), 1):
        yield number, [_bare(cell) for cell in line.split(delimiter)]


def _bare(cell: str) -> str:
    """A cell without the quotes around it."""
    inner = cell.strip()
    paired = len(inner) > 1 and inner[0] == inner[-1] == '"'
    return inner[1:-1].replace('""', '"') if paired else cell


def _columns(row: list[str]) -> _Columns | None:
    """What a header says; None if the row is none."""
    names = [" ".join(cell.replace("_", " ").split()).casefold().strip('"') for cell in row]
    names = [name[:_LONGEST_NAME] for name in names]
    units = [found[1] if (found := _UNIT.search(name)) else "" for name in names]
    bare = [_UNIT.sub("", name).strip() for name in names]
    start, end, length, words = (
        next((bare.index(name) for name in known if name in bare), None)
        for known in (_START, _END, _LENGTH, _WORDS)
    )
    markers = tuple(bare.index(name) for name in _OF_MARKERS if words is None and name in bare)
    if markers and (end is not None or length is not None):
        words = markers[0]
    if start is None or words is None:
        return None
    thousandths = units[start].startswith(("ms", "milli"))
    return _Columns(
        start, end, length, words, len(row), 0.001 if thousandths else 1.0, candidates=markers
    )


def _of_markers(columns: _Columns, header: list[str], rows: list[_Row], notes: Notes) -> _Columns:
    """The columns with those words that the markers of an editor have; others as they are."""
    found = [header[at].strip() for at in columns.candidates]
    for name, at in zip(found, columns.candidates, strict=True):
        if any(len(row) > at and any(map(str.isalpha, row[at])) for _, row in rows):
            notes.say(f"has markers, whose words were taken from {name!r}")
            return replace(columns, words=at)
    return columns


def _is_plain(row: list[str]) -> bool:
    timed = [_seconds(cell) is not None for cell in row[:3]]
    return timed[:2] == [True, True] and len(row) >= 3 and (len(row) == 3 or not timed[2])


def _cue(row: list[str], columns: _Columns, line: int, notes: Notes) -> tuple[Cue, bool]:
    """A row's cue, and whether its times are whole numbers."""
    if len(row) < columns.needed:
        raise Malformed(f"line {line} has {len(row)} columns; {columns.needed} are needed")
    row = _with_words_joined(row, columns, line, notes)
    start = _time(row[columns.start], line)
    second = columns.end if columns.end is not None else columns.length
    end = start if second is None else _time(row[second], line)
    if columns.end is None and second is not None:
        end += start
    if end < start:
        raise Malformed(f"line {line} ends before it starts")
    whole = start.is_integer() and end.is_integer()
    if whole:  # a clock or a unit is none
        cells = [row[columns.start], *([row[second]] if second is not None else [])]
        whole = all(map(_WHOLE.fullmatch, cells))
    text = row[columns.words].replace("\r", "\n").strip()
    return Cue(start * columns.scale, end * columns.scale, text, line), whole


def _with_words_joined(row: list[str], columns: _Columns, line: int, notes: Notes) -> list[str]:
    """The row with as many columns as the header has; words with commas and no quotes have more."""
    more = len(row) - columns.count
    if more <= 0:
        return row
    at = columns.words
    if any(cell.strip() for cell in row[columns.count :]):
        notes.add("has more columns than line 1: all that follow are taken as its words", line)
        words = columns.delimiter.join(row[at : at + more + 1])
        return [*row[:at], _bare(words), *row[at + more + 1 :]]
    return row[: columns.count]


def _time(cell: str, line: int) -> float:
    time = _seconds(cell)
    if time is None:
        raise Malformed(f"line {line} has no time in seconds where one must be")
    return time


def _seconds(cell: str) -> float | None:
    cell = cell.strip()
    if ":" not in cell and _NUMBER.fullmatch(cell):
        return float(cell.replace(",", ".").rstrip("s ").strip())
    if (parts := _HMS.fullmatch(cell)) and any(parts.groups()):
        hours, minutes, rest = (float(part or 0) for part in parts.groups())
        return 3600 * hours + 60 * minutes + rest
    if clock := _CLOCK.fullmatch(cell.removeprefix("-")):
        return seconds(clock.groups()) * (-1 if cell.startswith("-") else 1)
    return None
