"""A chunk, a piece of text spoken in one go: what is planned of it, and what comes of it.

    Chunk (planned) -> BatchedChunk (engine.batched) -> SpokenChunk (finished)

On its way through the model it is a `Trajectory` (engine.sampler).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]  # (n,) mono, full scale 1


@dataclass(frozen=True, eq=False)
class Reference:
    """A prepared reference voice.

    `samples` at 24 kHz and their natural level; `rms` and `seconds` as measured before resampling;
    `ref_text` ends with ". " or "。"; `content_hash` identifies the samples.
    """

    name: str
    samples: Samples
    rms: float
    seconds: float
    ref_text: str
    content_hash: str


@dataclass(frozen=True)
class SpeechParameters:
    """f5-tts's inference parameters under its names and with its defaults.

    `fix_duration`: total seconds including the reference; `seed` fixes the noise.
    """

    nfe_step: int = 32
    cfg_strength: float = 2.0
    sway_sampling_coef: float | None = -1.0
    speed: float = 1.0
    seed: int = 0
    target_rms: float = 0.1
    fix_duration: float | None = None
    cross_fade_duration: float = 0.15


class SaidWord(NamedTuple):
    """A word as the user wrote it, and as it is spoken."""

    written: str
    spoken: str


@dataclass(frozen=True, eq=False)
class Chunk:
    """A piece of text to speak: in which voice, how, and after how many seconds of silence.

    `text` is what is spoken, `written` what the user wrote for it, `words` both, word by word;
    these and `language` are for subtitles and listeners. `index` is its place among its job's
    chunks. `tokens` are of reference and new text together, `frames` count both as well, the first
    `ref_frames` of them the reference. `seed` is its own.
    """

    index: int
    text: str
    voice: Reference
    parameters: SpeechParameters
    tokens: list[int]
    frames: int
    ref_frames: int
    seed: int
    pause_s: float = 0.0
    written: str = ""
    words: tuple[SaidWord, ...] = ()
    language: str = ""


@dataclass(frozen=True, eq=False)
class SpokenChunk:
    """A finished chunk, and what it took (seconds).

    `queue_s` and `inference_s` are 0 for one that an interrupted run had stored. `warnings` say
    what the user should know of how it was made.
    """

    index: int
    samples: Samples
    queue_s: float = 0.0
    inference_s: float = 0.0
    warnings: tuple[str, ...] = ()
