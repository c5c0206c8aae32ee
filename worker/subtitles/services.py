"""JSON of transcription services, to segments with their words.

Each service nests what it heard its own way. What is here makes of it what whisper writes: segments
of `text` with `start` and `end` in seconds, and `words` where it gives their times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from worker.subtitles.cues import CLOCK, seconds
from worker.subtitles.notes import Notes

_Item = dict[str, Any]
_COUNT = re.compile(r"(-?\d{1,9}(?:[.,]\d{1,9})?)\s?s?")
_TICKS = 1e-7  # seconds, of Azure
_MS = 1e-3
_MOST = 1e15  # of any unit; beyond it a number is no time, and Python's may not fit a float


class _Names(NamedTuple):
    """What a service calls the parts of a word or a segment, and the unit of its times in seconds.

    `text` may be several names, the preferred one first; `end` may be a length after `start`.
    """

    text: tuple[str, ...]
    start: str = "start"
    end: str = "end"
    unit: float = 1.0
    is_length: bool = False


_PLAIN = _Names(("punctuated_word", "word", "text", "segment"))
_GOOGLE = _Names(("word",), "startTime", "endTime")
_GOOGLE_2 = _Names(("word",), "startOffset", "endOffset")
_AZURE = _Names(("word",), "offsetInTicks", "durationInTicks", _TICKS, is_length=True)
_AZURE_FAST = _Names(("text",), "offsetMilliseconds", "durationMilliseconds", _MS, is_length=True)
_AZURE_LIVE = _Names(("Word",), "Offset", "Duration", _TICKS, is_length=True)
_NESTED = _Names(("content",), "start_time", "end_time")  # Amazon, Speechmatics


def segments_of(found: Any, notes: Notes) -> list[_Item] | None:
    """The segments of a service's document, in seconds; None for any other document."""
    if isinstance(found, list) and found and all(isinstance(item, dict) for item in found):
        parts = [segments_of(item, notes) for item in found]
        return None if None in parts else [item for part in parts for item in part or ()]
    if not isinstance(found, dict):
        return None
    if isinstance(found.get("response"), dict):  # of an operation of Google
        found = found["response"]
    for told, reader in _SERVICES:
        if told(found):
            return reader(found, notes)
    return None


def time_of(value: Any) -> Any:
    """A time as a service writes it, in its own unit: a number, "1.300s", a clock, or seconds with
    nanos; what is none of them as it is."""
    if isinstance(value, str):
        if count := _COUNT.fullmatch(value.strip()):
            return float(count[1].replace(",", "."))
        if clock := re.fullmatch(CLOCK, value.strip()):
            return seconds(clock.groups())
    if isinstance(value, dict) and {"seconds", "nanos"} & set(value):
        parts = [time_of(value.get(name, 0)) for name in ("seconds", "nanos")]
        known = all(isinstance(part, int | float) for part in parts)
        return parts[0] + parts[1] / 1e9 if known else None
    if isinstance(value, int | float) and abs(value) > _MOST:
        return None
    return value


def _scaled(value: Any, unit: float) -> Any:
    value = time_of(value)
    return value * unit if isinstance(value, int | float) and unit != 1.0 else value


def _piece(item: _Item, names: _Names) -> _Item:
    """A word or a segment: what is said, and its times in seconds."""
    start, end = (_scaled(item.get(name), names.unit) for name in (names.start, names.end))
    if names.is_length and isinstance(start, int | float) and isinstance(end, int | float):
        end = start + end
    text = next((item[name] for name in names.text if isinstance(item.get(name), str)), "")
    return {"text": text, "start": start, "end": end}


def _pieces(value: Any, names: _Names) -> list[_Item]:
    return [_piece(item, names) for item in _dicts(value)]


def _segment(text: Any, words: list[_Item], whole: _Item | None = None) -> _Item:
    """A segment of `words`; `whole`: what has its own times, if they can be read. `derived`: its
    times are those of its words."""
    timed = _timed(words)
    derived = whole is None or not _timed([whole])
    if derived:
        start, end = (timed[0]["start"], timed[-1]["end"]) if timed else (None, None)
        whole = {"start": start, "end": end}
    said = text if isinstance(text, str) and text.strip() else " ".join(w["text"] for w in words)
    return {**(whole or {}), "text": said, "words": words, "derived": derived}


def _timed(parts: list[_Item]) -> list[_Item]:
    return [part for part in parts if isinstance(part["start"], int | float)]


def _dicts(value: Any) -> list[_Item]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _first(value: Any) -> _Item:
    return next(iter(_dicts(value)), {})


def _nested(value: Any) -> list[_Item]:
    """Words of Amazon and Speechmatics; marks that are items of their own are put behind them."""
    words: list[_Item] = []
    for item in _dicts(value):
        piece = _piece({**_first(item.get("alternatives")), **item}, _NESTED)
        if item.get("type") == "punctuation" and words:
            words[-1]["text"] += piece["text"]
        else:
            words.append(piece)
    return words


def _channels(said: list[_Item], channels: set[str], notes: Notes) -> list[_Item]:
    if len(channels) > 1:
        notes.say(f"has words of {len(channels)} channels, which were all used")
    return said


def _aws(found: _Item, notes: Notes) -> list[_Item]:
    """Amazon Transcribe."""
    results = found["results"]
    return [_segment(_first(results["transcripts"]).get("transcript"), _nested(results["items"]))]


def _speechmatics(found: _Item, notes: Notes) -> list[_Item]:
    return [_segment("", _nested(found["results"]))]


def _deepgram(found: _Item, notes: Notes) -> list[_Item]:
    best = [_first(channel.get("alternatives")) for channel in _dicts(found["results"]["channels"])]
    said = [_segment(one.get("transcript"), _pieces(one.get("words"), _PLAIN)) for one in best]
    said = [one for one in said if one["text"].strip()]
    return _channels(said, set(map(str, range(len(said)))), notes)


def _google(found: _Item, notes: Notes) -> list[_Item]:
    """Google Speech-to-Text, versions 1 and 2. A last result may say all words again, with who
    speaks them; results that are not final say them again, too."""
    said: list[_Item] = []
    heard: list[_Item] = []
    channels = set[str]()
    at = 0.0
    for result in _dicts(found["results"]):
        best = _first(result.get("alternatives"))
        words = [_google_word(word) for word in _dicts(best.get("words"))]
        if (words and words == heard) or not result.get("isFinal", result.get("is_final", True)):
            notes.say("says words again, for their speakers or before they were final; once counts")
            continue
        ends = time_of(result.get("resultEndTime", result.get("resultEndOffset")))
        said.append(_segment(best.get("transcript"), words, {"start": at, "end": ends}))
        channels.add(str(result.get("channelTag", result.get("channel_tag", 0))))
        heard += words
        at = ends if isinstance(ends, int | float) else at
    return _channels(said, channels, notes)


def _google_word(word: _Item) -> _Item:
    known = {"start_time": "startTime", "end_time": "endTime"}
    word = {known.get(name, name): value for name, value in word.items()}
    names = _GOOGLE_2 if "endOffset" in word else _GOOGLE
    return _piece({names.start: 0.0, **word} if names.end in word else word, names)  # 0 is left out


def _azure(found: _Item, notes: Notes) -> list[_Item]:
    """Azure's batch transcription."""
    phrases = [(each, _first(each.get("nBest"))) for each in _dicts(found["recognizedPhrases"])]
    said = [
        _segment(best.get("display"), _pieces(best.get("words"), _AZURE), _piece(each, _AZURE))
        for each, best in phrases
    ]
    return _channels(said, {str(each.get("channel")) for each, _ in phrases}, notes)


def _azure_fast(found: _Item, notes: Notes) -> list[_Item]:
    return _with_words(found["phrases"], _AZURE_FAST)


def _azure_live(found: _Item, notes: Notes) -> list[_Item]:
    """Azure's answer to one utterance, simple or detailed."""
    best = _first(found.get("NBest"))
    text = best.get("Display") or found.get("DisplayText")
    return [_segment(text, _pieces(best.get("Words"), _AZURE_LIVE), _piece(found, _AZURE_LIVE))]


def _with_words(parts: Any, names: _Names) -> list[_Item]:
    """Segments that have words below them, both named alike."""
    own = [(each, _piece(each, names)) for each in _dicts(parts)]
    return [_segment(one["text"], _pieces(each.get("words"), names), one) for each, one in own]


def _assembly(found: _Item, notes: Notes) -> list[_Item]:
    return [_segment(found.get("text"), _pieces(found["words"], _PLAIN._replace(unit=_MS)))]


def _rev(found: _Item, notes: Notes) -> list[_Item]:
    turns = [
        _pieces(turn.get("elements"), _Names(("value",), "ts", "end_ts"))
        for turn in _dicts(found["monologues"])
    ]  # marks and spaces have no times
    return [_segment("".join(part["text"] for part in turn), _timed(turn)) for turn in turns]


def _nemo(found: _Item, notes: Notes) -> list[_Item]:
    """NeMo's hypothesis with its times."""
    times = found["timestamp"]
    words = _pieces(times.get("word"), _PLAIN)
    return [_segment(found["text"], words)] if words else _with_words(times["segment"], _PLAIN)


def _premiere(found: _Item, notes: Notes) -> list[_Item]:
    """Segments of words alone: Premiere's have lengths, those of others ends."""
    lengths = _PLAIN._replace(end="duration", is_length=True)
    words = [_dicts(segment["words"]) for segment in found["segments"]]
    return [
        _segment("", _pieces(w, lengths if _has(_first(w), "duration") else _PLAIN)) for w in words
    ]


def _gladia(found: _Item, notes: Notes) -> list[_Item]:
    return _with_words(found["transcription"]["utterances"], _PLAIN)


def _parakeet(found: _Item, notes: Notes) -> list[_Item]:
    ms = _PLAIN._replace(unit=_MS) if "audio_duration" in found else _PLAIN  # AssemblyAI's
    return _with_words(found["sentences"], ms)


def _vosk(found: _Item, notes: Notes) -> list[_Item]:
    best = _first(found["alternatives"]) if "alternatives" in found else found
    return [_segment(best.get("text"), _pieces(best.get("result"), _PLAIN))]


def _otter(found: _Item, notes: Notes) -> list[_Item]:
    """Otter's speech; its offsets count samples of 16 kHz."""
    notes.say("has offsets that were taken for samples of 16 kHz, where it has no times of words")
    said = []
    for part in _dicts(found["speech"]["transcripts"]):
        words = _pieces(part.get("alignment"), _PLAIN)
        own = _piece(part, _Names(("transcript", "text"), "start_offset", "end_offset", 1 / 16_000))
        said.append(_segment(own["text"], words, own))
    return said


def _soniox(found: _Item, notes: Notes) -> list[_Item]:
    tokens = _pieces(found["tokens"], _Names(("text",), "start_ms", "end_ms", _MS))
    said = found.get("text") or "".join(token["text"] for token in tokens)
    return [_segment(said, tokens)]


def _has(value: Any, *names: str) -> bool:
    return isinstance(value, dict) and all(name in value for name in names)


def _is_word(value: _Item) -> bool:
    return {"word", "start", "end"} <= set(value)


def _each(value: Any, told: Callable[[_Item], bool]) -> bool:
    """True for a list of at least one object, all of which are `told`."""
    return isinstance(value, list) and bool(value) and all(_has(v) and told(v) for v in value)


_SERVICES: tuple[tuple[Callable[[_Item], bool], Callable[[_Item, Notes], list[_Item]]], ...] = (
    (lambda d: _has(d.get("results"), "transcripts", "items"), _aws),
    (lambda d: _has(d.get("results"), "channels"), _deepgram),
    (lambda d: _each(d.get("results"), lambda v: _has(v, "alternatives", "type")), _speechmatics),
    (lambda d: _each(d.get("results"), lambda v: "alternatives" in v), _google),
    (lambda d: isinstance(d.get("recognizedPhrases"), list), _azure),
    (lambda d: _each(d.get("phrases"), lambda v: "offsetMilliseconds" in v), _azure_fast),
    (lambda d: "RecognitionStatus" in d or "NBest" in d, _azure_live),
    (lambda d: isinstance(d.get("words"), list) and _has(d, "audio_duration", "text"), _assembly),
    (lambda d: isinstance(d.get("monologues"), list), _rev),
    (lambda d: _has(d, "text") and _has(d.get("timestamp"), "segment"), _nemo),
    (lambda d: _each(d.get("segments"), lambda v: "text" not in v and "words" in v), _premiere),
    (lambda d: _has(d.get("transcription"), "utterances"), _gladia),
    (lambda d: isinstance(d.get("text"), str) and _each(d.get("result"), _is_word), _vosk),
    (lambda d: "text" not in d and _each(d.get("alternatives"), lambda v: "text" in v), _vosk),
    (lambda d: _has(d.get("speech"), "transcripts"), _otter),
    (lambda d: _each(d.get("sentences"), lambda v: _has(v, "text", "start")), _parakeet),
    (lambda d: _each(d.get("tokens"), lambda v: _has(v, "text", "start_ms")), _soniox),
)  # fmt: skip
