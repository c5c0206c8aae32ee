"""JSON of recognisers."""

from __future__ import annotations

import json

from tests.worker.subtitles.kinds import Kind

_TWO = ((0, 2.5), (2.5, 5))


def _json(what: str, value: object, words: str = "One. Two.", **rest: object) -> Kind:
    return Kind(what, "A.json", json.dumps(value), words, **rest)  # type: ignore[arg-type]


def _segment(
    start: float | None, end: float | None, text: str, **more: object
) -> dict[str, object]:
    return {"start": start, "end": end, "text": text, **more}


_SEGMENTS = [_segment(0.0, 2.5, " One."), _segment(2.5, 5.0, " Two.")]
_WORD = {"word": " One.", "start": 0.0, "end": 2.5, "probability": 0.9}

KINDS = [
    _json(
        "JSON of whisper",
        {"text": " One. Two.", "segments": _SEGMENTS, "language": "en"},
        times=_TWO,
    ),
    _json(
        "JSON of whisper with words",
        {"text": " One.", "segments": [_segment(0, 2.5, " One.", words=[_WORD])]},
        "One.",
        times=((0, 2.5),),
    ),
    _json(
        "JSON of WhisperX",
        {
            "segments": [{**s, "speaker": "SPEAKER_00", "words": []} for s in _SEGMENTS],
            "word_segments": [_WORD],
        },
        times=_TWO,
    ),
    _json(
        "JSON of WhisperX, words alone",
        {"word_segments": [_WORD, {"word": "2"}, {"word": "more", "start": 3, "end": 4}]},
        "One. 2 more",
        times=((0, 2.5), (2.5, 2.5), (3, 4)),
        warns=("segment 2: has no times",),
    ),
    _json("JSON of faster-whisper, objects", _SEGMENTS, times=_TWO),
    _json(
        "JSON of faster-whisper, tuples",
        [[1, 0, 0.0, 2.5, " One.", [], 0.1], [2, 0, 2.5, 5.0, " Two.", [], 0.1]],
        times=_TWO,
    ),
    _json(
        "JSON of faster-whisper with its facts",
        {"info": {"language": "en"}, "segments": _SEGMENTS},
        times=_TWO,
    ),
    _json(
        "JSON of OpenAI, verbose",
        {
            "task": "transcribe",
            "duration": 5.0,
            "text": "One. Two.",
            "segments": _SEGMENTS,
            "words": [_WORD],
        },
        times=_TWO,
    ),
    _json(
        "JSON of whisper, a segment longer than a reference",
        {
            "segments": [
                _segment(
                    0,
                    13,
                    " One. Two.",
                    words=[_WORD, {"word": " Two.", "start": 2.5, "end": 5.0}],
                )
            ]
        },
        times=_TWO,
    ),
    _json("JSON of OpenAI", {"text": "One. Two."}, times=()),
    _json(
        "JSON of whisper.cpp",
        {
            "model": {},
            "transcription": [
                {
                    "timestamps": {"from": "00:00:00,000", "to": "00:00:02,500"},
                    "offsets": {"from": 0, "to": 2500},
                    "text": " One.",
                },
                {
                    "timestamps": {"from": "00:00:02,500", "to": "00:00:05,000"},
                    "offsets": {"from": 2500, "to": 5000},
                    "text": " Two.",
                },
            ],
        },
        times=_TWO,
    ),
    _json(
        "JSON of transformers",
        {
            "text": " One. Two.",
            "chunks": [
                {"timestamp": [0.0, 2.5], "text": " One."},
                {"timestamp": [2.5, None], "text": " Two."},
            ],
        },
        times=((0, 2.5), (2.5, 10)),
    ),
    _json(
        "JSON of YouTube",
        {
            "wireMagic": "pb3",
            "events": [
                {"tStartMs": 0, "dDurationMs": 9000, "id": 1},
                {"tStartMs": 0, "dDurationMs": 2500, "segs": [{"utf8": "One."}]},
                {"tStartMs": 2500, "aAppend": 1, "segs": [{"utf8": "\n"}]},
                {"tStartMs": 2500, "dDurationMs": 2500, "segs": [{"utf8": "Two"}, {"utf8": "."}]},
            ],
        },
        times=_TWO,
    ),
    _json(
        "JSON of youtube-transcript-api",
        [{"text": "One.", "start": 0.0, "duration": 2.5}],
        "One.",
        times=((0, 2.5),),
    ),
    _json(
        "JSON of Vosk",
        {"result": [{"conf": 1.0, "start": 0.0, "end": 1.0, "word": "one"}], "text": "one"},
        "one",
        times=((0, 1),),
    ),
    _json(
        "JSON in milliseconds",
        [_segment(0, 2500, "One."), _segment(2500, 5000, "Two.")],
        times=_TWO,
        warns=("has times in milliseconds",),
    ),
    _json(
        "JSON whose text differs",
        {"text": "One. Two. Three.", "segments": _SEGMENTS},
        times=_TWO,
        warns=("has other words in its `text`",),
    ),
    _json(
        "JSON that is no transcript",
        {"name": "Dorota", "licence": "CC0"},
        refused="is no transcript as whisper",
    ),
    _json(
        "JSON, a segment without words",
        [_segment(0, 1, "One."), {"start": 1, "end": 2}],
        refused="segment 2 has no words",
    ),
    Kind("JSON lines", "A.json", "\n".join(map(json.dumps, _SEGMENTS)), "One. Two.", _TWO),
    Kind("JSON cut off", "A.json", '{"text": "One.', refused="line 1 is no JSON"),
    Kind(
        "JSON in a .txt",
        "A.txt",
        json.dumps({"segments": _SEGMENTS}),
        "One. Two.",
        _TWO,
        ("holds JSON",),
    ),
    Kind("JSON nested without end", "A.json", "[" * 100_000, refused="JSON"),
    Kind(
        "JSON with a number without end",
        "A.json",
        f'[{{"start": {"9" * 5000}, "end": 1, "text": "x"}}]',
        refused="JSON",
    ),
]
