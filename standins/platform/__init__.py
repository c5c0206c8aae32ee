"""A local RunPod platform: the HTTP endpoints the genuine SDK worker loop and clients talk to.

`Platform` is one endpoint's queue and results: what arrives is kept, jobs can be cancelled and
redelivered, faults injected (`standins/platform/faults.py`). `standins/platform/http.py` serves
it on loopback, to workers (job-take, job-take-batch, job-done, job-stream, job-stop, ping) and to
clients (`standins/platform/api.py`, as api.runpod.ai/v2). `worker(...)` starts `handler.py` as a
process with the environment variables RunPod sets, so the SDK's own loop takes the jobs.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from standins.forked import ROOT as ROOT
from standins.forked import Process, start, start_genuine
from standins.platform.batch import Batch
from standins.platform.faults import Faults
from standins.platform.limits import Sightings
from standins.platform.records import FINAL as FINAL
from standins.platform.records import Event, Record
from standins.waiting import PATIENCE_S

# Only what any process has; the tests add what they mean to set.
_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONHASHSEED", "OMP_NUM_THREADS")
_POLL_S = 0.02


class Platform:
    """The platform's side of one endpoint."""

    endpoint_id, api_key = "endpoint-1", "client-key"
    pages = ""  # the origin whose pages may ask (CORS); "": none, and RunPod does not say which

    def __init__(self) -> None:
        from standins.platform.http import serve

        self.jobs: queue.Queue[dict[str, Any]] = queue.Queue()
        self.stops: queue.Queue[str] = queue.Queue()
        self.results: dict[str, list[dict[str, Any]]] = {}
        self.progress: dict[str, list[Any]] = {}
        self.stream: dict[str, list[dict[str, Any]]] = {}
        self.events: list[Event] = []
        self.pings: list[dict[str, list[str]]] = []
        self.records: dict[str, Record] = {}
        self.pods: dict[str, float] = {}  # when each last asked for a job
        self.faults = Faults()
        self.sightings = Sightings()  # its `lost_after_s` makes the platform redeliver by itself
        self.refused: list[tuple[str, str, int]] = []  # posts too large: kind, job, bytes
        self.batches: dict[str, Batch] = {}
        self.busy = False  # no worker is free: jobs stay in the queue until it is
        self.policy_speed = 1.0  # of time-outs and pauses, against the clock
        self.arrived = threading.Condition(threading.RLock())  # guards everything above
        self._server = serve(self)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def api(self) -> str:
        """What a client uses in place of https://api.runpod.ai/v2."""
        return f"{self.base}/v2"

    def submit(self, job_id: str, job_input: object) -> None:
        with self.arrived:
            now = time.monotonic()
            record = self.records.setdefault(job_id, Record(job_id, job_input, now))
            if record.status not in FINAL:
                record.status = "IN_QUEUE"
            self.jobs.put({"id": job_id, "input": job_input})

    def redeliver(self, job_id: str) -> None:
        """Gives the same job out again, as after the death of its worker."""
        self.submit(job_id, self.records[job_id].job_input)

    def cancel(self, job_id: str, status: str = "CANCELLED") -> None:
        """Takes the job out of the queue, or tells its worker to stop it."""
        with self.arrived:
            record = self.records[job_id]
            if record.status not in FINAL:
                record.status, record.done_at = status, time.monotonic()
                if not self._unqueue(lambda waiting: waiting == job_id):
                    self.stops.put(job_id)
                self.arrived.notify_all()

    def purge(self) -> int:
        """Cancels every waiting job; returns how many."""
        with self.arrived:
            removed = self._unqueue(lambda _: True)
            for job_id in removed:
                self.records[job_id].status = "CANCELLED"
                self.records[job_id].done_at = time.monotonic()
            self.arrived.notify_all()
            return len(removed)

    def result(self, job_id: str, nth: int = 0) -> dict[str, Any]:
        """The job's final result (or its `nth` repetition); fails the test when none comes."""
        self.wait_for(lambda: len(self.results.get(job_id, ())) > nth, f"a result for {job_id}")
        return self.results[job_id][nth]

    def wait_until_held(self, job_id: str) -> None:
        """Until the worker itself names the job (in a ping): from then on it can be stopped.

        A signal that overtakes the answer the job comes with is lost on the SDK.
        """
        self.wait_for(
            lambda: any(
                job_id in ids.split(",") for ping in self.pings for ids in ping.get("job_id", ())
            ),
            f"a ping about {job_id}",
        )

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        """Until `condition`, checked whenever something arrives; else fails the test."""
        with self.arrived:
            came = self.arrived.wait_for(condition, PATIENCE_S)
        assert came, f"not in {PATIENCE_S:g} s: {what}"

    def environment(self) -> dict[str, str]:
        """What RunPod sets in a worker's environment."""
        return {
            "RUNPOD_WEBHOOK_GET_JOB": f"{self.base}/job-take/$ID?gpu=test",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{self.base}/job-done/$RUNPOD_POD_ID/$ID?gpu=test",
            "RUNPOD_WEBHOOK_POST_STREAM": f"{self.base}/job-stream/$RUNPOD_POD_ID/$ID?gpu=test",
            "RUNPOD_WEBHOOK_PING": f"{self.base}/ping/$RUNPOD_POD_ID",
            "RUNPOD_AI_API_KEY": "test-key",
            "RUNPOD_POD_ID": "pod-1",
            "RUNPOD_ENDPOINT_ID": self.endpoint_id,
            "RUNPOD_PING_INTERVAL": "1000",
            # The SDK's own checks want the internet and 10 % of free disk.
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # -- what the HTTP server calls ------------------------------------------------------------

    def take(
        self, pod: str, count: int, alive: Callable[[], bool], wait_s: float = 1.0
    ) -> list[dict[str, Any]]:
        """Up to `count` jobs for a worker that is still listening; waits for the first."""
        deadline = time.monotonic() + wait_s
        while True:
            with self.arrived:
                now = self.pods[pod] = time.monotonic()
                for job_id in self.sightings.lost(self.records, now):
                    self.redeliver(job_id)
                free = self.jobs.qsize() and not self.busy and alive()
                taken = self._taken(pod, count) if free else []
            if taken or now >= deadline:
                return taken
            time.sleep(_POLL_S)

    def untake(self, jobs: list[dict[str, Any]]) -> None:
        """The jobs of an answer that got lost go back to the head of the queue."""
        with self.arrived, self.jobs.mutex:
            for job in reversed(jobs):
                self.records[job["id"]].status = "IN_QUEUE"
                self.jobs.queue.appendleft(job)

    def stop_signals(self, pod: str, alive: Callable[[], bool], wait_s: float = 2.0) -> list[str]:
        """Jobs this worker should stop; waits for the first. Others' signals stay."""
        deadline = time.monotonic() + wait_s
        while True:
            with self.arrived, self.stops.mutex:
                mine = [i for i in self.stops.queue if self._pod_of(i) in (None, pod)]
                if mine and alive():
                    for job_id in mine:
                        self.stops.queue.remove(job_id)
                    return mine
            if time.monotonic() >= deadline:
                return []
            time.sleep(_POLL_S)

    def done(self, job_id: str, body: dict[str, Any], is_stream: bool) -> None:
        """A worker's progress or result. The first result counts; every one is kept."""
        now = time.monotonic()
        with self.arrived:
            record = self.records.get(job_id)
            if body.get("status") == "IN_PROGRESS":
                self.events.append(Event("progress", job_id, body, now, is_stream))
                self.progress.setdefault(job_id, []).append(body["output"])
                if record and record.status not in FINAL:
                    record.output = body["output"]
            else:
                self.events.append(Event("final", job_id, body, now, is_stream))
                self.results.setdefault(job_id, []).append(body)
                if record and record.status not in FINAL:
                    record.status = "FAILED" if body.get("error") else "COMPLETED"
                    record.output, record.error = body.get("output"), body.get("error")
                    record.done_at = now
            self.arrived.notify_all()

    def streamed(self, job_id: str, body: dict[str, Any], is_stream: bool) -> None:
        """A piece of a job's stream."""
        with self.arrived:
            self.events.append(Event("stream", job_id, body, time.monotonic(), is_stream))
            self.stream.setdefault(job_id, []).append(body)
            self.arrived.notify_all()

    def pinged(self, query: dict[str, list[str]]) -> None:
        with self.arrived:
            self.pings.append(query)
            self.sightings.saw(query.get("job_id", [""])[0].split(","), time.monotonic())
            self.arrived.notify_all()

    def _taken(self, pod: str, count: int) -> list[dict[str, Any]]:
        taken: list[dict[str, Any]] = []
        while len(taken) < count and self.jobs.qsize():
            job = self.jobs.get_nowait()
            record = self.records.setdefault(
                job["id"], Record(job["id"], job["input"], time.monotonic())
            )
            record.pod, record.deliveries = pod, record.deliveries + 1
            record.taken_at = record.taken_at or time.monotonic()
            if record.status not in FINAL:
                record.status = "IN_PROGRESS"
            taken.append(job)
            self.sightings.saw([job["id"]], time.monotonic())
        self.arrived.notify_all()
        return taken

    def _unqueue(self, wanted: Callable[[str], bool]) -> list[str]:
        with self.jobs.mutex:
            removed = [job for job in self.jobs.queue if wanted(job["id"])]
            for job in removed:
                self.jobs.queue.remove(job)
        return [job["id"] for job in removed]

    def _pod_of(self, job_id: str) -> str | None:
        record = self.records.get(job_id)
        return record.pod if record else None


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """A clean environment with `extra` on top."""
    return {k: os.environ[k] for k in _PASSED_ON if k in os.environ} | dict(extra)


@contextmanager
def worker(
    platform: Platform,
    env: Mapping[str, str],
    log: Path,
    program: str = "handler.py",
    *,
    genuine: bool = False,
) -> Iterator[Process]:
    """A worker process of the repository, logging to `log`; ended with the block.

    A `genuine` one is `python handler.py` from its first line; the others begin with the libraries
    imported (`standins/forked.py`), which is most of what a start costs.
    """
    with log.open("wb") as stream:
        process: Process = (start_genuine if genuine else start)(
            [program],
            environment({**platform.environment(), **env}),
            stdout=stream,
            new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_S)
            with contextlib.suppress(ProcessLookupError):
                # Whatever is left; also the SDK's ping process, which outlives a worker's kill -9.
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
