"""Seconds from process start to a model that can speak, published size, weights on local disk.

The worker's engine with its warm-up pass, against `F5TTS(...)` of f5-tts's API, which makes none;
each in a fresh interpreter, alternating, medians. Needs the reference environment of `make bench`.
"""

from __future__ import annotations

import os
import subprocess
import time
from typing import Any

from bench.full_size import CACHE
from bench.reference import ROOT, beside_f5_tts


def run(samples: int = 3) -> dict[str, Any]:
    """Medians in seconds; None for f5-tts without the reference environment."""
    from bench.full_size import NAME, make_files

    CACHE.mkdir(parents=True, exist_ok=True)
    files = make_files(CACHE)
    arguments = {
        "model": NAME,
        "ckpt_file": str(files.weights),
        "vocab_file": str(files.vocab),
        "vocoder_local_path": str(files.vocoder),
        "device": "cpu",
    }
    ours = "from bench.loading import start; start()"
    theirs = f"import os; from f5_tts.api import F5TTS; F5TTS(**{arguments!r}); os._exit(0)"
    ours_s, theirs_s = beside_f5_tts(_seconds, ours, theirs, samples)
    return {
        "worker_s": round(ours_s, 2),
        "f5_tts_s": theirs_s and round(theirs_s, 2),
        "ratio": theirs_s and round(theirs_s / ours_s, 2),
    }


def start() -> None:
    """The worker's own start up to the warm engine; ends the process."""
    from engine.boot import load_engine
    from engine.config import EngineConfig
    from engine.weights.locate import ModelRequest, locate

    request = ModelRequest(
        model="F5TTS_v1_Base",
        models_dir=CACHE,
        volume_dir=CACHE / "none",
        vocoder=str(CACHE / "vocos"),
    )
    load_engine(locate(request), EngineConfig(device="cpu"))
    os._exit(0)


def _seconds(python: str, code: str) -> float:
    started = time.perf_counter()
    command = [python, "-W", "ignore", "-c", code]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - started
