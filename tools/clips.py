"""How often the clean part of a long recording is cloned from: `python -m tools.clips [--json]`.

Speaks 42 recordings of three parts with the demo checkpoint, each part six sentences, about 14 s.
One part is clean, at each place in turn; the other two have noise, music, long silences or jumps in
level, or are clipped. Of each recording the worker takes a part by the sound alone, by sentences
with their times, and by sentences without; f5-tts takes its first 12 s. A clip is right if it lies
in the clean part to within half a second. Words without times count as wrong if they are not those
of the sound taken.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from standins.spoken import SENTENCES
from tools.demo_speech import demo_speech
from worker.audio.clip import reference_clip
from worker.audio.decode import decode
from worker.audio.recording import Recording
from worker.subtitles.notes import Cue
from worker.voices.choice import best_clip, traits_of
from worker.voices.part import PartOf

Sound = NDArray[np.float64]
Span = tuple[float, float]

_PARTS, _SENTENCES, _SETS = 3, 6, 2
_PAUSE_S = 0.45
_NEAR_S = 0.5
_WORD_S = 0.3  # of a sentence that a clip may miss and still hold it


def _noise(below_db: float) -> Callable[[Sound, int], Sound]:
    def spoil(sound: Sound, rate: int) -> Sound:
        level = np.sqrt(np.mean(sound**2)) * 10 ** (-below_db / 20)
        noisy: Sound = sound + np.random.default_rng(7).normal(0, level, len(sound))
        return noisy

    return spoil


def _music(sound: Sound, rate: int) -> Sound:
    t = np.arange(len(sound)) / rate
    chord = sum(np.sin(2 * np.pi * hertz * t) for hertz in (220, 277, 330, 440, 554, 880))
    mixed: Sound = sound + 0.1 * np.abs(sound).max() * np.asarray(chord) / 3
    return mixed


def _silence(sound: Sound, rate: int) -> Sound:
    pieces = np.split(sound, range(rate, len(sound), rate))
    rest = np.zeros(round(1.3 * rate))
    return np.concatenate([part for piece in pieces for part in (piece, rest)])


def _jumps(sound: Sound, rate: int) -> Sound:
    gains = np.resize([1.0, 0.1, 0.5, 0.05, 0.8, 0.2], len(sound) // rate + 1)
    jumping: Sound = sound * np.repeat(gains, rate)[: len(sound)]
    return jumping


def _clipped(sound: Sound, rate: int) -> Sound:
    most = float(np.abs(sound).max())
    return np.clip(sound * 6, -most, most)


KINDS: Mapping[str, Callable[[Sound, int], Sound]] = {
    "noise 20 dB below": _noise(20),
    "noise 10 dB below": _noise(10),
    "music": _music,
    "long silences": _silence,
    "jumps in level": _jumps,
    "clipped": _clipped,
    "noise and music": lambda sound, rate: _music(_noise(20)(sound, rate), rate),
}


@dataclass(frozen=True)
class Case:
    """A recording, its sentences with their times, and where it is clean, seconds."""

    kind: str
    data: bytes
    cues: tuple[Cue, ...]
    clean: Span


def cases(spoken: Mapping[str, Sound], rate: int) -> Iterator[Case]:
    """The recordings; `spoken`: sentences and their sound at `rate` Hz."""
    texts, pause = list(spoken), np.zeros(round(_PAUSE_S * rate))
    for kind, spoil in KINDS.items():
        for turn in range(_PARTS * _SETS):
            place, first = turn % _PARTS, turn // _PARTS * 9
            sounds: list[Sound] = []
            cues: list[Cue] = []
            clean, at = (0.0, 0.0), 0
            for part in range(_PARTS):
                begun = at
                for i in range(_SENTENCES):
                    text = texts[(first + part * _SENTENCES + i) % len(texts)]
                    sound = np.concatenate((spoken[text], pause))
                    sound = sound if part == place else spoil(sound, rate)
                    sounds.append(sound)
                    cues.append(Cue(at / rate, (at + len(sound)) / rate - _PAUSE_S, text))
                    at += len(sound)
                if part == place:
                    clean = begun / rate, at / rate
            yield Case(kind, _file(np.concatenate(sounds), rate), tuple(cues), clean)


def measure(case: Case) -> dict[str, object]:
    """What each rule takes of a recording."""
    recording = decode(case.data, max_seconds=600, max_bytes=1 << 28)
    traits = traits_of(recording)
    kept = reference_clip(recording).kept
    by_sound, by_times = best_clip(traits), best_clip(traits, case.cues)
    spans = {
        "f5-tts": (kept[0][0], kept[-1][1]),
        "sound": (by_sound.start, by_sound.end) if by_sound else None,
        "times": (by_times.start, by_times.end) if by_times else None,
    }
    row: dict[str, object] = {"kind": case.kind}
    for name, span in spans.items():
        row[name] = span is not None and _inside(span, case.clean)
        row[f"{name} clean"] = _share(span, case.clean) if span else 0.0
    return row | {f"words {best}": _words(case, recording, best) for best in (True, False)}


def _words(case: Case, recording: Recording, best: bool) -> str:
    """`sure` or `guess`, and `wrong` where the words are not those of the sound."""
    text = " ".join(cue.text for cue in case.cues)
    part = PartOf(recording, "A", "A", lambda: traits_of(recording), best).find(text)
    start, end = part.span
    said = [c.text for c in case.cues if c.end > start + _WORD_S and c.start < end - _WORD_S]
    sure = "guess" if any("is a guess" in warning for warning in part.warnings) else "sure"
    return sure if " ".join(said) == part.words.strip() else f"{sure}, wrong"


def _inside(span: Span, clean: Span) -> bool:
    return clean[0] - _NEAR_S <= span[0] and span[1] <= clean[1] + _NEAR_S


def _share(span: Span, clean: Span) -> float:
    both = min(span[1], clean[1]) - max(span[0], clean[0])
    return max(0.0, both) / (span[1] - span[0])


def _file(sound: Sound, rate: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format="FLAC")
    return file.getvalue()


def summary(rows: list[dict[str, object]]) -> dict[str, object]:
    """Counts over all recordings."""
    found: dict[str, object] = {"recordings": len(rows)}
    for name in ("f5-tts", "sound", "times"):
        share = np.mean([float(str(row[f"{name} clean"])) for row in rows])
        found[name] = {"right": sum(row[name] is True for row in rows), "clean": round(share, 3)}
    for best in (True, False):
        said = [str(row[f"words {best}"]) for row in rows]
        found["words, worker" if best else "words, first 12 s"] = {
            each: said.count(each) for each in sorted(set(said))
        }
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print every recording as JSON")
    options = parser.parse_args(argv)
    with demo_speech() as speech:
        chunks = speech.say(SENTENCES)
        rate = speech.sample_rate
    spoken = {
        text: np.concatenate([np.asarray(chunk, dtype=np.float64) for chunk in each])
        for text, each in zip(SENTENCES, chunks, strict=True)
    }
    rows = [measure(case) for case in cases(spoken, rate)]
    if options.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
    for kind in KINDS:
        own = summary([row for row in rows if row["kind"] == kind])
        sys.stdout.write(f"{kind}: {json.dumps(own)}\n")
    sys.stdout.write(f"all: {json.dumps(summary(rows))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
