"""The engine against f5-tts's `infer_process` on a CPU: published size, same files, texts and NFE.

Both run in this process, one after the other in turn; the best of each, in seconds that pass and in
seconds of the processor, which tell more on a machine that others use too. f5-tts runs as released
(fp32, a job at a time), the worker as it starts by default on this CPU (`auto`) and, to tell apart
what precision and what the rest gives, in each format that a CPU may get. A step is one of a
guided chunk of 600 frames, by f5-tts's own model class.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch

from bench.floor import matmul_rate, operations
from bench.full_size import CACHE, Ours, Theirs, arch, frames_of, make_files, make_voice, text_of
from engine import precision, processor
from engine.config import Dtype, EngineConfig
from engine.dit import int8
from engine.sampler import Flow, PreparedSchedule, Schedule

NFE = 4
STEP_FRAMES, STEPS_TIMED = 600, 5
CASES: dict[str, tuple[list[str], int]] = {
    # texts of the jobs that are there at once, and how often the case is measured
    "one_chunk_of_10_s": ([text_of(10.0)], 3),
    "eight_jobs_of_2_s": ([text_of(2.0, job) for job in range(8)], 2),
}


class Taken(NamedTuple):
    """Seconds that passed, and those of the processor on all threads."""

    wall: float
    cpu: float


def run() -> dict[str, Any]:
    """Seconds and ratios by case; how far the default engine is from the machine's matmul rate."""
    CACHE.mkdir(parents=True, exist_ok=True)
    voice, files = make_voice(CACHE), make_files(CACHE)
    theirs = Theirs(files, voice, "cpu", torch.float32)
    auto = precision.name(precision.pick_dtype("auto", torch.device("cpu")))
    ours: dict[str, Ours] = {
        dtype: Ours(files, EngineConfig(device="cpu", dtype=dtype), voice) for dtype in formats()
    }
    rates = {dtype: matmul_rate("cpu", getattr(torch, dtype)) for dtype in ours}
    found: dict[str, Any] = {
        "auto": auto,
        "nfe": NFE,
        "threads": torch.get_num_threads(),
        "matmul_gflops": {dtype: round(rate / 1e9) for dtype, rate in rates.items()},
    }
    steps: dict[str, Callable[[], object]] = {"f5_tts": their_step(theirs)}
    steps |= {dtype: our_step(side) for dtype, side in ours.items()}
    _keep(found, "one_step", _alternate(steps, STEPS_TIMED), auto)
    theirs.model.transformer.clear_cache()  # it does so itself only after a job
    speakers: dict[str, Theirs | Ours] = {"f5_tts": theirs, **ours}
    for speaker in speakers.values():
        speaker.speak([text_of(2.0)], 1)  # warm
    for name, (texts, repeats) in CASES.items():
        wanted = (
            speakers if len(texts) == 1 else {side: speakers[side] for side in ("f5_tts", auto)}
        )
        sides = {side: partial(speaker.speak, texts, NFE) for side, speaker in wanted.items()}
        _keep(found, name, _alternate(sides, repeats), auto)
        floor = operations(arch(), frames_of(ours[auto], texts), NFE) / rates[auto]
        found[name]["floor_s"] = round(floor, 2)
    for side in ours.values():
        side.close()
    return found


def formats() -> list[Dtype]:
    """Those that this CPU may run in."""
    found: list[Dtype] = ["float32"]
    if processor.has_bf16():
        found.append("bfloat16")
    return [*found, "int8"] if int8.usable() else found


def our_step(side: Ours) -> Callable[[], object]:
    """One step of a guided chunk of `STEP_FRAMES`, as the batcher takes it."""
    model = side.engine.synthesizer.batcher.model
    flow = Flow(model)
    schedule = PreparedSchedule.of(model, Schedule(32))
    cond, tokens = torch.randn(STEP_FRAMES // 3, model.arch.mel_dim), torch.ones(100).long()
    flow.admit(flow.start(cond, tokens, STEP_FRAMES, schedule, seed=0))

    def step() -> None:
        flow.step()
        flow.trajectories[0].step = 0  # for the next one

    return step


def their_step(theirs: Theirs) -> Callable[[], object]:
    """The same of f5-tts's DiT, guided in one pass and with its text encoded before."""
    dit = theirs.model.transformer
    x = torch.randn(1, STEP_FRAMES, 100)
    text = torch.ones(1, 100, dtype=torch.long)

    def step() -> object:
        with torch.inference_mode():
            return dit(x=x, cond=x, text=text, time=torch.tensor(0.5), cfg_infer=True, cache=True)

    return step


def _keep(found: dict[str, Any], name: str, best: Mapping[str, Taken], auto: str) -> None:
    found[name] = {}
    for prefix, seconds in (
        ("", {side: taken.wall for side, taken in best.items()}),
        ("cpu_", {side: taken.cpu for side, taken in best.items()}),
    ):
        theirs = seconds["f5_tts"]
        found[name] |= {
            f"{prefix}seconds": {side: round(taken, 3) for side, taken in seconds.items()},
            f"{prefix}times_f5_tts": {
                side: round(theirs / taken, 2)
                for side, taken in seconds.items()
                if side != "f5_tts"
            },
        }
    found[name]["ratio"] = found[name]["times_f5_tts"][auto]
    sys.stdout.write(f"  {name}: {found[name]}\n")


def _alternate(sides: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, Taken]:
    """The best times of each, taken in turn."""
    best = dict.fromkeys(sides, Taken(float("inf"), float("inf")))
    for _ in range(repeats):
        for name, run_once in sides.items():
            wall, cpu = time.perf_counter(), time.process_time()
            run_once()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            best[name] = Taken(min(best[name].wall, wall), min(best[name].cpu, cpu))
    return best
