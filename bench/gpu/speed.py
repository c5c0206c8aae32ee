"""Throughput: against f5-tts's `infer_process`, and by the frames that one pass may hold."""

from __future__ import annotations

import time
from concurrent.futures import Future
from statistics import mean
from typing import Any

import numpy as np
import torch

from bench.floor import matmul_rate, operations
from bench.full_size import Ours, frames_of, text_of
from bench.gpu.passes import Pass
from bench.gpu.setting import Setting, say
from engine.chunk import SpeechParameters, SpokenChunk

_RATE_ROWS = 32_768  # of the product that tells what the device can do


def against(setting: Setting) -> dict[str, Any]:
    """Seconds, real-time factor and ratio for every number of jobs and steps.

    f5-tts speaks jobs one after the other, so of many jobs it is timed on the first few, which are
    as long as all on average, and its time is that times their number; of one job on that job. The
    worker has all jobs in flight.
    """
    scale, ours, theirs = setting.scale, setting.ours, setting.theirs
    for side in (ours, theirs):
        side.speak([text_of(scale.seconds)], 2)  # lazy parts load
    dtype = getattr(torch, ours.engine.dtype)
    rate = matmul_rate(setting.device, dtype, rows=_RATE_ROWS if setting.on_gpu else 256)
    found: dict[str, Any] = {"dtype": ours.engine.dtype, "product_tflops": rate / 1e12}
    found["said"] = setting.said
    for nfe in scale.steps:
        timed = {jobs: min(jobs, scale.their_jobs) for jobs in scale.in_flight}
        taken = {few: _their_s(setting, few, nfe) for few in set(timed.values())}
        for jobs, few in timed.items():
            case = _in_flight(setting, jobs, nfe)
            theirs_s, ours_s = taken[few] * jobs / few, case["worker_s"]
            case |= {"f5_tts_s": theirs_s, "ratio": theirs_s / ours_s}
            found[f"{jobs} in flight, {nfe} steps"] = case
            case["of_product_rate"] /= rate
            setting.keep(found)
        say(f"  {nfe} steps: " + ", ".join(_ratios(found, nfe)))
    return found


def _ratios(found: dict[str, Any], nfe: int) -> list[str]:
    return [
        f"{name.partition(',')[0]} {case['ratio']:.2f} x"
        for name, case in found.items()
        if name.endswith(f", {nfe} steps")
    ]


def _in_flight(setting: Setting, jobs: int, nfe: int) -> dict[str, float]:
    """The worker's seconds and real-time factor; operations a second, for their share of a rate."""
    texts = setting.texts(jobs)
    waves: list[Any] = []

    def speak() -> None:
        waves[:] = setting.ours.speak(texts, nfe)

    taken = setting.seconds(speak)
    needed = operations(setting.arch, frames_of(setting.ours, texts), nfe)
    audio_s = sum(len(wave) for wave in waves) / 24_000
    return {"worker_s": taken, "rtf": taken / audio_s, "of_product_rate": needed / taken}


def _their_s(setting: Setting, jobs: int, nfe: int) -> float:
    """f5-tts's seconds for the same first jobs."""
    texts = setting.texts(jobs)
    return setting.seconds(lambda: setting.theirs.speak(texts, nfe))


def budgets(setting: Setting) -> dict[str, Any]:
    """For each budget: when the jobs of a mix that came together are done, and the rate of a step
    of that many frames, each chunk at a step of its own."""
    batcher = setting.ours.engine.synthesizer.batcher
    default = batcher.max_frames
    found: dict[str, Any] = {"default": default}
    texts = setting.texts(setting.scale.mix)
    try:
        for frames in setting.scale.budgets:
            batcher.max_frames = frames
            done = completions(setting.ours, texts, setting.scale.mix_steps)
            found[str(frames)] = {
                "first_s": min(done),
                "mean_s": mean(done),
                "all_s": max(done),
                "frames_per_s": _rate(setting, frames),
            }
            setting.keep(found)
            say(f"  {frames}: {found[str(frames)]}")
    finally:
        batcher.max_frames = default
    return found


def completions(ours: Ours, texts: list[str], nfe: int) -> list[float]:
    """Seconds after which each of these jobs was done, all of them submitted at once."""
    synthesizer, parameters = ours.engine.synthesizer, SpeechParameters(nfe_step=nfe)
    done = np.zeros(len(texts))
    started = time.perf_counter()
    futures: list[Future[SpokenChunk]] = []
    for job, text in enumerate(texts):
        for chunk in synthesizer.plan(ours.voice, text, parameters):
            future = synthesizer.submit(chunk)

            def finished(_: object, job: int = job) -> None:
                done[job] = max(done[job], time.perf_counter() - started)

            future.add_done_callback(finished)
            futures.append(future)
    for future in futures:
        future.result()
    # A future wakes who waits for it before it calls back.
    while not done.all():
        time.sleep(0.001)
    return [float(seconds) for seconds in done]


def _rate(setting: Setting, frames: int) -> float | None:
    """Frames a second of a step of about so many frames; None if they do not fit."""
    lengths = frames_of(setting.ours, setting.texts(8))
    chunks = max(1, round(frames / 2 / mean(lengths)))
    try:
        one = Pass(setting, chunks, own_steps=True)
        return one.tokens / one.alone_s()
    except torch.OutOfMemoryError:
        return None
