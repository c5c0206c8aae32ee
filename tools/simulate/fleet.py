"""The endpoint: a queue, workers that start and stop, RunPod's two scalers.

From RunPod's documentation (docs.runpod.io, runpod/docs a900806, 2026-08-20): the defaults below;
queue delay "adds workers when requests wait longer than the threshold"; request count wants
ceil((queued + in progress) / value) workers; a worker stops after the idle timeout and is billed
from start to stop, start-up and idle time included, by whole seconds; FlashBoot revives a worker
that stopped before faster.

ASSUMPTIONS where the documentation is silent: the first job of an endpoint without workers starts
one at once; queue delay starts enough workers to hold the jobs that are late, not counting those
that start already; a free worker takes the next job at once, the least busy first; FlashBoot works
for `flashboot_window_s` after a stop.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tools.simulate.load import Floats, Jobs
from tools.simulate.service import ServiceModel

Scaler = Literal["queue_delay", "request_count"]


@dataclass(frozen=True)
class FleetConfig:
    """An endpoint's settings; times in seconds, `concurrency` in jobs a worker holds at once."""

    min_workers: int = 0
    max_workers: int = 3
    concurrency: int = 32
    scaler: Scaler = "queue_delay"
    scaler_value: float = 4.0
    idle_timeout_s: float = 5.0
    cold_start_s: float = 15.0
    flashboot_s: float = 2.0
    flashboot_window_s: float = 600.0


@dataclass(eq=False)
class Worker:
    """A started worker; `waiting` and `running` are indices of jobs, `held` counts its slots."""

    started: float
    ready: bool = False
    stopped: float | None = None
    waiting: list[int] = field(default_factory=list)
    running: list[int] = field(default_factory=list)
    held: int = 0
    busy_s: float = 0.0
    idle_since: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What happened: per job when it was `taken` by a worker and `done` (seconds); per worker when
    it `started`, `stopped` and how long it was `busy_s`; `cold` and `revived` count start-ups.
    `end` is when the last job was done, or the load's end if later: active workers run until then.
    """

    jobs: Jobs
    taken: Floats
    done: Floats
    started: Floats
    stopped: Floats
    busy_s: Floats
    cold: int
    revived: int
    end: float

    @property
    def billed_s(self) -> float:
        """Seconds paid for: whole seconds of every worker, from start to stop."""
        return float(np.ceil(self.stopped - self.started - 1e-9).sum())


def simulate(jobs: Jobs, fleet: FleetConfig, service: ServiceModel) -> Outcome:
    """Runs all jobs to their end, and the workers to their idle timeout."""
    return _Endpoint(jobs, fleet, service).run()


class _Endpoint:
    def __init__(self, jobs: Jobs, fleet: FleetConfig, service: ServiceModel) -> None:
        self.jobs, self.fleet, self.service = jobs, fleet, service
        self.now = 0.0
        self.taken = np.full(len(jobs), np.nan)
        self.done = np.full(len(jobs), np.nan)
        self.queue: deque[int] = deque()
        self.late: set[int] = set()  # queued jobs beyond the scaler's threshold
        self.in_progress = 0
        self.workers: list[Worker] = []
        self.stopped: list[Worker] = []
        self.parked: list[float] = []  # when workers stopped that FlashBoot may revive
        self.cold = self.revived = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def run(self) -> Outcome:
        for _ in range(self.fleet.min_workers):
            self.workers.append(Worker(0.0, ready=True))
        if len(self.jobs):
            self._at(float(self.jobs.arrivals[0]), lambda: self._arrive(0))
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()
        return self._outcome()

    def _at(self, time: float, event: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (time, self._count, event))

    # Jobs

    def _arrive(self, job: int) -> None:
        if job + 1 < len(self.jobs):
            self._at(float(self.jobs.arrivals[job + 1]), lambda: self._arrive(job + 1))
        self.queue.append(job)
        self._dispatch()
        if self.fleet.scaler == "queue_delay":
            self._at(self.now + self.fleet.scaler_value, lambda: self._overdue(job))
        self._scale()

    def _overdue(self, job: int) -> None:
        if math.isnan(self.taken[job]):
            self.late.add(job)
            self._scale()

    def _dispatch(self) -> None:
        """Hands queued jobs to workers with a free slot, then starts passes."""
        while self.queue:
            free = [w for w in self.workers if w.ready and w.held < self.fleet.concurrency]
            if not free:
                break
            self._take(min(free, key=lambda w: w.held))
        for worker in self.workers:
            if worker.waiting and not worker.running:
                self._start_pass(worker)

    def _take(self, worker: Worker) -> None:
        job = self.queue.popleft()
        self.late.discard(job)
        self.taken[job] = self.now
        worker.waiting.append(job)
        worker.held += 1
        self.in_progress += 1

    def _start_pass(self, worker: Worker) -> None:
        worker.running, worker.waiting = worker.waiting, []
        audio_s = float(self.jobs.audio_s[worker.running].sum())
        took = self.service.pass_s(len(worker.running), audio_s)
        worker.busy_s += took
        self._at(self.now + took, lambda: self._end_pass(worker))

    def _end_pass(self, worker: Worker) -> None:
        finished, worker.running = worker.running, []
        # Encoding and upload of the jobs of a pass run side by side, beside the next pass.
        self._at(self.now + self.service.overhead_s, lambda: self._finish(worker, finished))
        if worker.waiting:
            self._start_pass(worker)

    def _finish(self, worker: Worker, finished: list[int]) -> None:
        self.done[finished] = self.now
        worker.held -= len(finished)
        self.in_progress -= len(finished)
        self._dispatch()
        self._watch_idle(worker)

    # Workers

    def _scale(self) -> None:
        """Starts as many workers as the scaler wants; stopping is the idle timeout's."""
        wanted = self._missing()
        for _ in range(min(wanted, self.fleet.max_workers - len(self.workers))):
            self._start_worker()

    def _missing(self) -> int:
        if self.queue and not self.workers:
            return 1
        if self.fleet.scaler == "request_count":
            pending = len(self.queue) + self.in_progress
            return max(0, math.ceil(pending / self.fleet.scaler_value) - len(self.workers))
        starting = sum(not w.ready for w in self.workers)
        return max(0, math.ceil(len(self.late) / self.fleet.concurrency) - starting)

    def _start_worker(self) -> None:
        worker = Worker(self.now)
        self.workers.append(worker)
        since = self.parked.pop() if self.parked else -math.inf
        if self.now - since <= self.fleet.flashboot_window_s:
            self.revived += 1
            delay = min(self.fleet.flashboot_s, self.fleet.cold_start_s)
        else:
            self.cold += 1
            delay = self.fleet.cold_start_s
        self._at(self.now + delay, lambda: self._ready(worker))

    def _ready(self, worker: Worker) -> None:
        worker.ready = True
        self._dispatch()
        self._watch_idle(worker)

    def _watch_idle(self, worker: Worker) -> None:
        if worker.held == 0:
            since = worker.idle_since = self.now
            self._at(self.now + self.fleet.idle_timeout_s, lambda: self._idle(worker, since))

    def _idle(self, worker: Worker, since: float) -> None:
        still_idle = worker.held == 0 and worker.idle_since == since and worker.stopped is None
        if still_idle and len(self.workers) > self.fleet.min_workers:
            worker.stopped = self.now
            self.workers.remove(worker)
            self.stopped.append(worker)
            self.parked.append(self.now)

    def _outcome(self) -> Outcome:
        end = max(self.jobs.seconds, float(self.done.max(initial=0.0)))
        for worker in self.workers:
            worker.stopped = end
        everyone = self.stopped + self.workers
        return Outcome(
            jobs=self.jobs,
            taken=self.taken,
            done=self.done,
            started=np.array([w.started for w in everyone]),
            stopped=np.array([w.stopped for w in everyone], dtype=np.float64),
            busy_s=np.array([w.busy_s for w in everyone]),
            cold=self.cold,
            revived=self.revived,
            end=end,
        )
