"""What runs in the fresh process of `bench.gpu.ready`: as a worker starts, nothing imported before.

python -m bench.gpu.fresh JSON, with the model's files, the voice and a text
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def main(given: dict[str, Any]) -> dict[str, Any]:
    """Loads the model and speaks the text twice; the times of it, `at` on the machine's clock."""
    entered = time.perf_counter()
    import soundfile

    from engine.boot import load_engine
    from engine.chunk import Reference, SpeechParameters
    from engine.config import EngineConfig
    from engine.weights.locate import ModelFiles

    imported = time.perf_counter()
    paths = {name: Path(given[name]) for name in ("weights", "vocab", "config", "vocoder")}
    engine = load_engine(ModelFiles(name="bench", **paths), EngineConfig(device=given["device"]))
    ready_at = time.time()
    samples, _ = soundfile.read(given["voice"], dtype="float32")
    seconds = len(samples) / engine.synthesizer.sample_rate
    voice = Reference("bench", samples, 0.1, seconds, given["ref_text"], "bench")
    parameters = SpeechParameters(nfe_step=given["steps"])

    def speak() -> float:
        started = time.perf_counter()
        for chunk in engine.synthesizer.plan(voice, given["text"], parameters):
            engine.synthesizer.submit(chunk).result()
        return time.perf_counter() - started

    found = {
        "ready_at": ready_at,
        "imports_s": imported - entered,
        "load_s": engine.load_s,
        "first_job_s": speak(),
        "second_job_s": speak(),
    }
    engine.close()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))) + "\n")
