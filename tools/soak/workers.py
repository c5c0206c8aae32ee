"""The workers of a soak: one that lives throughout, and one that is killed and replaced."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from standins.forked import Process
from standins.platform import FINAL, Platform, worker

LEFT_ALONE, STRUCK = "steady", "struck"


@dataclass(frozen=True)
class Sample:
    """What a worker process had at one moment, `jobs` of all after the start of the soak."""

    jobs: int
    rss_bytes: int
    descriptors: int
    threads: int


@dataclass
class Running:
    """A worker process that the soak started."""

    pod: str
    process: Process
    log: Path
    closing: contextlib.ExitStack
    ended_on_purpose: bool = False


@dataclass
class Workers:
    """Two workers on one platform and bucket; `env` is theirs beside what the platform sets."""

    platform: Platform
    env: Mapping[str, str]
    folder: Path
    samples: list[Sample] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=lambda: {"kill": 0, "term": 0})
    hit_in_flight: int = 0
    faults: list[str] = field(default_factory=list)
    running: dict[str, Running] = field(default_factory=dict)
    _started: int = 0

    def start(self, name: str) -> None:
        """Starts the worker `name`, under the id of a fresh pod."""
        self._started += 1
        pod = f"{name}-{self._started}"
        stack = contextlib.ExitStack()
        log = self.folder / f"{pod}.log"
        env = {**self.env, "RUNPOD_POD_ID": pod}
        process = stack.enter_context(worker(self.platform, env, log, genuine=True))
        self.running[name] = Running(pod, process, log, stack)

    def is_ready(self, name: str) -> bool:
        """Whether it has asked for jobs."""
        return name in self.running and self.running[name].pod in self.platform.pods

    def strike(self, how: str) -> int:
        """Ends the struck worker with kill -9 (`kill`) or SIGTERM (`term`) if it holds jobs.

        Returns how many it held.
        """
        target = self.running[STRUCK]
        held = len(self._held(target.pod))
        if not held or target.ended_on_purpose:
            return 0
        target.ended_on_purpose = True
        os.kill(target.process.pid, signal.SIGKILL if how == "kill" else signal.SIGTERM)
        self.struck[how] += 1
        self.hit_in_flight += held
        return held

    def replace_dead(self) -> None:
        """Hands the jobs of a worker that ended out again, and starts another one."""
        for name, ended in list(self.running.items()):
            code = ended.process.poll()
            if code is None:
                continue
            if not ended.ended_on_purpose:
                self.faults.append(f"worker {ended.pod} ended by itself with exit code {code}")
            ended.closing.close()
            del self.running[name]
            self.redeliver(ended.pod)
            self.start(name)

    def redeliver(self, pod: str) -> None:
        """As RunPod does with the jobs of a worker that is gone."""
        for job_id in self._held(pod):
            self.platform.redeliver(job_id)

    def sample(self, jobs: int) -> None:
        """Notes what the worker that is left alone takes now."""
        if not self.is_ready(LEFT_ALONE):
            return
        folder = Path("/proc") / str(self.running[LEFT_ALONE].process.pid)
        with contextlib.suppress(OSError, ProcessLookupError):
            facts = dict(
                line.split(":", 1) for line in (folder / "status").read_text().splitlines()
            )
            rss = int(facts["VmRSS"].split()[0]) << 10
            descriptors = len(list((folder / "fd").iterdir()))
            self.samples.append(Sample(jobs, rss, descriptors, int(facts["Threads"])))

    def end(self) -> None:
        """SIGTERM for all; they finish what they hold."""
        for ended in self.running.values():
            ended.ended_on_purpose = True
            ended.process.terminate()
        for ended in self.running.values():
            ended.closing.close()
        self.running.clear()

    def _held(self, pod: str) -> list[str]:
        with self.platform.arrived:
            return [
                job_id
                for job_id, record in self.platform.records.items()
                if record.pod == pod and record.status not in FINAL and record.status != "IN_QUEUE"
            ]


@contextlib.contextmanager
def two_workers(platform: Platform, env: Mapping[str, str], folder: Path) -> Iterator[Workers]:
    """Both workers, ready.

    Raises:
        RuntimeError: one does not get ready; with the end of its log.
    """
    workers = Workers(platform, env, folder)
    try:
        for name in (LEFT_ALONE, STRUCK):
            workers.start(name)
        for name in (LEFT_ALONE, STRUCK):
            while not workers.is_ready(name):
                running = workers.running[name]
                if running.process.poll() is not None:
                    raise RuntimeError(f"no worker:\n{running.log.read_text()[-2000:]}")
                time.sleep(0.05)
        yield workers
    finally:
        workers.end()
