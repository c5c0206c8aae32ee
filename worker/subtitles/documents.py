"""JSON as recognisers and their libraries write it, to cues.

{"segments": [{start, end, text}]}           whisper, WhisperX, faster-whisper, OpenAI, this worker
{"output": {...}}                            any of these, as an interface wraps it
[{start, end, text}], [[id, seek, start, end, text, ...]]    lists of them, also one a line
{"transcription": [{offsets, text}]}         whisper.cpp
{"chunks": [{timestamp: [start, end], text}]}                transformers
{"events": [{tStartMs, dDurationMs, segs}]}  YouTube
{"word_segments": ...}, {"words": ...}, {"result": ...}      words alone: WhisperX, Vosk
{"text": ...}                                words without times
services (`services.py`): Amazon, AssemblyAI, Azure, Deepgram, Gladia, Google, NeMo, Otter,
                          parakeet-mlx, Premiere, Rev, Soniox, Speechmatics, Vosk
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

from worker.subtitles.limits import (
    MAX_LINES,
    refuse_many_cues,
    refuse_many_letters,
    refuse_many_values,
)
from worker.subtitles.notes import Cue, Malformed, Notes
from worker.subtitles.services import segments_of, time_of
from worker.subtitles.spread import letters, spread

_LISTS = (
    *("segments", "transcription", "chunks", "events", "fragments", "sentences", "utterances"),
    *("captions", "subtitles", "cues"),
)
_AROUND = ("output", "data", "result", "response", "transcript", "transcription")
_MOST_AROUND = 3  # one within another
_OF_WORDS = ("word_segments", "words", "result")
_STARTS = ("start", "start_time", "startTime", "begin", "from")
_ENDS = ("end", "end_time", "endTime", "stop", "to")
_IN_MS = (("start_ms", "end_ms"), ("startMs", "endMs"))
_WORDS = ("text", "word", "segment", "punctuated_word", "utf8", "transcript", "body")
_OF_A_TRANSCRIPT = (*_LISTS, *_OF_WORDS, *_WORDS, "results")
_LONG_S = 12.0  # longer than a reference
_RECORDINGS = ("audio_filepath", "audio_file", "audio_path", "audio", "wav_path")
_NAMES = "whisper, its kin, YouTube or a transcription service write it"


class Document(NamedTuple):
    """What a document holds: `cues`, none without times; `text`, "" where it gives no whole;
    `whole_numbers`: all its times are, so they may be milliseconds; `of_words`: each cue is a word,
    or a few."""

    cues: list[Cue]
    text: str
    whole_numbers: bool
    of_words: bool


def looks_like_json(text: str) -> bool:
    """True for what begins like a list or an object of JSON; "[Music] Hello" does not."""
    head = text.lstrip()[:80]
    begin = head[1:].lstrip()[:1]
    return (head[:1] == "{" and begin in ('"', "}")) or (head[:1] == "[" and begin in ("{", "["))


def document(text: str, notes: Notes) -> Document:
    """Reads a document. Raises Malformed: it is no JSON, or of a kind that is not known."""
    notes.unit = "segment"
    found = _bare(_loaded(text))
    if (segments := segments_of(found, notes)) is not None:
        whole = found.get("text") if isinstance(found, dict) else None
        return _of_service(segments, whole if isinstance(whole, str) else "", notes)
    said, items, of_words = _parts(found, notes)
    _refuse_many(items)
    refuse_many_cues(len(items))
    cues, whole = [], True
    for number, item in enumerate(items, 1):
        cue, is_whole = _cue(item, number, notes)
        if cue.text.strip():
            cues += _in_parts(cue, item, notes)
            whole &= is_whole
    if said and of_words and (laid := spread(said, cues)):
        cues = laid
    elif said and cues:
        _compare(said, cues, notes)
    return Document(_with_times(cues, notes), said, whole, of_words)


def _wrapped(found: Any) -> Any:
    """The one object that `found` is put around; None where it is a transcript itself."""
    if not isinstance(found, dict):
        return None
    if any(not isinstance(found.get(name, {}), dict) for name in _OF_A_TRANSCRIPT):
        return None
    inner = [found[name] for name in _AROUND if isinstance(found.get(name), dict)]
    return inner[0] if len(inner) == 1 else None


def _bare(found: Any) -> Any:
    """A document without what interfaces put around it: {"output": {...}}."""
    for _ in range(_MOST_AROUND):
        inner = _wrapped(found)
        if inner is None or segments_of(found, Notes()) is not None:
            break
        found = inner
    return found


def _parts(found: Any, notes: Notes) -> tuple[str, list[Any], bool]:
    """The whole as it is said, "" where it is not given, its segments or words, and whether they
    are words. Raises Malformed: it has neither."""
    said, items, name = "", found, ""
    if isinstance(found, dict):
        whole = (found[k] for k in _WORDS if isinstance(found.get(k), str))
        said = next(whole, "")
        refuse_many_letters(len(said))
        said = " ".join(said.split())
        lists = (k for k in (*_LISTS, *_OF_WORDS) if isinstance(found.get(k), list) and found[k])
        name = next(lists, "")
        items = found.get(name, [])
        if others := [other for other in lists if other in _LISTS]:
            notes.say(f"has {', '.join(others)} beside its {name}, which alone were used")
    if isinstance(items, list) and (items or said):
        return said, items, name in _OF_WORDS
    if isinstance(found, dict) and "error" not in found and {*_LISTS, *_WORDS} & set(found):
        raise Malformed("holds no words")
    raise Malformed(f"is no transcript as {_NAMES}{_fields(found)}")


def _in_parts(cue: Cue, item: Any, notes: Notes) -> list[Cue]:
    """A segment, or, of one that is longer than a reference, its words, where their times are known
    and they are those of its text."""
    given = item.get("words") if isinstance(item, dict) else None
    if not cue.end - cue.start > _LONG_S or not isinstance(given, list):
        return [cue]
    words = [_cue(word, cue.line, notes)[0] for word in given if isinstance(word, dict)]
    laid = spread(cue.text, words)
    timed = laid and not any(math.isnan(part.start + part.end) for part in laid)
    return laid if laid and timed else [cue]


def _of_service(segments: list[dict[str, Any]], whole: str, notes: Notes) -> Document:
    """The words of segments where they are those of its text, else the segments. `whole`: what the
    document says besides, "" for nothing."""
    found: list[Cue] = []
    refuse_many_cues(sum(len(segment["words"]) for segment in segments))
    refuse_many_letters(sum(len(segment["text"]) for segment in segments))
    for number, segment in enumerate(segments, 1):
        words = [_cue(word, number, notes)[0] for word in segment["words"]]
        if not letters(segment["text"]):
            continue
        laid = spread(segment["text"], words)
        if laid is None and words and segment["derived"] and len(segments) == 1:
            whole, laid = segment["text"], words
        found += laid or [_cue({**segment, "segs": None}, number, notes)[0]]
    if not found:
        raise Malformed("holds no words")
    if whole:
        refuse_many_letters(len(whole))
        _compare(whole, found, notes)
    return Document(_with_times(found, notes), "", whole_numbers=False, of_words=True)


def _refuse_many(items: list[Any]) -> None:
    """Raises Malformed for a list of recordings, as data sets have it."""
    named = sum(isinstance(item, dict) and any(n in item for n in _RECORDINGS) for item in items)
    if named > 1:
        raise Malformed(
            f"is a list of {named} recordings, not the transcript of one; keep the words of this "
            "one alone"
        )


def _fields(found: Any) -> str:
    if not isinstance(found, dict) or not found:
        return ""
    names = ", ".join(str(name)[:20] for name in list(found)[:6])
    return f"; it has {names}. Give its words as SRT, or as segments of start, end and text"


def _loaded(text: str) -> Any:
    refuse_many_values(text)
    try:
        return json.loads(text, strict=False)  # people break lines within texts
    except json.JSONDecodeError as fault:
        few = text.count("\n") <= MAX_LINES
        lines = [line for line in text.split("\n") if line.strip()] if few else []
        try:
            items = [json.loads(line, strict=False) for line in lines] if len(lines) > 1 else None
        except (ValueError, RecursionError):
            items = None
        if items and all(isinstance(item, dict) for item in items):
            return items
        raise Malformed(f"line {fault.lineno} is no JSON ({fault.msg})") from fault
    except (ValueError, RecursionError) as fault:
        raise Malformed(
            "is no JSON of a transcript: a number or its nesting is too large"
        ) from fault


def _cue(item: Any, number: int, notes: Notes) -> tuple[Cue, bool]:
    """A segment, NaN where it has no time, and whether its times may be milliseconds."""
    if isinstance(item, list) and len(item) > 4 and isinstance(item[4], str):
        item = {"start": item[2], "end": item[3], "text": item[4]}  # faster-whisper's Segment
    if not isinstance(item, dict):
        raise Malformed(f"segment {number} is no transcript as {_NAMES}")
    text = next(
        (item[key] or "" for key in _WORDS if isinstance(item.get(key, 0), str | None)), None
    )
    if isinstance(item.get("segs"), list):
        text = "".join(str(seg.get("utf8", "")) for seg in item["segs"] if isinstance(seg, dict))
    if isinstance(item.get("lines"), list):  # aeneas
        text = "\n".join(str(line) for line in item["lines"])
    start, end, whole = _span(item)
    if text is None:
        if "tStartMs" not in item:
            raise Malformed(f"segment {number} has no words")
        text = ""  # of YouTube's windows
    if end < start:
        raise Malformed(f"segment {number} ends before it starts")
    return Cue(start, end, text, number), whole


def _span(item: dict[str, Any]) -> tuple[float, float, bool]:
    """Start and end in seconds, NaN where there is none; and whether both are whole numbers."""
    if isinstance(item.get("offsets"), dict):
        pair = item["offsets"]
        return _number(pair.get("from")) / 1000, _number(pair.get("to")) / 1000, False
    if "tStartMs" in item:
        start = _number(item["tStartMs"]) / 1000
        return start, start + _number(item.get("dDurationMs", 0)) / 1000, False
    for names in _IN_MS:
        if names[0] in item:
            start, end = (_number(item.get(name)) / 1000 for name in names)
            return start, end, False
    pair = item.get("timestamp", item.get("timestamps"))
    if isinstance(pair, dict):
        pair = [pair.get("from"), pair.get("to")]
    if isinstance(pair, list) and len(pair) == 2:
        start, end = _number(pair[0]), math.inf if pair[1] is None else _number(pair[1])
    else:
        start, end = (
            _number(next((item[name] for name in names if name in item), None))
            for names in (_STARTS, _ENDS)
        )
        if "duration" in item and math.isnan(end):
            end = start + _number(item["duration"])
    return start, end, all(math.isinf(each) or each.is_integer() for each in (start, end))


def _number(value: Any) -> float:
    """A time, NaN for what is none."""
    value = time_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if abs(value) < 1e12 else math.nan


def _with_times(cues: list[Cue], notes: Notes) -> list[Cue]:
    """All of them with times, or none: words whose times are missing lie between their neighbours,
    as WhisperX leaves numbers."""
    timed = [cue for cue in cues if not math.isnan(cue.start + cue.end)]
    if not timed:
        return [Cue(math.inf, math.inf, cue.text, cue.line) for cue in cues]
    found: list[Cue] = []
    for cue in cues:
        if math.isnan(cue.start + cue.end):
            notes.add("has no times; it is taken to follow the one before at once", cue.line)
            at = found[-1].end if found else 0.0
            cue = Cue(at, at, cue.text, cue.line)
        found.append(cue)
    return found


def _compare(said: str, cues: list[Cue], notes: Notes) -> None:
    """Says where the words of the whole and those of the parts are not the same."""
    if letters(said) != letters("".join(cue.text for cue in cues)):
        notes.say("has other words in its `text` than in its segments, which were used")
