"""How many frames one pass may hold: as few as keep the device busy, no more than fit its memory.

A GPU is full from some thousand frames on. A longer pass does no more work a second, but each of
its steps takes longer and every chunk in it waits for all others. Where a card is full depends on
the card and the model, so a step is timed at growing sizes when a worker starts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import takewhile

import torch

from engine.arch import Arch
from engine.dit.model import DiT
from engine.memory import ran_out
from engine.sampler import Flow, PreparedSchedule, Schedule, Trajectory

log = logging.getLogger("f5worker.engine")

# Eight jobs of 1,120 frames each: 23.6 s at 1,280 frames per pass, 22.4 and 23.2 at 2,560, 22.9 and
# 23.4 at 3,500. Longer passes gain nothing on a CPU and delay the first audio.
CPU_FRAMES = 2560
GPU_FRAMES = 16_384  # until a step was timed
_MOST_GPU_FRAMES = 65_536
_FEWEST_GPU_FRAMES = 4096  # about one chunk of 22 s with guidance: less would serve no job
# What a pass holds at once for each frame, counted generously: fp32 copies of the residual, and
# activations as wide as the widest layer.
_RESIDUALS, _ACTIVATIONS = 6, 4
_MEMORY_SHARE = 0.6  # of the free memory: the vocoder and fragmentation need the rest

CHUNK_FRAMES = 2048  # a chunk of 11 s, reference and speech, both guidance branches
_TIMED = tuple(CHUNK_FRAMES << doubled for doubled in range(6))  # up to 65,536
_NEAR_BEST = 0.95
_LIMIT_S = 1.0
_STEPS = 32  # of the schedule that timed chunks are spread over


def most_frames(arch: Arch, device: torch.device, dtype: torch.dtype) -> int:
    """Frames that one pass may hold, both guidance branches counted: on a GPU what its free memory
    holds."""
    if device.type != "cuda":
        return CPU_FRAMES
    free, _ = torch.cuda.mem_get_info(device)
    widest = max(3 * arch.heads * arch.dim_head, int(arch.dim * arch.ff_mult))
    residuals = _RESIDUALS * arch.dim * torch.float32.itemsize
    per_frame = residuals + _ACTIVATIONS * widest * dtype.itemsize
    fitting = int(free * _MEMORY_SHARE / per_frame)
    return max(_FEWEST_GPU_FRAMES, min(_MOST_GPU_FRAMES, fitting))


def times_steps(device: torch.device) -> bool:
    """Whether the budget is found by timing steps: a CPU's is known, and a start costs no more."""
    return device.type == "cuda"


def measured_frames(model: DiT, mel_dim: int, most: int) -> int:
    """The budget, at most `most`, that timed steps of a warm `model` suggest; about a second."""
    found = near_best(StepTimer(model, mel_dim), most)
    if model.device.type == "cuda":
        torch.cuda.empty_cache()  # of the longest pass that was timed
    return found


def near_best(
    seconds: Callable[[int], float],
    most: int,
    *,
    limit_s: float = _LIMIT_S,
    clock: Callable[[], float] = time.perf_counter,
) -> int:
    """A budget, at most `most`, from the smallest pass that is within 5 % of the best rate.

    A pass ends up to a chunk short of its budget, so the budget is that much above the pass.

    Args:
        seconds: times one step of so many frames; raises torch.OutOfMemoryError if they do not fit.
        limit_s: no size is tried that would probably end later than this.
        clock: seconds, of a clock that runs.
    """
    rates = dict(_rates(seconds, most, limit_s, clock))
    if not rates:
        return most
    enough = _NEAR_BEST * max(rates.values())
    smallest = min(frames for frames, rate in rates.items() if rate >= enough)
    log.info(
        "frames a second by frames per pass: %s",
        ", ".join(f"{frames}: {rate:.0f}" for frames, rate in rates.items()),
    )
    return min(most, smallest + CHUNK_FRAMES)


def _rates(
    seconds: Callable[[int], float], most: int, limit_s: float, clock: Callable[[], float]
) -> Iterator[tuple[int, float]]:
    started = now = clock()
    for frames in takewhile(lambda frames: frames <= most, _TIMED):
        try:
            taken = seconds(frames)
        except RuntimeError as exc:
            if ran_out(exc):
                return
            raise
        before, now = now, clock()
        yield frames, frames / taken
        if now - started + 2 * (now - before) > limit_s:  # the next size takes twice as long
            return


class StepTimer:
    """Times one step of `model`: guided chunks of 11 s, each at a step of its own, as jobs that
    came one after the other are."""

    def __init__(self, model: DiT, mel_dim: int) -> None:
        self._model = model
        cond = torch.zeros(CHUNK_FRAMES // 4, mel_dim, device=model.device)
        self._chunk = Flow(model).start(
            cond,
            torch.ones(100, dtype=torch.long),
            CHUNK_FRAMES // 2,
            PreparedSchedule.of(model, Schedule(_STEPS)),
            seed=0,
        )

    def __call__(self, frames: int) -> float:
        """Seconds of a step of `frames`, the better of two after one that packs them."""
        flow = Flow(self._model)
        for number in range(max(1, frames // CHUNK_FRAMES)):
            flow.admit(self._at(number))
        return min([self._step(flow) for _ in range(3)][1:])

    def _at(self, number: int) -> Trajectory:
        return replace(self._chunk, step=number % (_STEPS // 2))

    def _step(self, flow: Flow) -> float:
        started = time.perf_counter()
        flow.step()
        if self._model.device.type == "cuda":
            torch.cuda.synchronize(self._model.device)
        return time.perf_counter() - started
