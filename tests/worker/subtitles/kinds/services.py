"""JSON of transcription services."""

from __future__ import annotations

import json

from tests.worker.subtitles.kinds import Kind

_TICKS = 10_000_000
_SAID = "Hello, world. It works."
_PARTS = [("Hello,", 0.0, 0.5), ("world.", 0.5, 1.0), ("It", 2.0, 2.25), ("works.", 2.25, 3.0)]
_TIMES = tuple((start, end) for _, start, end in _PARTS)


def _bare(text: str) -> str:
    return text.strip(".,").lower()


def _json(what: str, value: object, words: str = _SAID, **rest: object) -> Kind:
    rest.setdefault("times", _TIMES)
    return Kind(what, "A.json", json.dumps(value), words, **rest)  # type: ignore[arg-type]


def _nested(text: str, **more: object) -> dict[str, object]:
    return {"alternatives": [{"content": text, "confidence": "0.99"}], **more}


def _items(*, numbers: bool) -> list[dict[str, object]]:
    """Words of Amazon and Speechmatics, with their marks apart."""
    found = []
    for text, start, end in _PARTS:
        times = [start, end] if numbers else [str(start), str(end)]
        word = "word" if numbers else "pronunciation"
        found.append(_nested(text.strip(".,"), type=word, start_time=times[0], end_time=times[1]))
        if text[-1] in ".,":
            mark = {"start_time": end, "end_time": end} if numbers else {}
            found.append(_nested(text[-1], type="punctuation", **mark))
    return found


def _google(text: str, parts: list[tuple[str, float, float]], **more: object) -> dict[str, object]:
    words = [{"startTime": f"{a:.3f}s", "endTime": f"{b:.3f}s", "word": w} for w, a, b in parts]
    return {"alternatives": [{"transcript": text, "words": words}], **more}


def _phrase(text: str, start: float, end: float) -> dict[str, object]:
    return {
        "recognitionStatus": "Success",
        "channel": 0,
        "offsetInTicks": start * _TICKS,
        "durationInTicks": (end - start) * _TICKS,
        "nBest": [{"lexical": _bare(text), "display": text}, {"display": "Other."}],
    }


_PLAIN = [{"word": _bare(w), "start": a, "end": b} for w, a, b in _PARTS]
_WITH_MARKS = [{"text": w, "start": a, "end": b, "type": "word"} for w, a, b in _PARTS]
_TWO = ((0.0, 1.0), (2.0, 3.0))
_SENTENCES = [("Hello, world.", 0.0, 1.0), ("It works.", 2.0, 3.0)]

KINDS = [
    _json(
        "JSON of Amazon Transcribe",
        {"jobName": "a", "accountId": "1", "status": "COMPLETED",
         "results": {"transcripts": [{"transcript": _SAID}], "items": _items(numbers=False)}},
    ),
    _json("JSON of Speechmatics", {"format": "2.9", "results": _items(numbers=True)}),
    _json(
        "JSON of Deepgram",
        {"metadata": {"channels": 1},
         "results": {"channels": [{"alternatives": [{"transcript": _SAID, "words": [
             {**one, "punctuated_word": w} for one, (w, _, _) in zip(_PLAIN, _PARTS, strict=True)
         ]}]}]}},
    ),
    _json(
        "JSON of Deepgram, two channels",
        {"results": {"channels": [
            {"alternatives": [{"transcript": t, "words": [{"word": t, "start": a, "end": b}]}]}
            for t, a, b in _SENTENCES
        ]}},
        times=_TWO, warns=("has words of 2 channels",),
    ),
    _json("JSON of Google", {"results": [_google(_SAID, _PARTS)]}),
    _json(
        "JSON of Google, an operation in parts",
        {"name": "1", "done": True, "response": {"results": [
            _google("Hello, world.", _PARTS[:2]), _google(" It works.", _PARTS[2:])
        ]}},
    ),
    _json(
        "JSON of Google with its speakers",
        {"results": [_google(_SAID, _PARTS), _google("", _PARTS)]},
        warns=("says words again",),
    ),
    _json(
        "JSON of Google before it was final",
        {"results": [{**_google("Hello", []), "isFinal": False}, _google(_SAID, _PARTS)]},
        warns=("says words again",),
    ),
    _json(
        "JSON of Google without words",
        {"results": [{"alternatives": [{"transcript": t}], "resultEndTime": f"{b}s"}
                     for t, _, b in _SENTENCES]},
        times=((0, 1), (1, 3)),
    ),
    _json(
        "JSON of Google, version 2, no time of 0",
        {"results": [{"alternatives": [{"transcript": "Hello, world.", "words": [
            {"endOffset": "0.500s", "word": "Hello,"},
            {"startOffset": "0.500s", "endOffset": "1s", "word": "world."}]}]}]},
        "Hello, world.", times=_TIMES[:2],
    ),
    _json(
        "JSON of Google's library",
        {"results": [{"alternatives": [{"transcript": "Hello", "words": [
            {"start_time": {"seconds": "1", "nanos": 500000000}, "end_time": {"seconds": 2},
             "word": "Hello"}]}]}]},
        "Hello", times=((1.5, 2),),
    ),
    _json(
        "JSON of Azure, a batch",
        {"source": "a", "combinedRecognizedPhrases": [{"display": _SAID}],
         "recognizedPhrases": [_phrase(*one) for one in _SENTENCES]},
        times=_TWO,
    ),
    _json(
        "JSON of Azure, fast",
        {"durationMilliseconds": 3000, "combinedPhrases": [{"text": _SAID}],
         "phrases": [{"offsetMilliseconds": 0, "durationMilliseconds": 3000, "text": _SAID,
                      "words": [{"text": w, "offsetMilliseconds": 1000 * a,
                                 "durationMilliseconds": 1000 * (b - a)} for w, a, b in _PARTS]}]},
    ),
    _json(
        "JSON of Azure, detailed",
        {"RecognitionStatus": "Success", "Offset": 0, "Duration": 3 * _TICKS,
         "DisplayText": "It costs $5.",
         "NBest": [{"Lexical": "it costs five dollars", "Display": "It costs $5.",
                    "Words": [{"Word": "it", "Offset": 0, "Duration": _TICKS}]}]},
        "It costs $5.", times=((0, 3),),
    ),
    _json(
        "JSON of Azure, simple, one a line",
        [{"RecognitionStatus": "Success", "DisplayText": t, "Offset": a * _TICKS,
          "Duration": (b - a) * _TICKS} for t, a, b in _SENTENCES],
        times=_TWO,
    ),
    _json("JSON of Azure without words", {"RecognitionStatus": "NoMatch", "Offset": 0}, "",
          refused="holds no words"),
    _json(
        "JSON of AssemblyAI",
        {"id": "1", "status": "completed", "text": _SAID, "audio_duration": 10, "utterances": None,
         "words": [{"text": w, "start": int(1000 * a), "end": int(1000 * b)}
                   for w, a, b in _PARTS]},
    ),
    _json(
        "JSON of AssemblyAI that failed",
        {"id": "1", "status": "error", "error": "no", "text": None, "words": None},
        "", refused="it has id, status, error",
    ),
    _json(
        "JSON of ElevenLabs",
        {"language_code": "en", "text": f"(laughter) {_SAID}", "words": [
            {"text": "(laughter)", "start": 0, "end": 0, "type": "audio_event"},
            *(part for one in _WITH_MARKS
              for part in ({"text": " ", "start": one["start"], "end": one["start"],
                            "type": "spacing"}, one))]},
        warns=("holds notes",),
    ),
    _json("JSON of OpenAI, words without marks",
          {"task": "transcribe", "duration": 3.0, "text": _SAID, "words": _PLAIN}),
    _json(
        "JSON of OpenAI, words of Chinese",
        {"text": "你好，世界。再见。", "words": [
            {"word": w, "start": n, "end": n + 1} for n, w in enumerate("你好世界再见")]},
        "你好，世界。 再见。", times=((0, 4), (4, 6)),
    ),
    _json(
        "JSON of words that are not those of its text",
        {"text": "Hello, world. It does not work.", "words": _PLAIN},
        "hello world it works", warns=("has other words in its `text`",),
    ),
    _json(
        "JSON of NeMo",
        {"text": _SAID, "timestamp": {
            "word": [{"word": w, "start": a, "end": b, "start_offset": 1} for w, a, b in _PARTS],
            "segment": [{"segment": _SAID, "start": 0, "end": 3}], "char": []}},
    ),
    _json(
        "JSON of parakeet-mlx",
        {"text": _SAID, "sentences": [{"text": t, "start": a, "end": b, "tokens": []}
                                      for t, a, b in _SENTENCES]},
        times=_TWO,
    ),
    _json(
        "JSON of Rev",
        {"monologues": [{"speaker": 0, "elements": [
            part for w, a, b in _PARTS for part in (
                {"type": "text", "value": w.strip(".,"), "ts": a, "end_ts": b},
                {"type": "punct", "value": f"{w[-1]} " if w[-1] in ".," else " "})]}]},
    ),
    _json(
        "JSON of Premiere",
        {"language": "en-us", "segments": [{"start": 0, "duration": 3, "speaker": "1", "words": [
            {"text": w, "start": a, "duration": b - a, "eos": False} for w, a, b in _PARTS]}]},
    ),
    _json(
        "JSON of Gladia",
        {"metadata": {}, "transcription": {"full_transcript": _SAID, "utterances": [
            {"text": t, "start": a, "end": b, "words": []} for t, a, b in _SENTENCES]}},
        times=_TWO,
    ),
    _json(
        "JSON of Soniox",
        {"id": "1", "text": "Hello.", "tokens": [
            {"text": "Hel", "start_ms": 0, "end_ms": 250},
            {"text": "lo.", "start_ms": 250, "end_ms": 500}]},
        "Hello.", times=((0, 0.5),),
    ),
    Kind("JSON lines of a data set", "A.json",
         '{"audio_filepath": "a.wav", "duration": 2, "text": "One."}\n'
         '{"audio_filepath": "b.wav", "duration": 2, "text": "Two."}\n',
         refused="is a list of 2 recordings"),
    Kind("JSON with NaN", "A.json",
         '[{"start": 0, "end": 1, "text": "One."}, {"start": NaN, "end": NaN, "text": "Two."}]',
         "One. Two.", ((0, 1), (1, 1)), ("segment 2: has no times",)),
    _json("JSON, empty segments",
          [{"start": 0, "end": 1, "text": "One."}, {"start": 1, "end": 2, "text": ""},
           {"start": 2, "end": 3, "text": None}], "One.", times=((0, 1),)),
    _json("JSON, the last segment twice",
          [{"start": 0, "end": 1, "text": "One."}, {"start": 1, "end": 2, "text": "Bye."},
           {"start": 1, "end": 2, "text": "Bye."}], "One. Bye.", times=((0, 1), (1, 2)),
          warns=("segment 3: is there a second time",)),
    _json("JSON of words, one said twice",
          {"text": "No no no way", "words": [
              {"word": w, "start": n / 20, "end": (n + 1) / 20}
              for n, w in enumerate(["No", "no", "no", "way"])]},
          "No no no way", times=((0, 0.05), (0.05, 0.1), (0.1, 0.15), (0.15, 0.2))),
    _json("JSON that is empty", {}, "", refused="is no transcript"),
    _json("JSON, a list of texts", ["One.", "Two."], "", refused="segment 1 is no transcript"),
]  # fmt: skip
