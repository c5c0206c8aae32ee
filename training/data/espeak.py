"""The synthetic speaker: espeak-ng (Debian package `espeak-ng`), called as a program.

A speaker is a variant of espeak-ng's American English voice and a pitch. Some variants and all odd
pitches are never trained on, so that the finished checkpoint can be judged on voices it has not
heard.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.arch import MelConfig
from training import Samples

SAMPLE_RATE = MelConfig.sample_rate  # Hz, of everything this module returns
FULL_SCALE = np.float32(32768)  # of 16-bit samples
LEVEL = 0.1  # RMS of every utterance, f5-tts's target_rms
SPEED = 165  # words per minute
EDGE_DB = -45.0  # edges quieter than this below the peak are cut off
_EDGE_KEEP_S = 0.02  # what is kept of them
_FRAME = 120  # samples (5 ms) in which the edges are measured


@dataclass(frozen=True)
class Voice:
    """An espeak-ng voice and the middle of the pitches (0 to 99) it is used at."""

    name: str
    pitch: int = 50


# Variants with similar names still differ: each has formants of its own.
TRAIN_VOICES = (
    Voice("en-us"),
    *(Voice(f"en-us+{variant}") for variant in ("m1", "m2", "m3", "m4", "m7", "m8")),
    *(Voice(f"en-us+{variant}", 46) for variant in ("f1", "f2", "f3", "f4", "f5")),
    *(Voice(f"en-us+{variant}") for variant in ("adam", "Alex", "Andy", "david", "Michael")),
    *(Voice(f"en-us+{variant}", 46) for variant in ("Andrea", "anika", "belinda", "Annie")),
)
HELD_OUT_VOICES = (
    Voice("en-us+m5"),
    Voice("en-us+m6"),
    Voice("en-us+john"),
    Voice("en-us+linda", 46),
    Voice("en-us+steph", 46),
    Voice("en-us+aunty", 46),
)
PITCH_SPREAD = 20  # training pitches: a voice's base +- this, even numbers only


def available() -> bool:
    """Whether espeak-ng is installed."""
    return shutil.which("espeak-ng") is not None


def speak(
    text: str, voice: str, pitch: int, speed: int = SPEED, data: Path | None = None
) -> Samples:
    """espeak-ng saying `text`: (samples,) mono at 24 kHz, 0.1 RMS, edges trimmed.

    Args:
        voice: an espeak-ng voice name such as "en-us+m1".
        pitch: 0 to 99, espeak-ng's own scale.
        speed: words per minute, 80 to 450.
        data: where espeak-ng finds its voices (`variants.data_directory`), if not as installed.

    Raises:
        RuntimeError: espeak-ng is missing, refuses the voice, or makes no sound of this text.
    """
    path = ["--path", str(data)] if data else []
    how = ["-v", voice, "-p", str(pitch), "-s", str(speed), "--stdout", *path]
    samples = _level(_trim(resample(*_read(run(*how, "--", text)))))
    if not samples.size:
        raise RuntimeError(f"espeak-ng made no sound of {text!r}")
    return samples


def run(*arguments: str) -> bytes:
    """What espeak-ng writes to its standard output when called with `arguments`.

    Raises:
        RuntimeError: espeak-ng is missing or refuses them.
    """
    try:
        return subprocess.run(["espeak-ng", *arguments], capture_output=True, check=True).stdout
    except FileNotFoundError as exc:
        raise RuntimeError("espeak-ng is missing: apt-get install espeak-ng") from exc
    except subprocess.CalledProcessError as exc:
        raise RuntimeError(f"espeak-ng failed: {exc.stderr.decode(errors='replace')}") from exc


def _read(stream: bytes) -> tuple[Samples, int]:
    """Samples and rate of a 16-bit WAV from a pipe, where espeak-ng cannot fill in the length."""
    with wave.open(io.BytesIO(stream)) as source:
        rate = source.getframerate()
    start = stream.index(b"data") + 8
    pcm = np.frombuffer(stream[start : start + (len(stream) - start) // 2 * 2], dtype="<i2")
    return pcm.astype(np.float32) / FULL_SCALE, rate


def resample(samples: Samples, rate: int) -> Samples:
    """(samples,) at `rate` Hz to 24 kHz."""
    from scipy.signal import resample_poly

    divisor = int(np.gcd(rate, SAMPLE_RATE))
    result = resample_poly(samples, SAMPLE_RATE // divisor, rate // divisor)
    return np.asarray(result, dtype=np.float32)


def leading_cut(samples: Samples) -> int:
    """How many samples at the beginning are too quiet to keep."""
    return _edges(samples)[0]


def _trim(samples: Samples) -> Samples:
    first, last = _edges(samples)
    return samples[first:last]


def _edges(samples: Samples) -> tuple[int, int]:
    """The first sample to keep, and the first after those to keep."""
    whole = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    peaks = np.abs(whole).max(axis=1, initial=0.0)
    loud = np.flatnonzero(peaks > peaks.max(initial=0.0) * 10 ** (EDGE_DB / 20))
    if not loud.size:
        return 0, 0
    keep = int(_EDGE_KEEP_S * SAMPLE_RATE)
    return max(0, int(loud[0]) * _FRAME - keep), (int(loud[-1]) + 1) * _FRAME + keep


def _level(samples: Samples) -> Samples:
    rms = float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 1.0
    return np.clip(samples * np.float32(LEVEL / max(rms, 1e-6)), -1.0, 1.0).astype(np.float32)
