"""One soak: jobs in, strikes and faults meanwhile, and what is left behind at the end."""

from __future__ import annotations

import contextlib
import io
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from standins.checkpoints import make_checkpoint, make_vocos
from standins.local_worker import tone, wav
from standins.platform import FINAL, Platform
from standins.s3server.faults import Fault, Kind
from standins.s3server.server import S3Server
from tools.soak.checks import After, temporary_files
from tools.soak.jobs import SoakJob, soak_jobs
from tools.soak.workers import STRUCK, Workers, two_workers

WINDOW = 24  # jobs on the platform at once
CONCURRENCY = 8
STUCK_S = 180.0
_LOOP_S = 0.05
_SAMPLE_S = 1.0
_REPORTS_LOST = 0.04  # share of the platform's answers that go wrong
_S3_FAULTS: tuple[tuple[Kind, dict[str, Any]], ...] = (
    ("answer", {"status": 503}),
    ("answer", {"status": 500, "code": "InternalError"}),
    ("drop", {}),
    ("lose_answer", {}),
    ("delay", {"seconds": 0.5}),
    ("cut", {"after": 40, "method": "GET", "contains": "voices/"}),
)
_HOSTILE = ("[null]", "{", "[3, {}]", "null")


@dataclass
class Outcome:
    """A soak that ended: what to check, and what was done to the workers."""

    after: After
    seconds: float
    counts: dict[str, int]
    faults: list[str]


@dataclass
class Soak:
    """A soak under way."""

    jobs: list[SoakJob]
    platform: Platform
    server: S3Server
    workers: Workers
    strikes: int
    draw: random.Random
    feed_until: float
    say: Callable[[str], object]
    submitted: list[SoakJob] = field(default_factory=list)
    due: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    bursts: int = 0
    _strikes_done: int = 0
    _moved_at: float = 0.0
    _events: int = -1

    def run(self) -> None:
        """Until every job has its final state.

        Raises:
            TimeoutError: nothing happens any more; names jobs that wait.
        """
        sampled_at = 0.0
        while len(self.submitted) < len(self.jobs) or self._open():
            self._feed()
            self._do_what_is_due()
            self._strike()
            self.workers.replace_dead()
            now = time.monotonic()
            if now >= sampled_at + _SAMPLE_S:
                sampled_at = now
                self._each_second()
            time.sleep(_LOOP_S)

    def _open(self) -> list[str]:
        records = self.platform.records
        return [job.job_id for job in self.submitted if records[job.job_id].status not in FINAL]

    def _feed(self) -> None:
        if time.monotonic() > self.feed_until:
            self.jobs = list(self.submitted)
        room = WINDOW - len(self._open())
        for job in self.jobs[len(self.submitted) :][: max(0, room)]:
            self.platform.submit(job.job_id, job.job_input)
            self.submitted.append(job)
            now = time.monotonic()
            if job.cancel_s is not None:
                self._later(now + job.cancel_s, self.platform.cancel, job)
            if job.again_s is not None:
                self._later(now + job.again_s, self.platform.redeliver, job)

    def _later(self, at: float, what: Callable[[str], object], job: SoakJob) -> None:
        self.due.append((at, lambda: what(job.job_id)))

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        ripe = [what for at, what in self.due if at <= now]
        self.due = [(at, what) for at, what in self.due if at > now]
        for what in ripe:
            what()

    def _strike(self) -> None:
        """Evenly over the jobs, once the worker holds some; kill -9 and SIGTERM in turn."""
        wanted = self.strikes * len(self.submitted) // max(1, len(self.jobs))
        if self._strikes_done >= wanted or not self.workers.is_ready(STRUCK):
            return
        how = "kill" if self._strikes_done % 2 == 0 else "term"
        if self.workers.strike(how):
            self._strikes_done += 1

    def _each_second(self) -> None:
        done = len(self.submitted) - len(self._open())
        self.workers.sample(done)
        events = len(self.platform.events)
        if events != self._events:
            self._events, self._moved_at = events, time.monotonic()
        if time.monotonic() > self._moved_at + STUCK_S:
            raise TimeoutError(f"nothing came for {STUCK_S:g} s; open: {self._open()[:20]}")
        self._faults()
        self.say(f"{done} of {len(self.jobs)} jobs have ended\r")

    def _faults(self) -> None:
        """S3 fails in a third of the seconds, a request or a few; the platform says nonsense."""
        if self.draw.random() < 1 / 3:
            self.bursts += 1
            kind, how = self.draw.choice(_S3_FAULTS)
            self.server.faults.add(Fault(kind, times=self.draw.randint(1, 4), **how))
        if self.draw.random() < 0.05:
            self.platform.faults.add("take", "say", text=self.draw.choice(_HOSTILE))


def soak(
    count: int,
    seed: int,
    *,
    model: str,
    strikes: int,
    feed_s: float,
    say: Callable[[str], object],
) -> Outcome:
    """Runs `count` jobs, or as many as can be begun within `feed_s` seconds.

    `model`: `tiny`, a random checkpoint that is fast, or what F5_MODEL takes.

    Raises:
        RuntimeError: a worker does not start.
        TimeoutError: the soak is stuck.
    """
    with _ground() as (folder, platform, server, bucket):
        given = _voices(server, bucket)
        jobs = soak_jobs(count, seed, wav(tone(2.0), form="FLAC"))
        platform.faults.random(seed, _REPORTS_LOST, ("take", "done", "stream", "ping"))
        env = _environment(folder, server, bucket, model)
        started = time.monotonic()
        with two_workers(platform, env, folder / "logs") as workers:
            draw = random.Random(f"faults {seed}")
            until = time.monotonic() + feed_s
            run = Soak(jobs, platform, server, workers, strikes, draw, until, say)
            run.run()
            server.faults.clear()
        return Outcome(
            _after(run, folder, bucket, given),
            time.monotonic() - started,
            {
                "jobs": len(run.jobs),
                "deliveries": sum(r.deliveries for r in platform.records.values()),
                "kill -9": workers.struck["kill"],
                "SIGTERM": workers.struck["term"],
                "jobs in flight when struck": workers.hit_in_flight,
                "bursts of S3 faults": run.bursts,
                "platform answers gone wrong": len(platform.faults.fired),
            },
            workers.faults,
        )


def _after(run: Soak, folder: Path, bucket: str, given: frozenset[str]) -> After:
    platform, server = run.platform, run.server
    records = platform.records
    return After(
        jobs=run.jobs,
        statuses={job_id: record.status for job_id, record in records.items()},
        results=platform.results,
        objects=server.contents(bucket),
        unfinished=server.uploads(bucket),
        temporary=temporary_files(folder / "temporary") + temporary_files(folder / "store"),
        samples=run.workers.samples,
        logs={path.stem: path.read_text(errors="replace") for path in folder.glob("logs/*.log")},
        orphaned=frozenset(
            job_id
            for job_id, record in records.items()
            if record.status == "CANCELLED" and (record.pod or "").startswith(STRUCK)
        ),
        given=given,
    )


@contextlib.contextmanager
def _ground() -> Iterator[tuple[Path, Platform, S3Server, str]]:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        for part in ("logs", "temporary", "store"):
            (folder / part).mkdir()
        server, platform = S3Server().start(), Platform()
        stack.callback(server.stop)
        stack.callback(platform.close)
        yield folder, platform, server, server.make_bucket()


def _voices(server: S3Server, bucket: str) -> frozenset[str]:
    """Puts the voices that jobs name into the bucket; returns all keys."""
    for name, data in {
        "Dorota.wav": wav(),
        "Dorota.txt": b"This is what Dorota says.",
        "Robert.mp3": _encoded(tone(4.0, hertz=110.0), "MP3"),
        "Robert.txt": b"And this is what Robert has to say.",
        "longest.flac": _encoded(np.tile(np.pad(tone(2.5), (0, 12000)), 90), "FLAC"),
        "longest.srt": b"1\n00:00:00,000 --> 00:00:02,500\nThe first words.\n\n"
        b"2\n00:00:03,000 --> 00:00:05,500\nThe second words.\n",
        "broken.mp3": _damaged(_encoded(tone(4.0), "MP3")),
        "no-words.wav": wav(),
    }.items():
        server.put_raw(bucket, f"voices/{name}", data)
    return frozenset(server.raw_keys(bucket))


def _encoded(samples: np.ndarray, form: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, 24000, format=form)
    return file.getvalue()


def _damaged(data: bytes) -> bytes:
    """An mp3 of which nothing can be heard, and about which libmpg123 has a lot to say."""
    damaged = bytearray(data)
    damaged[200:] = bytes((7 * i) % 251 for i in range(len(damaged) - 200))
    return bytes(damaged)


def _environment(folder: Path, server: S3Server, bucket: str, model: str) -> dict[str, str]:
    if model == "tiny":
        made = folder / "models" / "tiny"
        make_checkpoint(made)
        make_vocos(made / "vocos")
        model = str(made)
    return {
        **server.env,
        "S3_BUCKET": bucket,
        "S3_URL_KIND": "presigned",
        "LOCAL_STORAGE_DIR": str(folder / "store"),
        "TMPDIR": str(folder / "temporary"),
        "F5_MODEL": model,
        "F5_MODELS_DIR": str(folder / "models"),
        "F5_THREADS": "1",
        "MAX_CONCURRENCY": str(CONCURRENCY),
        "DRAIN_GRACE_S": "60",
        "PROGRESS_INTERVAL_S": "0.5",
        "LOG_FORMAT": "json",
    }
