"""Words are the same whoever wrote them down; reading takes time in proportion to their length."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.subtitles.encoding import decoded
from worker.subtitles.notes import Cue, Notes
from worker.subtitles.read import parse
from worker.subtitles.spread import spread

# No two neighbours alike: those may be a caption that rolls.
_CUES = st.lists(
    st.lists(
        st.sampled_from(["a", "Hello,", "world.", "1984", "10:30", "don't", "<", "&", "x;y", "5."]),
        min_size=1,
        max_size=6,
    ).map(" ".join),
    min_size=1,
    max_size=6,
    unique=True,
).map(lambda texts: [f"{place} {text}" for place, text in enumerate(texts)])


def _clock(seconds: int, mark: str) -> str:
    return f"00:00:{seconds:02d}{mark}000"


def _rows(texts: list[str]) -> list[tuple[int, int, str]]:
    return [(2 * place, 2 * place + 2, text) for place, text in enumerate(texts)]


def _srt(texts: list[str]) -> str:
    return "\n".join(
        f"{start}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n"
        for start, end, text in _rows(texts)
    )


def _ass(texts: list[str]) -> str:
    lines = (
        f"Dialogue: 0,0:00:{start:02d}.00,0:00:{end:02d}.00,Default,,0,0,0,,{text}\n"
        for start, end, text in _rows(texts)
    )
    head = "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"
    return f"[Events]\nFormat: {head}\n{''.join(lines)}"


def _tsv(texts: list[str]) -> str:
    rows = (f"{1000 * start}\t{1000 * end}\t{text}\n" for start, end, text in _rows(texts))
    return f"start\tend\ttext\n{''.join(rows)}"


def _csv(texts: list[str]) -> str:
    return "start,end,text\n" + "".join(f"{a}.0,{b}.0,{text}\n" for a, b, text in _rows(texts))


def _json(texts: list[str]) -> str:
    segments = [{"start": a, "end": b + 0.0, "text": f" {text}"} for a, b, text in _rows(texts)]
    return json.dumps({"text": " ".join(texts), "segments": segments})


def _printed(texts: list[str]) -> str:
    return "".join(f"[{a:.2f}s -> {b:.2f}s] {text}\n" for a, b, text in _rows(texts))


def _lrc(texts: list[str]) -> str:
    return "".join(f"[00:{start:02d}.00]{text}\n" for start, _, text in _rows(texts))


def _ttml(texts: list[str]) -> str:
    parts = (f'<p begin="{a}s" end="{b}s">{escape(text)}</p>' for a, b, text in _rows(texts))
    return f"<tt><body><div>{''.join(parts)}</div></body></tt>"


def _sami(texts: list[str]) -> str:
    rows = (f"<SYNC Start={1000 * a}><P Class=A>{escape(t)}\n" for a, _, t in _rows(texts))
    return f"<SAMI><BODY>{''.join(rows)}<SYNC Start={2000 * len(texts)}><P Class=A>&nbsp;</SAMI>"


def _textgrid(texts: list[str]) -> str:
    rows = "".join(f'{a}\n{b}\n"{text}"\n' for a, b, text in _rows(texts))
    end, head = 2 * len(texts), 'File type = "ooTextFile"\nObject class = "TextGrid"\n'
    return f'{head}0\n{end}\n<exists>\n1\n"IntervalTier"\n"A"\n0\n{end}\n{len(texts)}\n{rows}'


def _microdvd(texts: list[str]) -> str:
    rows = (f"{{{25 * a}}}{{{25 * b}}}{text}\n" for a, b, text in _rows(texts))
    return "{1}{1}25\n" + "".join(rows)


def _sbv(texts: list[str]) -> str:
    rows = (f"0:00:{a:02d}.000,0:00:{b:02d}.000\n{text}\n\n" for a, b, text in _rows(texts))
    return "".join(rows)


def _amazon(texts: list[str]) -> str:
    items = [
        {"type": "pronunciation", "start_time": str(a), "end_time": str(b), "alternatives":
         [{"content": text}]}
        for a, b, text in _rows(texts)
    ]  # fmt: skip
    whole = [{"transcript": " ".join(texts)}]
    return json.dumps({"results": {"transcripts": whole, "items": items}})


def _azure(texts: list[str]) -> str:
    phrases = [
        {"offsetInTicks": a * 1e7, "durationInTicks": (b - a) * 1e7, "nBest": [{"display": text}]}
        for a, b, text in _rows(texts)
    ]
    return json.dumps({"recognizedPhrases": phrases})


_WRITERS: list[tuple[str, Callable[[list[str]], str]]] = [
    ("A.srt", _srt),
    ("A.txt", _srt),
    ("A.ass", _ass),
    ("A.tsv", _tsv),
    ("A.csv", _csv),
    ("A.json", _json),
    ("A.txt", _printed),
    ("A.ttml", _ttml),
    ("A.smi", _sami),
    ("A.TextGrid", _textgrid),
    ("A.sub", _microdvd),
    ("A.sbv", _sbv),
    ("A.json", _amazon),
    ("A.json", _azure),
]


@pytest.mark.parametrize(("name", "write"), _WRITERS)
@given(texts=_CUES)
def test_every_program_s_file_has_the_same_words_and_times(
    name: str, write: Callable[[list[str]], str], texts: list[str]
) -> None:
    found = parse(write(texts).encode(), name, 2.0 * len(texts))
    # A comma that ends a row may belong to its spreadsheet.
    assert found.text.replace(",", "").split() == " ".join(texts).replace(",", "").split()
    assert [(cue.start, cue.end) for cue in found.cues] == [row[:2] for row in _rows(texts)]


@given(
    text=st.lists(
        st.sampled_from(["Hello,", "(x", "world)", "–", "don't", "5%", "你好。", "a-b"])
    ).map(" ".join),
    data=st.data(),
)
def test_a_text_is_laid_over_its_words_without_losing_any(text: str, data: st.DataObject) -> None:
    heard = "".join(filter(str.isalnum, text))
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(heard) - 1)), max_size=6)))
    ends = [*(cut for cut in cuts if cut < len(heard)), len(heard)]
    words = [
        Cue(float(n), n + 1.0, heard[begin:end])
        for n, (begin, end) in enumerate(zip([0, *ends], ends, strict=False))
    ]
    laid = spread(text, words)
    assert laid is not None
    assert "".join(cue.text for cue in laid).replace(" ", "") == text.replace(" ", "")
    assert all(a.end <= b.start for a, b in pairwise(laid))


@given(texts=_CUES, seconds=st.floats(0.5, 20))
def test_words_outside_the_recording_are_named(texts: list[str], seconds: float) -> None:
    found = parse(_srt(texts).encode(), "A.srt", seconds)
    inside = [text for start, _, text in _rows(texts) if start < seconds]
    assert found.text.split() == " ".join(inside).split()
    late = any("after the recording ends" in warning for warning in found.warnings)
    assert late == (len(inside) < len(texts))


@given(
    texts=st.lists(st.text("ab.,", min_size=1, max_size=9), min_size=2, max_size=6),
    shown=st.integers(2, 3),
)
def test_captions_that_roll_say_each_line_once(texts: list[str], shown: int) -> None:
    lines = [f"line {place} {text}" for place, text in enumerate(texts)]
    windows = ["\n".join(lines[max(0, i - shown + 1) : i + 1]) for i in range(len(lines))]
    found = parse(_srt(windows).encode(), "A.srt", 2.0 * len(windows))
    assert found.text.split() == " ".join(lines).split()
    assert any("count once" in warning for warning in found.warnings)


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\ufffd"), max_size=60))
def test_utf_8_is_taken_as_it_is(text: str) -> None:
    notes = Notes()
    found = decoded(text.encode(), notes)
    assert found == text or notes.sentences("A")
