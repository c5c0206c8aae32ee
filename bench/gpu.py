"""`make bench-gpu`: the engine on a GPU against f5-tts's `infer_process` in fp16, one command.

Published size, random weights, the same files and texts on both sides. f5-tts speaks jobs one
after the other, so its throughput is measured on a few of them and its time for more is theirs
times the number; the worker has all jobs in flight. Also tried: budgets of frames per pass,
attention kernels, and when chunks join. Results go to bench/results/DATE-gpu-NAME.json.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from statistics import median
from typing import Any

import torch

from bench.floor import matmul_rate, operations, wait
from bench.full_size import Ours, Theirs, arch, frames_of, make_files, make_voice, text_of
from bench.speed import CACHE
from engine.config import EngineConfig
from standins.measured import RESULTS, machine

DEVICE = "cuda"
IN_FLIGHT = (1, 8, 32, 128)
STEPS = (7, 16, 32)
THEIR_JOBS = 4
BUDGETS = (8_192, 16_384, 32_768, 65_536, 131_072)


def texts(jobs: int) -> list[str]:
    """3 to 12 s of speech a job, evenly spread."""
    return [text_of(3.0 + 9.0 * (job * 5 % 8) / 7, job) for job in range(jobs)]


def main() -> None:
    """Everything, about 6 minutes on an H200."""
    if not torch.cuda.is_available():
        sys.exit("bench.gpu needs a GPU that PyTorch can use; `make bench` measures the CPU.")
    CACHE.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine() | {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__},
    }
    voice, files = make_voice(CACHE), make_files(CACHE)
    theirs = Theirs(files, voice, DEVICE, torch.float16)
    ours = Ours(files, EngineConfig(device=DEVICE), voice)
    rate = matmul_rate(DEVICE, torch.bfloat16, rows=32_768)
    found |= {"dtype": ours.engine.dtype, "load_s": ours.engine.load_s, "bf16_tflops": rate / 1e12}
    found["cases"] = _say(cases(ours, theirs, rate))
    found["budgets"] = _say(budgets(ours))
    found["joining"] = _say({join: _with(files, voice, join=join) for join in ("step", "batch")})
    found["attention"] = _say(
        {name: _with(files, voice, attention=name) for name in ("auto", "sdpa")}
    )
    found["peak_memory_gib"] = torch.cuda.max_memory_allocated() / 2**30
    RESULTS.mkdir(exist_ok=True)
    name = found["machine"]["gpu"].replace(" ", "-").lower()
    path = RESULTS / f"{found['date']}-gpu-{name}.json"
    path.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(f"{path}\n")


def cases(ours: Ours, theirs: Theirs, rate: float) -> dict[str, Any]:
    """Throughput, real-time factor and ratio for every number of jobs and steps."""
    found: dict[str, Any] = {}
    for nfe in STEPS:
        short = text_of(3.0)
        one_theirs = seconds(lambda nfe=nfe, text=short: theirs.speak([text], nfe))
        one_ours = seconds(lambda nfe=nfe, text=short: ours.speak([text], nfe))
        some = texts(THEIR_JOBS)
        a_job = seconds(lambda nfe=nfe, some=some: theirs.speak(some, nfe), 2) / THEIR_JOBS
        found[f"one short job, NFE {nfe}"] = {
            "f5_tts_s": one_theirs,
            "worker_s": one_ours,
            "ratio": one_theirs / one_ours,
        }
        for jobs in IN_FLIGHT:
            all_texts = texts(jobs)
            taken = seconds(lambda nfe=nfe, t=all_texts: ours.speak(t, nfe))
            audio = sum(len(wave) for wave in ours.speak(all_texts, nfe)) / 24_000
            needed = operations(arch(), frames_of(ours, all_texts), nfe)
            found[f"{jobs} in flight, NFE {nfe}"] = {
                "worker_s": taken,
                "f5_tts_s": a_job * jobs,
                "ratio": a_job * jobs / taken,
                "rtf": taken / audio,
                "of_matmul_rate": needed / taken / rate,
            }
    return found


def budgets(ours: Ours) -> dict[str, float]:
    """Seconds for 32 jobs at NFE 16 by the frames that a pass may hold."""
    batcher = ours.engine.synthesizer.batcher
    default, found = batcher.max_frames, {}
    for frames in BUDGETS:
        batcher.max_frames = frames
        found[str(frames)] = seconds(lambda: ours.speak(texts(32), 16))
    batcher.max_frames = default
    return found


def _with(files: Any, voice: Any, **changed: str) -> float:
    """Seconds for 32 jobs at NFE 16 with one choice changed."""
    engine = Ours(files, EngineConfig(device=DEVICE, **changed), voice)  # type: ignore[arg-type]
    taken = seconds(lambda: engine.speak(texts(32), 16))
    engine.close()
    return taken


def seconds(run: Any, repeats: int = 3) -> float:
    """Median after one run to warm up; the GPU's work is waited for."""
    times = []
    for _ in range(repeats + 1):
        wait(DEVICE)
        started = time.perf_counter()
        run()
        wait(DEVICE)
        times.append(time.perf_counter() - started)
    return median(times[1:])


def _say(found: dict[str, Any]) -> dict[str, Any]:
    for name, value in found.items():
        sys.stdout.write(f"{name}: {json.dumps(value)}\n")
    return found


if __name__ == "__main__":
    main()
