"""Vocoders in figures, Griffin-Lim beside them.

Speech of voices and pitches that no vocoder was trained on goes to a mel and back. The table has:
- mel: mean |log-mel difference|, all bands and frames;
- spectrum: mean |log-magnitude difference| at a window (800) and hop (200) not trained with;
- shape: how unlike the waveform is within 43 ms, place apart (`spectral_loss.shape_distance`);
- pitch: share of the voiced 10 ms whose pitch is not within 5 % afterwards;
- time: seconds of computing per second of speech, on the threads given.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from engine.arch import MelConfig
from engine.mel import LogMel
from engine.vocoder.load import Vocoder, load_vocoder
from engine.weights.locate import GRIFFIN_LIM
from training.data import espeak
from training.judge.acoustics import pitch_track
from training.judge.cases import make_cases
from training.vocoder.options import FiguresOptions
from training.vocoder.spectral_loss import shape_distance

_WINDOW, _HOP = 800, 200
_FLOOR = 1e-4
_PITCH_TOLERANCE = 0.05
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Figures:
    """Means over utterances, see the module; lower is better in all."""

    name: str
    mel: float
    spectrum: float
    shape: float
    pitch: float
    time: float


def run(options: FiguresOptions) -> str:
    """Has each vocoder speak what espeak-ng says, and Griffin-Lim; a markdown table.

    Raises:
        RuntimeError: espeak-ng is missing.
    """
    torch.set_num_threads(options.threads)
    cases = [case for case in make_cases(2 * options.sentences) if case.unheard_voice]
    waves = [
        torch.from_numpy(espeak.speak(case.text, case.voice, case.pitch))
        for case in tqdm(cases, desc="espeak-ng", unit="case")
    ]
    chosen: dict[str, Path | None] = {GRIFFIN_LIM: None}
    chosen |= {str(path): path for path in options.vocoders}
    return table([compare(name, load_vocoder(path, _CPU), waves) for name, path in chosen.items()])


def compare(name: str, vocoder: Vocoder, waves: Sequence[Tensor]) -> Figures:
    """Figures of a vocoder on (samples,) waveforms at 24 kHz."""
    log_mel = LogMel(MelConfig(), _CPU)
    rows, taken, spoken = [], 0.0, 0.0
    for wave in waves:
        mel = log_mel(wave)
        started = time.perf_counter()
        made = vocoder([mel])[0]
        taken += time.perf_counter() - started
        spoken += len(wave) / log_mel.config.sample_rate
        wanted = wave[: len(made)]
        rows.append(
            [
                _difference(log_mel(made), log_mel(wanted)),
                _difference(_log_magnitude(made), _log_magnitude(wanted)),
                float(shape_distance(made[None], wanted[None])),
                _pitch_lost(made, wanted),
            ]
        )
    mel_error, spectrum, shape, pitch = (float(mean) for mean in np.mean(rows, axis=0))
    return Figures(name, mel_error, spectrum, shape, pitch, taken / spoken)


def table(figures: Sequence[Figures]) -> str:
    """A markdown table."""
    head = "| vocoder | mel | spectrum | shape | pitch | time |\n|---|---|---|---|---|---|\n"
    rows = [
        f"| {f.name} | {f.mel:.3f} | {f.spectrum:.3f} | {f.shape:.3f} | {f.pitch:.1%} "
        f"| {f.time:.4f} |"
        for f in figures
    ]
    return head + "\n".join(rows) + "\n"


def _difference(a: Tensor, b: Tensor) -> float:
    frames = min(len(a), len(b))
    return float((a[:frames] - b[:frames]).abs().mean())


def _pitch_lost(made: Tensor, wanted: Tensor) -> float:
    before, after = (pitch_track(wave.numpy()) for wave in (wanted, made))
    voiced = np.isfinite(before)
    kept = np.abs(after[voiced] / before[voiced] - 1) < _PITCH_TOLERANCE
    return 1 - float(kept.mean()) if voiced.any() else 0.0


def _log_magnitude(wave: Tensor) -> Tensor:
    """(samples,) to (frames, freqs)."""
    window = torch.hann_window(_WINDOW)
    spectrum = torch.stft(wave, _WINDOW, _HOP, window=window, return_complex=True)
    return spectrum.abs().T.clamp(min=_FLOOR).log()
