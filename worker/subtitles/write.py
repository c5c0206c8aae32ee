"""Timings as files: SRT, WebVTT, ASS, CSV, JSON, one row each in `TIMING_FORMATS`.

SRT and CSV have one cue per segment, or per word when asked. VTT cues carry their words' times
inside (karaoke style), ASS lines carry `\\k` tags. Times are rounded to the format's resolution.
"""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Literal, TypeAlias

from worker.subtitles.words import Timed, Word

_ASS_HEAD = """\
[Script Info]
{}ScriptType: v4.00+
PlayResX: 1280
PlayResY: 720
WrapStyle: 0

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,48,&H00FFFFFF,&H0000FFFF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,2,1,2,\
40,40,40,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True)
class TimingFile:
    """How a timing file is written. `write` makes its text from cues and words, both in time order;
    `words_inside`: it has room for the times of words within a cue."""

    extension: str
    content_type: str
    write: Callable[[Sequence[Timed], Sequence[Word]], str]
    words_inside: bool


def render(
    fmt: TimingFormat, segments: Sequence[Timed], words: Sequence[Word], *, per_word: bool = False
) -> str:
    """The text of a timing file.

    Args:
        segments: what one cue holds, sentences or chunks, in time order.
        words: all words in time order.
        per_word: one cue per word where the format has no room for them inside cues.
    """
    row = TIMING_FORMATS[fmt]
    cues = words if per_word and not row.words_inside else segments
    return row.write(cues, words)


def _srt(cues: Sequence[Timed], _words: Sequence[Word]) -> str:
    blocks = [
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_arrowless(cue.text)}\n"
        for number, cue in enumerate(cues, 1)
    ]
    return "\n".join(blocks)


def _vtt(cues: Sequence[Timed], words: Sequence[Word]) -> str:
    blocks = ["WEBVTT\n", *([f"NOTE Word times: {word_times(words)}\n"] if words else [])]
    for cue in cues:
        text = _vtt_text(cue, _within(cue, words))
        blocks.append(f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def _vtt_text(cue: Timed, words: Sequence[Timed]) -> str:
    pieces = _pieces(cue.text, words)
    if not pieces:
        return html.escape(_line(cue.text), quote=False)
    text = ""
    for piece, word in pieces:
        # A time stamp inside a cue must lie strictly within it and rise.
        inside = _ticks(cue.start) < _ticks(word.start) < _ticks(cue.end)
        stamp = f"<{_clock(word.start, '.')}>" if inside else ""
        text += stamp + html.escape(piece, quote=False)
    return text


def _ass(segments: Sequence[Timed], words: Sequence[Word]) -> str:
    lines = [_ASS_HEAD.format(f"; Word times: {word_times(words)}\n" if words else "")]
    for cue in segments:
        text, at = "", _ticks(cue.start, 2)
        for piece, word in _pieces(cue.text, _within(cue, words)):
            start, end = max(at, _ticks(word.start, 2)), max(at, _ticks(word.end, 2))
            gap = f"{{\\k{start - at}}}" if start > at else ""
            text += f"{gap}{{\\k{end - start}}}{_ass_text(piece)}"
            at = end
        text = text or _ass_text(_line(cue.text))
        lines.append(
            f"Dialogue: 0,{_ass_clock(cue.start)},{_ass_clock(cue.end)},Default,,0,0,0,,{text}\n"
        )
    return "".join(lines)


def _csv(cues: Sequence[Timed], _words: Sequence[Word]) -> str:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["Start (s)", "End (s)", "Segment"])
    for cue in cues:
        writer.writerow([f"{cue.start:.3f}", f"{cue.end:.3f}", _line(cue.text)])
    return out.getvalue()


def _json(segments: Sequence[Timed], words: Sequence[Word]) -> str:
    how = word_times(words)
    document = {
        "segments": [_row(segment) for segment in segments],
        "words": [
            _row(word) | ({"word_times": word_times([word])} if how == "mixed" else {})
            for word in words
        ],
        "word_times": how,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _row(item: Timed) -> dict[str, object]:
    return {"text": item.text, "start": round(item.start, 3), "end": round(item.end, 3)}


def word_times(words: Sequence[Word]) -> str:
    """How the times of `words` were found: estimated, aligned, or mixed."""
    if not any(word.aligned for word in words):
        return "estimated"
    return "aligned" if all(word.aligned for word in words) else "mixed"


def _within(cue: Timed, words: Sequence[Timed]) -> list[Timed]:
    """The words whose middle lies in the cue."""
    return [word for word in words if cue.start <= (word.start + word.end) / 2 <= cue.end]


def _pieces(text: str, words: Sequence[Timed]) -> list[tuple[str, Timed]]:
    """`text` cut before each word; empty when the words are not those of the text."""
    text = _line(text)
    cuts: list[int] = []
    position = 0
    for word in words:
        found = text.find(_line(word.text), position)
        if found < 0 or (not cuts and found > 0) or text[position:found].strip():
            return []
        cuts.append(found)
        position = found + len(_line(word.text))
    if not cuts or text[position:].strip():
        return []
    ends = [*cuts[1:], len(text)]
    return [(text[a:b], word) for a, b, word in zip(cuts, ends, words, strict=True)]


def _line(text: str) -> str:
    return " ".join(text.split())


def _arrowless(text: str) -> str:
    """SRT has no escapes: an arrow would read as a time line."""
    return _line(text).replace("-->", "->")


def _ass_text(text: str) -> str:
    """Braces escaped; a word joiner after a backslash keeps it from starting `\\N` and the like."""
    text = re.sub(r"\\(?=[Nnh{}])", "\\\\\u2060", text)
    return text.replace("{", "\\{").replace("}", "\\}")


def _ticks(seconds: float, digits: int = 3) -> int:
    """Milliseconds, or what has another number of `digits`."""
    ticks: float = seconds * 10**digits
    return max(0, round(ticks))


def _clock(seconds: float, mark: str, digits: int = 3) -> str:
    """`01:02:03`, `mark`, and the `digits` of the fraction."""
    rest, part = divmod(_ticks(seconds, digits), 10**digits)
    minutes, second = divmod(rest, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02d}:{minute:02d}:{second:02d}{mark}{part:0{digits}d}"


def _ass_clock(seconds: float) -> str:
    return _clock(seconds, ".", 2).removeprefix("0")


TIMING_FORMATS: Mapping[str, TimingFile] = {
    "srt": TimingFile("srt", "application/x-subrip; charset=utf-8", _srt, words_inside=False),
    "vtt": TimingFile("vtt", "text/vtt; charset=utf-8", _vtt, words_inside=True),
    "ass": TimingFile("ass", "text/x-ssa; charset=utf-8", _ass, words_inside=True),
    "csv": TimingFile("csv", "text/csv; charset=utf-8", _csv, words_inside=False),
    "json": TimingFile("json", "application/json", _json, words_inside=True),
}

if TYPE_CHECKING:
    TimingFormat: TypeAlias = str
else:
    TimingFormat = Literal[tuple(TIMING_FORMATS)]  # what a job may name, for pydantic
