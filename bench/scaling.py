"""Time and peak memory of the engine against the length of the text: 1, 10 and 100 chunks.

The demo's architecture at 2 NFE; a process for each length, which gives every chunk's samples away
as the worker does. Memory is the process's peak above what it held when the model was warm.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.reference import ROOT

CHUNKS = (1, 10, 100)
_SENTENCE = 3 * "A line of plain words that takes all of a chunk's time, and some more of it, too. "


def run() -> dict[str, Any]:
    """Seconds, seconds a chunk and MiB of growth for each number of chunks."""
    found: dict[str, Any] = {}
    for count in CHUNKS:
        code = f"from bench.scaling import measure; measure({count})"
        result = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        measured = json.loads(result.stdout.splitlines()[-1])
        a_chunk = round(measured["seconds"] / count, 3)
        found[f"{count}_chunks"] = measured | {"seconds_a_chunk": a_chunk}
    return found


def measure(chunks: int) -> None:
    """Prints seconds and MiB of growth for a text of that many chunks; in a fresh process."""
    from bench.full_size import make_voice
    from engine.boot import load_engine
    from engine.chunk import SpeechParameters
    from engine.config import EngineConfig
    from engine.weights.locate import ModelRequest, locate

    directory = Path(tempfile.mkdtemp())
    voice = make_voice(directory)
    request = ModelRequest(models_dir=directory, vocoder="griffin-lim")
    engine = load_engine(locate(request), EngineConfig(device="cpu"))
    batcher = engine.synthesizer.batcher
    batcher.vocoder = lambda mels: [mel.new_zeros(mel.shape[0] * 256) for mel in mels]
    parameters = SpeechParameters(nfe_step=2)

    def speak(count: int) -> None:
        plan = engine.synthesizer.plan(voice, _SENTENCE.strip() * count, parameters)[:count]
        assert len(plan) == count, (len(plan), count)
        futures = [engine.synthesizer.submit(chunk) for chunk in plan]
        while futures:
            futures.pop(0).result()

    speak(2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    speak(chunks)
    seconds = time.perf_counter() - started
    grew = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    sys.stdout.write(json.dumps({"seconds": round(seconds, 3), "grew_mib": round(grew, 1)}) + "\n")
    engine.close()
