"""Transcripts beside voices: NAME.txt, NAME.srt, NAME.vtt, NAME.csv.

Timed ones keep their times, so that a transcript can be cut with its audio. CSV has the columns
`Start (s),End (s),Segment`, as older systems wrote them.
"""

from __future__ import annotations

import csv
import html
import re
from dataclasses import dataclass
from io import StringIO

from errors import TranscriptMissing

EXTENSIONS = ("txt", "srt", "vtt", "csv")
MAX_BYTES = 1 << 20

_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,6}))?"
_TIMES = re.compile(rf"^\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?$")
_SRT_TAG = re.compile(r"</?(?:i|b|u|s|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
_VTT_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Cue:
    """A piece of transcript; `start` and `end` in seconds of the audio file."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Transcript:
    """A whole transcript on one line; `cues` in time order, empty when it has no times."""

    key: str
    text: str
    cues: tuple[Cue, ...] = ()


def parse(data: bytes, key: str) -> Transcript:
    """Parses a transcript; the extension of `key` says which kind it is.

    Raises:
        TranscriptMissing: larger than 1 MiB, without words, or malformed; names key and line.
    """
    if len(data) > MAX_BYTES:
        raise _broken(key, f"has {len(data)} bytes; at most {MAX_BYTES} are allowed")
    text = _decode(data)
    extension = key.rpartition(".")[2].lower()
    if extension == "txt":
        return _with_words(Transcript(key, one_line(text)))
    if extension == "csv":
        cues = _csv_cues(text, key)
    else:
        cues = _subtitle_cues(text, key, vtt=extension == "vtt")
    cues.sort(key=lambda cue: (cue.start, cue.end))
    return _with_words(Transcript(key, one_line(" ".join(cue.text for cue in cues)), tuple(cues)))


def one_line(text: str) -> str:
    """`text` with all runs of white space made single spaces, none at the ends."""
    return " ".join(text.replace("\ufeff", "").split())


def _with_words(transcript: Transcript) -> Transcript:
    if not any(char.isalnum() for char in transcript.text):
        raise _broken(transcript.key, "holds no words")
    return transcript


def _decode(data: bytes) -> str:
    """Text of any encoding subtitle programs write; what is not Unicode is read as cp1250."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    # cp1250 equals latin-1 in the letters of Western languages and adds the Central European ones.
    try:
        return data.decode("cp1250")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _subtitle_cues(text: str, key: str, *, vtt: bool) -> list[Cue]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues: list[Cue] = []
    times: tuple[float, float] | None = None
    words: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        found = _TIMES.match(line)
        if found:
            if times:  # a cue that no blank line ended; its last line is this one's number
                cues += _cue(times, words[:-1] if words and words[-1].isdigit() else words, vtt)
            times, words = (_seconds(found.groups()[:4]), _seconds(found.groups()[4:])), []
            if times[1] < times[0]:
                raise _broken(key, f"line {number} ends before it starts")
        elif "-->" in line:
            raise _broken(
                key, f"line {number} has no times of the form 00:00:01,000 --> 00:00:02,000"
            )
        elif not line.strip():
            if times:
                cues += _cue(times, words, vtt)
            times, words = None, []
        elif times:
            words.append(line)
    if not cues:
        raise _broken(key, "holds no subtitles with times and words")
    return cues


def _cue(times: tuple[float, float], lines: list[str], vtt: bool) -> list[Cue]:
    text = "\n".join(lines)
    text = html.unescape(_VTT_TAG.sub("", text)) if vtt else _SRT_TAG.sub("", text)
    text = one_line(text)
    return [Cue(*times, text)] if text else []


def _seconds(groups: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = groups
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + (float(f"0.{fraction}") if fraction else 0.0)


def _csv_cues(text: str, key: str) -> list[Cue]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    cues: list[Cue] = []
    columns: tuple[int, int, int] | None = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if columns is None:
                columns = _columns(row, key)
                continue
            cues += _row_cue(row, columns, key, reader.line_num)
    except csv.Error as exc:
        raise _broken(key, f"line {reader.line_num} is no CSV ({exc})") from exc
    if not cues:
        raise _broken(key, "holds no rows below its header")
    return cues


def _columns(row: list[str], key: str) -> tuple[int, int, int]:
    names = [cell.strip().casefold().removesuffix("(s)").strip() for cell in row]
    text = next((name for name in ("segment", "text", "word") if name in names), None)
    if "start" not in names or "end" not in names or text is None:
        raise _broken(key, "line 1 is not the header Start (s),End (s),Segment")
    return names.index("start"), names.index("end"), names.index(text)


def _row_cue(row: list[str], columns: tuple[int, int, int], key: str, line: int) -> list[Cue]:
    if len(row) <= max(columns):
        raise _broken(key, f"line {line} has {len(row)} columns; {max(columns) + 1} are needed")
    start, end = (_number(row[column], key, line) for column in columns[:2])
    if end < start:
        raise _broken(key, f"line {line} ends before it starts")
    text = one_line(row[columns[2]])
    return [Cue(start, end, text)] if text else []


def _number(cell: str, key: str, line: int) -> float:
    cell = cell.strip()
    clock = re.fullmatch(_CLOCK, cell)
    if clock:
        return _seconds(clock.groups())
    if re.fullmatch(r"\d{1,9}(?:[.,]\d*)?|[.,]\d+", cell):
        return float(cell.replace(",", "."))
    raise _broken(key, f"line {line} has no time in seconds where one must be")


def _broken(key: str, fault: str) -> TranscriptMissing:
    return TranscriptMissing(
        f"The transcript {key} {fault}.", "Correct it, or give the words in `ref_text`."
    )


def cut_share(text: str, share: float) -> str:
    """About the first `share` (0..1) of `text`, at least one word, cut between words.

    Text without spaces, such as Chinese, is cut between characters.
    """
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
