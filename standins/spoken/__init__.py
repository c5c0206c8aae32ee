"""espeak-ng saying sentences that the demo checkpoint was not trained on, in two voices.

`demo` is the bundled voice, `linda` one that the checkpoint has never heard. A result compared with
these recordings (`training.judge.retrieval`) shows what it says, without espeak-ng or a speech
recogniser at hand; `python -m training recordings` makes them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from engine.arch import MelConfig
from engine.mel import LogMel

HERE = Path(__file__).parent
SENTENCES = (
    "David said that the shop is closed.",
    "Her mother liked the wrong key.",
    "Let's travel on Friday evening!",
    "Hello, Max! How are you at seven o'clock?",
    "Did Peter ride a horse in the kitchen?",
    "I'm surprised, because the sky is clear.",
    "The old man carried the green bottle.",
    "It is cloudy in the city after work.",
    "The blue umbrella is at the market.",
    "My brother heard about the book next week.",
    "They forgot a warm coat at the station at noon.",
    "The film starts at eight, John.",
)


@dataclass(frozen=True)
class Speaker:
    """A voice of espeak-ng; `reference` is what its reference recording says."""

    name: str
    espeak: str
    pitch: int
    reference: str


SPEAKERS = {
    "demo": Speaker("demo", "en-us", 45, ""),  # its reference is bundled with the worker
    "linda": Speaker(
        "linda", "en-us+linda", 51, "She wrote a long letter, and then she put it into a drawer."
    ),
}


def path(speaker: str, sentence: int | str) -> Path:
    """The recording of a sentence, or of "reference"."""
    return HERE / f"{speaker}-{sentence}.ogg"


def read(speaker: str, sentence: int | str) -> NDArray[np.float32]:
    """(samples,) at 24 kHz."""
    samples, rate = soundfile.read(path(speaker, sentence), dtype="float32")
    assert rate == MelConfig().sample_rate
    return np.asarray(samples)


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(frames, 100)."""
    return LogMel(MelConfig(), torch.device("cpu"))(torch.from_numpy(samples)).numpy()
