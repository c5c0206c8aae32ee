"""What the demo checkpoint is examined on: unseen sentences, voices and pitches, by espeak-ng.

Every other case has a voice that was not trained on; all pitches are odd, which training ones are
not. Half of the sentences are everyday ones, half from documentation; none can be in the training
set (see `sentences.is_held_out`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch

from engine.arch import MelConfig
from engine.mel import LogMel
from training import Samples
from training.data import espeak, sentences
from training.data.phrases import everyday
from training.judge import retrieval
from training.judge.acoustics import spectral_centroid

EVERYDAY, DOCUMENTATION = "everyday", "documentation"
_SHORTEST, _LONGEST = 28, 80  # characters of a sentence to be spoken
_REFERENCE = (60, 95)  # characters of a reference: 4 to 6 s
_POOL = 600  # unseen sentences to choose from, of each kind


@dataclass(frozen=True)
class Case:
    """One thing to say: `others` are sentences of about the same length, to confuse it with."""

    text: str
    kind: str
    voice: str
    pitch: int
    unheard_voice: bool
    ref_text: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class SpokenCase:
    """A case with espeak-ng's sound: (samples,) at 24 kHz; `candidates` are retrieval features of
    the sentence itself, first, and of the others, in the same voice; `voice_centroid` is the mean
    spectral centroid of all of them, Hz: the voice's, whatever it says."""

    case: Case
    reference: Samples
    original: Samples
    candidates: tuple[retrieval.Array, ...]
    voice_centroid: float


def make_cases(number: int, *, others: int = 19, seed: int = 1) -> list[Case]:
    """`number` different cases, the same for the same seed."""
    rng = random.Random(f"judge-{seed}")
    pools = {kind: _unseen(rng, kind) for kind in (EVERYDAY, DOCUMENTATION)}
    speakers = _speakers(rng)
    references = [t for t in pools[DOCUMENTATION] if _REFERENCE[0] <= len(t) <= _REFERENCE[1]]
    everything = [text for pool in pools.values() for text in pool]
    cases: list[Case] = []
    for i in range(number):
        kind = (EVERYDAY, DOCUMENTATION)[i // 2 % 2]
        usable = (t for t in pools[kind] if _SHORTEST <= len(t) <= _LONGEST)
        text = next(t for t in usable if all(t != case.text for case in cases))
        voice, pitch = next(speakers)
        near = sorted(everything, key=lambda t: (abs(len(t) - len(text)), t))
        confusable = [t for t in near if t != text][:others]
        ref_text = rng.choice([t for t in references if t != text])
        unheard = voice in espeak.HELD_OUT_VOICES
        case = Case(text, kind, voice.name, pitch, unheard, ref_text, tuple(confusable))
        cases.append(case)
    return cases


def speak_cases(cases: Sequence[Case]) -> Iterator[SpokenCase]:
    """Has espeak-ng speak the cases, two at a time; yields them in order.

    Raises:
        RuntimeError: espeak-ng is missing.
    """
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(_speak, cases)


def _speak(case: Case) -> SpokenCase:
    log_mel = LogMel(MelConfig(), torch.device("cpu"))

    def say(text: str) -> Samples:
        return espeak.speak(text, case.voice, case.pitch)

    original = say(case.text)
    waves = [original, *map(say, case.others)]
    features = [retrieval.features(log_mel(torch.from_numpy(w)).numpy()) for w in waves]
    centroid = float(np.mean([spectral_centroid(wave) for wave in waves]))
    return SpokenCase(case, say(case.ref_text), original, tuple(features), centroid)


def _unseen(rng: random.Random, kind: str) -> list[str]:
    if kind == DOCUMENTATION:
        texts = [t for t in sentences.documentation() if sentences.is_held_out(t)]
        rng.shuffle(texts)
        return texts[:_POOL]
    chosen: dict[str, None] = {}
    while len(chosen) < _POOL:
        text = everyday(rng)
        if sentences.is_held_out(text):
            chosen[text] = None
    return list(chosen)


def _speakers(rng: random.Random) -> Iterator[tuple[espeak.Voice, int]]:
    """Endless (voice, odd pitch): unheard voices and trained ones by turns."""
    groups = (espeak.HELD_OUT_VOICES, espeak.TRAIN_VOICES)
    orders = [rng.sample(group, len(group)) for group in groups]
    spread = espeak.PITCH_SPREAD // 2
    for i in count():
        order = orders[i % 2]
        voice = order[i // 2 % len(order)]
        yield voice, voice.pitch // 2 * 2 + 2 * rng.randint(-spread, spread - 1) + 1
