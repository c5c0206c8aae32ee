"""One pass through the model: where its time goes, who waits for whom, what a new length costs."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from statistics import median
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from bench.floor import wait
from bench.full_size import Ours, frames_of
from bench.gpu.setting import Setting, say
from engine.sampler import Flow, PreparedSchedule, Schedule, Trajectory

# Steps of the schedule: chunks start at up to 32 steps of their own, and 32 more can be timed.
_STEPS = 64
_OWN_STEPS = 32
_TIMED = 5
_PROFILED = 2
# Kernels' names by what they do; the first that matches counts, what is left is element-wise.
_KINDS = {
    "attention": re.compile(r"flash|fmha|attention|softmax"),
    "convolution": re.compile(r"conv(?!ert)|fprop|dgrad|wgrad|implicit|winograd|nchw|nhwc"),
    "products": re.compile(r"gemm|gemv|cutlass|cublas|nvjet|xmma|splitk|linear|\b(add|b)?b?mm\b"),
    "copies": re.compile(r"memcpy|memset"),
}
KINDS = (*_KINDS, "element-wise")


class Pass:
    """Chunks of a mix of jobs in one pass, to be stepped and timed.

    Either all are at the same step, as jobs that came together are, or each is at its own.
    `tokens`: frames of the pass, both guidance branches counted.
    """

    def __init__(
        self, setting: Setting, chunks: int, *, own_steps: bool, ours: Ours | None = None
    ) -> None:
        ours = ours or setting.ours
        self.device = setting.device
        self.flow = new_flow(ours)
        schedule = PreparedSchedule.of(self.flow.model, Schedule(_STEPS))
        some = frames_of(ours, setting.texts(min(8, chunks)))
        lengths = [some[i % len(some)] for i in range(chunks)]
        self.tokens = 2 * sum(lengths)
        for number, frames in enumerate(lengths):
            trajectory = start(self.flow, schedule, frames, number)
            step = number % _OWN_STEPS if own_steps else 0
            self.flow.admit(replace(trajectory, step=step))

    def issue_s(self) -> float:
        """Seconds until a step is launched, the device idle before; it is not waited for."""
        times = []
        for _ in range(_TIMED):
            wait(self.device)
            started = time.perf_counter()
            self.flow.step()
            times.append(time.perf_counter() - started)
        return median(times)

    def alone_s(self) -> float:
        """Seconds of a step after two to warm up, waited for."""
        times = []
        for _ in range(5):
            wait(self.device)
            started = time.perf_counter()
            self.flow.step()
            wait(self.device)
            times.append(time.perf_counter() - started)
        return median(times[2:])

    def running_s(self) -> float:
        """Seconds a step of several in a row, as the engine makes them."""
        wait(self.device)
        started = time.perf_counter()
        for _ in range(_TIMED):
            self.flow.step()
        wait(self.device)
        return (time.perf_counter() - started) / _TIMED

    def kernels(self) -> list[tuple[str, int, float]]:
        """Name, number and seconds a step of everything that the device ran."""
        activity = ProfilerActivity.CPU if self.device == "cpu" else ProfilerActivity.CUDA
        with profile(activities=[activity]) as recorded:
            for _ in range(_PROFILED):
                self.flow.step()
            wait(self.device)
        found = []
        for event in recorded.key_averages():
            on_cpu = event.device_type.name == "CPU"
            if on_cpu != (self.device == "cpu"):
                continue
            taken = event.self_cpu_time_total if on_cpu else event.self_device_time_total
            if taken > 0:
                found.append((event.key, event.count // _PROFILED, taken / _PROFILED / 1e6))
        return sorted(found, key=lambda kernel: -kernel[2])


def new_flow(ours: Ours) -> Flow:
    """An empty flow like the one that the engine steps, with the same options."""
    return Flow(ours.engine.synthesizer.batcher.model)


def start(flow: Flow, schedule: PreparedSchedule, frames: int, seed: int) -> Trajectory:
    """A guided chunk of so many frames, a third of them its reference."""
    cond = torch.zeros(frames // 3, flow.model.arch.mel_dim)
    return flow.start(cond, torch.arange(1, 80), frames, schedule, seed=seed, cfg_strength=2.0)


def shares(setting: Setting) -> dict[str, Any]:
    """For passes of few and many chunks: time by kind of kernel, launches, host against device."""
    found: dict[str, Any] = {}
    for chunks in setting.scale.chunks:
        for own_steps in (False, True) if chunks > 1 else (False,):
            name = f"{counted(chunks)}, {'each at its own step' if own_steps else 'at one step'}"
            found[name] = case = measured(Pass(setting, chunks, own_steps=own_steps))
            split = ", ".join(f"{kind} {share:.0%}" for kind, share in case["shares"].items())
            say(
                f"  {name}: {case['step_ms']:.2f} ms a step, launched in {case['issue_ms']:.2f}, "
                f"device busy {case['device_ms']:.2f}, {case['launches']} launches; {split}"
            )
    return found


def counted(chunks: int) -> str:
    """As people write it."""
    return "1 chunk" if chunks == 1 else f"{chunks} chunks"


def measured(one: Pass) -> dict[str, Any]:
    """Milliseconds of a step, by kind as shares of the device's time; the ten longest kernels."""
    alone, issue, running = one.alone_s(), one.issue_s(), one.running_s()
    kernels = one.kernels()
    seconds = dict.fromkeys(KINDS, 0.0)
    for name, _, taken in kernels:
        seconds[kind_of(name)] += taken
    busy = sum(seconds.values())
    return {
        "tokens": one.tokens,
        "alone_ms": 1e3 * alone,
        "issue_ms": 1e3 * issue,
        "step_ms": 1e3 * running,
        "device_ms": 1e3 * busy,
        "launches": sum(count for _, count, _ in kernels),
        "shares": {kind: seconds[kind] / busy if busy else 0.0 for kind in KINDS},
        "longest": [
            {"kernel": name[:120], "launches": count, "ms": 1e3 * taken}
            for name, count, taken in kernels[:10]
        ],
    }


def kind_of(kernel: str) -> str:
    """What a kernel of this name does, of `KINDS`."""
    lower = kernel.lower()
    matching = (kind for kind, pattern in _KINDS.items() if pattern.search(lower))
    return next(matching, "element-wise")


def lengths(setting: Setting) -> dict[str, Any]:
    """Milliseconds of the first and second time that a length is met, from the start of a chunk to
    its waveform: libraries look for a plan when a shape is new."""
    vocoder = setting.ours.engine.synthesizer.batcher.vocoder
    longest = max(frames_of(setting.ours, setting.texts(8)))
    times: dict[str, list[list[float]]] = {"start": [], "step": [], "vocoder": []}
    schedule = PreparedSchedule.of(new_flow(setting.ours).model, Schedule(_STEPS))
    for number in range(setting.scale.lengths):
        frames = longest // 2 + 37 * number + 11  # no length that another part has met
        rounds = [_by_stage(setting, schedule, vocoder, frames) for _ in range(2)]
        for stage, kept in times.items():
            kept.append([1e3 * one[stage] for one in rounds])
    return {
        stage: {
            "first_ms": median(first for first, _ in pairs),
            "second_ms": median(second for _, second in pairs),
            "worst_first_ms": max(first for first, _ in pairs),
        }
        for stage, pairs in times.items()
    }


def _by_stage(
    setting: Setting, schedule: PreparedSchedule, vocoder: Any, frames: int
) -> dict[str, float]:
    flow, begun = new_flow(setting.ours), []
    taken = {"start": setting.once(lambda: begun.append(start(flow, schedule, frames, 0)))}
    flow.admit(begun[0])
    taken["step"] = setting.once(flow.step)
    return taken | {"vocoder": setting.once(lambda: vocoder([begun[0].mel]))}
