"""One inference thread that takes the chunks of all running jobs through the model together.

Continuous batching: between two steps finished and cancelled chunks leave, and waiting ones are
admitted while the frame budget allows it, whatever their schedule, in the order of
`engine.fairness`: every job's first audio comes early, and long and short texts do not delay each
other. On a GPU finished waveforms are copied out and checked while the next step runs. When a
device runs out of memory half of the chunks are set aside at the step they have reached, and the
budget shrinks for a while; only a single chunk that does not fit fails. After an overflow another
format is loaded.
"""

from __future__ import annotations

import gc
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import lru_cache, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.batched import BatchedChunk, Failures, ended, fail, no_number, resolve
from engine.chunk import Chunk, SpokenChunk
from engine.dit.model import DiT
from engine.fairness import Turns
from engine.memory import FrameBudget, ran_out
from engine.meter import Clock, Meter
from engine.pace import Pace
from engine.precision import overflow_warning
from engine.sampler import Flow, PreparedSchedule, Schedule
from engine.transfer import Copies
from engine.vocoder.load import Vocoder

log = logging.getLogger("f5worker.batcher")

_SCHEDULES_KEPT = 8


class Batcher:
    """Owns the model on its device; everything that touches it runs on one thread. `max_frames`:
    frames of one pass, both guidance branches counted; fewer for a while after out-of-memory.
    `join`: when waiting chunks are admitted: between steps ("step"), or only when none is under way
    ("batch"); "auto" is "step" on a GPU and "batch" on a CPU (docs/engine.md). `ahead`: whether the
    next step is launched before finished waveforms are copied out and checked; None: with CUDA.
    `wider` loads the model for after an overflow."""

    def __init__(
        self,
        model: DiT,
        vocoder: Vocoder,
        *,
        max_frames: int,
        join: str = "auto",
        ahead: bool | None = None,
        wider: Callable[[], DiT] | None = None,
    ) -> None:
        self.vocoder = vocoder
        self._budget = FrameBudget(max_frames)
        on_cpu = model.device.type == "cpu"
        self.join = ("batch" if on_cpu else "step") if join == "auto" else join
        self.ahead = model.device.type == "cuda" if ahead is None else ahead
        self._inbox: queue.SimpleQueue[list[BatchedChunk] | None] = queue.SimpleQueue()
        self._turns = Turns()
        self.clock = Clock()
        self._waiting: list[BatchedChunk] = []
        self._running: list[BatchedChunk] = []
        self._spoken: list[tuple[list[BatchedChunk], Copies]] = []
        self._closing = self._closed = False  # for the thread, and for those who submit
        self._lock = threading.Lock()
        self._wider = wider
        self._run_on(model)
        self._failures = Failures(model.device)
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._thread.start()

    @property
    def max_frames(self) -> int:
        """Frames that a pass may hold now."""
        return self._budget.frames

    @max_frames.setter
    def max_frames(self, most: int) -> None:
        self._budget = FrameBudget(most)

    def submit(self, chunk: Chunk, cond: Tensor) -> Future[SpokenChunk]:
        """Queues the only chunk of a job, see `submit_job`."""
        return self.submit_job([(chunk, cond)])[0]

    def submit_job(
        self, chunks: Sequence[tuple[Chunk, Tensor]], meter: Meter | None = None
    ) -> list[Future[SpokenChunk]]:
        """Queues the chunks of one job in speaking order, each with (reference frames, mel_dim) the
        mel of its voice. Their futures can be cancelled at any time. `meter` counts what they
        take. Raises InferenceFailed: the batcher was closed."""
        batched = [BatchedChunk(chunk, cond, meter=meter) for chunk, cond in chunks]
        with self._lock:
            if self._closed:
                raise ended()
            if batched:
                self._inbox.put(batched)
        return [one.future for one in batched]

    @property
    def frames_in_pass(self) -> int:
        """Frames of the pass under way; asked from any thread."""
        return sum(one.pass_frames for one in tuple(self._running))

    def close(self) -> None:
        """Finishes what has begun and stops the thread; other chunks fail."""
        with self._lock:
            self._closed = True
            self._inbox.put(None)
        self._thread.join()

    def _run_on(self, model: DiT) -> None:
        self.model = model
        self._flow = Flow(model)
        self._pace = Pace(model.device)
        self._prepared = lru_cache(_SCHEDULES_KEPT)(partial(PreparedSchedule.of, model))

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            try:
                if goes_on := self._receive():
                    self._turn()
            except Exception as exc:  # else whoever waits would wait for ever
                lost = [batched for finished, _ in self._spoken for batched in finished]
                lost += self._running + self._waiting
                self._spoken, self._running, self._waiting = [], [], []
                self._flow = Flow(self.model)
                self._failures.all(lost, exc)

    def _turn(self) -> None:
        """One step of all that runs, and what is due between two steps."""
        if self.join == "step" or not self._running:
            self._admit()
        if now := list(self._running):
            self._step()
            self.clock.charge(now)
        self._hand_over()
        finished = [b for b in self._running if b.trajectory and b.trajectory.done]
        for batched in finished:
            self._leave(batched)
        self._decode(finished)
        self.clock.charge(finished)
        if not self.ahead:
            self._hand_over()

    def _receive(self) -> bool:
        """Takes in new chunks, blocking when there is nothing to do; False when closed and idle."""
        idle = not self._busy
        while not self._inbox.empty() or not (self._busy or self._closing):
            job = self._inbox.get()
            if job is None:
                self._closing = True
            else:
                self._enter(job)
        if idle:
            self.clock.begin()
        self._waiting = [batched for batched in self._waiting if not batched.future.cancelled()]
        for batched in [batched for batched in self._running if batched.future.cancelled()]:
            self._leave(batched)
        if self._closing:  # what waits in the middle, out of memory or overflown, is still finished
            fail([batched for batched in self._waiting if not batched.started], ended())
            self._waiting = [batched for batched in self._waiting if batched.started]
        return self._busy or not self._closing

    @property
    def _busy(self) -> bool:
        return bool(self._running or self._spoken or self._waiting)

    def _enter(self, job: list[BatchedChunk]) -> None:
        for batched, due in zip(job, self._turns.due([one.work for one in job]), strict=True):
            batched.due = due
        self._waiting += job

    def _admit(self) -> None:
        """Starts waiting chunks in the order they are due, as many as fit; at least one."""
        self._waiting.sort(key=lambda batched: batched.due)
        room = self.max_frames - sum(batched.pass_frames for batched in self._running)
        while self._waiting and (self._waiting[0].pass_frames <= room or not self._running):
            batched = self._waiting.pop(0)
            try:
                self._begin(batched)
            except Exception as exc:  # the thread must outlive any one chunk
                if self._running and ran_out(exc):
                    self._waiting.insert(0, batched)
                    return
                self._failures.one(batched, exc)
            else:
                room -= batched.pass_frames

    def _begin(self, batched: BatchedChunk) -> None:
        batched.started = batched.started or time.perf_counter()
        if batched.trajectory is None:
            parameters = batched.chunk.parameters
            steps = self._prepared(Schedule(parameters.nfe_step, parameters.sway_sampling_coef))
            batched.trajectory = batched.noise(self._flow, steps)
        self._flow.admit(batched.trajectory)
        self._running.append(batched)

    def _leave(self, batched: BatchedChunk) -> None:
        assert batched.trajectory is not None
        self._running.remove(batched)
        self._flow.leave(batched.trajectory)

    def _step(self) -> None:
        try:
            self._flow.step()
        except Exception as exc:  # the thread must outlive any one pass
            if not ran_out(exc):
                failed, self._running, self._flow = self._running, [], Flow(self.model)
                self._failures.all(failed, exc)
                return
        else:
            self._failures.step_went_well()
            self._budget.went_well()
            self._pace.launched()
            self._turns.served += sum(batched.pass_frames for batched in self._running)
            return
        self._make_room()  # here the error, and with it what the pass has made, is gone

    def _make_room(self) -> None:
        """After out-of-memory: half of the chunks wait, at the step they have reached."""
        if self.model.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(self._running) == 1:
            alone = self._running[0]
            self._leave(alone)
            self._failures.too_large(alone)
            return
        self._budget.halve(self.frames_in_pass)
        for batched in self._running[len(self._running) // 2 :]:
            self._leave(batched)
            self._waiting.append(batched)

    def _decode(self, finished: list[BatchedChunk]) -> None:
        """Turns finished mels into waveforms, fewer at a time where that fails."""
        if not finished:
            return
        try:
            waves = self.vocoder([batched.new_speech for batched in finished])
            self._spoken.append((finished, Copies(waves)))
            return
        except Exception as exc:  # the thread must outlive any one batch
            if len(finished) == 1:
                return self._failures.one(finished[0], exc)
        # One of them may be what is wrong. Not in the handler: the error holds memory.
        self._decode(finished[: len(finished) // 2])
        self._decode(finished[len(finished) // 2 :])

    def _hand_over(self) -> None:
        """Gives out what the vocoder has made; on a GPU that has been copied meanwhile."""
        spoken, self._spoken = self._spoken, []
        made: list[tuple[BatchedChunk, NDArray[np.float32]]] = []
        for finished, copies in spoken:
            try:
                made += zip(finished, copies.arrays(), strict=True)
            except Exception as exc:  # the thread must outlive any one batch
                self._failures.all(finished, exc)
        # Before they are given out: a job reads then what it took.
        self.clock.charge([*(batched for batched, _ in made), *self._running])
        self._restart_or_fail([batched for batched, wave in made if not resolve(batched, wave)])

    def _restart_or_fail(self, broken: Sequence[BatchedChunk]) -> None:
        """Of chunks that are no number: they begin again if the number format may be why."""
        sound = [batched for batched in broken if batched.cond.isfinite().all()]
        if sound and self._wider is not None:
            self._widen(self._wider, sound)
            broken = [batched for batched in broken if batched not in sound]
        fail(broken, no_number())

    def _widen(self, load: Callable[[], DiT], broken: list[BatchedChunk]) -> None:
        """After an overflow: `broken` chunks and all that have begun start over, wider."""
        again = broken + self._running + [b for b in self._waiting if b.trajectory is not None]
        self._waiting = [batched for batched in self._waiting if batched not in again]
        self._running, self._flow = [], Flow(self.model)
        try:
            self._run_on(load())
        except Exception as exc:  # the thread must outlive it
            self._failures.all(again, exc)
            return
        self._wider = None
        gc.collect()  # graphs and their model hold each other: its memory would stay taken
        warning = overflow_warning(self.model.input_x.dtype)
        log.warning("%s %d chunks start over.", warning, len(again))
        for batched in again:
            batched.trajectory, batched.warnings = None, (warning,)
        self._waiting += again
