"""Which short lines can be told from others by their sound alone, without a recogniser.

A line of one to three words gives a recogniser little to go by. So the sound of each is compared
with espeak-ng saying this line, and others of about its length, in the voice that the demo was
given; the nearest counts.

    python -m tools.listen --write heard.json --sounds sounds
    python -m training lines --heard heard.json
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import soundfile
import torch

from engine.arch import MelConfig
from engine.mel import LogMel
from training import Samples
from training.data import espeak
from training.judge import retrieval
from training.judge.options import LinesOptions

GROUP = "short lines"
VOICE, PITCH, SPEED = "en-us", 45, 172  # of the bundled voice (assets/voices)
OTHERS = 19


def run(options: LinesOptions) -> str:
    """A table: for each way of speaking, how many lines are nearest to themselves."""
    ways = json.loads(options.heard.read_text(encoding="utf-8"))
    lines = ["| way | lines | told right |", "|---|---|---|"]
    for way, rows in ways.items():
        mine = {row["text"]: Path(row["sound"]) for row in rows if row["group"] == GROUP}
        right = sum(_is_nearest(text, sound, tuple(mine)) for text, sound in mine.items())
        lines.append(f"| {way} | {len(mine)} | {right} |")
    return "\n".join(lines)


def _is_nearest(text: str, sound: Path, texts: tuple[str, ...]) -> bool:
    near = sorted(texts, key=lambda other: (other != text, abs(len(other) - len(text)), other))
    samples, rate = soundfile.read(sound, dtype="float32")
    query = _features(espeak.resample(samples, rate))
    found = retrieval.match_features(query, [_spoken(other) for other in near[: 1 + OTHERS]])
    return found.nearest == 0


@cache
def _spoken(text: str) -> retrieval.Array:
    return _features(espeak.speak(text, VOICE, PITCH, SPEED))


def _features(samples: Samples) -> retrieval.Array:
    return retrieval.features(
        LogMel(MelConfig(), torch.device("cpu"))(torch.from_numpy(samples)).numpy()
    )
