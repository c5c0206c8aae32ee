"""The speech to be judged: by a checkpoint through the worker's own engine, or by espeak-ng itself.

The second is the judge's own test: what comes from perfect mels through a vocoder, or from no
vocoder at all, is the best that any checkpoint can reach.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from engine.arch import MelConfig
from engine.boot import Engine, load_engine
from engine.chunk import SpeechParameters
from engine.config import EngineConfig
from engine.mel import LogMel
from engine.vocoder.load import load_vocoder
from engine.weights.locate import GRIFFIN_LIM, ModelRequest, locate
from training import Samples
from training.judge.cases import SpokenCase
from worker.audio.encode import encode
from worker.settings.groups import VoiceConfig
from worker.voices.located import sent_voice
from worker.voices.reference import PreparedVoice, prepare_voice

_TIMED_SECONDS = 5.0
_TIMED_RUNS = 3


class Speech(Protocol):
    """Something that says sentences in a reference's voice."""

    def say(self, cases: Sequence[SpokenCase]) -> Iterator[Samples]:
        """(samples,) at 24 kHz of each case, in order."""
        ...


@dataclass(frozen=True)
class Timing:
    """Seconds that `audio_s` seconds of speech took: the median of some runs, and the best."""

    audio_s: float
    median_s: float
    best_s: float


class EngineSpeech:
    """A checkpoint directory, run as the worker runs it."""

    def __init__(
        self,
        model: Path,
        vocoder: Path | None,
        parameters: SpeechParameters,
        config: EngineConfig,
        *,
        griffin_lim: bool = False,
    ) -> None:
        """`vocoder` None: `vocos/` in the model, where it is there, else Griffin-Lim."""
        inside = model / "vocos"
        chosen = vocoder or (inside if inside.is_dir() and not griffin_lim else None)
        name = str(chosen.resolve()) if chosen else GRIFFIN_LIM
        self.files = locate(ModelRequest(model=str(model.resolve()), vocoder=name))
        self.engine: Engine = load_engine(self.files, config)
        self.parameters = parameters

    def say(self, cases: Sequence[SpokenCase]) -> Iterator[Samples]:
        """Each case alone in its pass, so that it sounds as one job does."""
        for spoken in cases:
            yield self._speak(prepare(spoken), spoken.case.text)

    def time(self, spoken: SpokenCase) -> Timing:
        """How long five seconds of speech in this voice take, on the threads torch has."""
        voice = prepare(spoken)
        words = spoken.case.text.rstrip(".?!")
        text = words
        while self._planned(voice, text) < _TIMED_SECONDS:
            text = f"{text}, {words.lower()}"
        while self._planned(voice, text) > _TIMED_SECONDS:
            text = text[:-1]
        taken, audio = [], 0.0
        for _ in range(_TIMED_RUNS):
            started = time.perf_counter()
            audio = len(self._speak(voice, text)) / MelConfig().sample_rate
            taken.append(time.perf_counter() - started)
        return Timing(audio, float(np.median(taken)), min(taken))

    def planned(self, spoken: SpokenCase) -> float:
        """Seconds that f5-tts's estimate gives the case's speech, from the reference's pace."""
        return self._planned(prepare(spoken), spoken.case.text)

    def close(self) -> None:
        """Stops the engine."""
        self.engine.close()

    def _planned(self, voice: PreparedVoice, text: str) -> float:
        chunks = self.engine.synthesizer.plan(voice, text, self.parameters)
        return sum(self.engine.synthesizer.seconds(chunk) for chunk in chunks)

    def _speak(self, voice: PreparedVoice, text: str) -> Samples:
        synthesizer = self.engine.synthesizer
        chunks = synthesizer.plan(voice, text, self.parameters)
        futures = [synthesizer.submit(chunk) for chunk in chunks]
        samples = np.concatenate([future.result().samples for future in futures])
        return synthesizer.restore_loudness(chunks[0], samples)


class OriginalSpeech:
    """espeak-ng's own speech, unchanged or through a vocoder (`None` for Griffin-Lim)."""

    def __init__(self, vocoder: Callable[[Samples], Samples] | None = None) -> None:
        self.vocoder = vocoder

    def say(self, cases: Sequence[SpokenCase]) -> Iterator[Samples]:
        """The originals of the cases."""
        for spoken in cases:
            yield spoken.original if self.vocoder is None else self.vocoder(spoken.original)


def resynthesis(vocoder: Path | None, device: torch.device) -> Callable[[Samples], Samples]:
    """Waveform to mel to waveform, by the vocoder in a directory or, for None, Griffin-Lim."""
    log_mel, decode = LogMel(MelConfig(), device), load_vocoder(vocoder, device)

    def through(samples: Samples) -> Samples:
        wave: Samples = decode([log_mel(torch.from_numpy(samples).to(device))])[0].cpu().numpy()
        return wave

    return through


def prepare(spoken: SpokenCase) -> PreparedVoice:
    """The case's reference, cut and trimmed as the worker does it with a WAV from a bucket."""
    data = encode(spoken.reference, MelConfig().sample_rate, "wav")
    located = sent_voice("reference.wav", "espeak-ng", data)
    return prepare_voice(located, data, spoken.case.ref_text, VoiceConfig())


def package_bytes(*directories: Path) -> int:
    """Size of all files below the directories, each file once."""
    files = {path.resolve() for root in directories for path in root.rglob("*") if path.is_file()}
    return sum(path.stat().st_size for path in files)
