"""What can go wrong between a worker (or a client) and the local platform, on demand or at random.

platform.faults.add("done", "answer", status=500, times=2)   # the next two, then none
platform.faults.add("take", "lose_answer")                   # done, but the answer is lost
platform.faults.random(seed=7, rate=0.2)                     # a fifth of all worker calls
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Path = Literal["take", "done", "stream", "stop", "ping", "api"]
Kind = Literal["answer", "reset", "lose_answer", "slow", "say", "malform"]

# What a patient worker survives. 400 and 204 are harmless where a job is taken; as the answer to a
# result they would mean that it is refused for good, or that it arrived.
SURVIVABLE: dict[Path, tuple[int, ...]] = {
    "take": (204, 400, 500),
    "done": (429, 500, 502),
    "stream": (429, 500, 502),
    "stop": (204, 500),
    "ping": (400, 429, 500),
}


@dataclass
class Fault:
    """One fault: `answer` a status at once, `reset` the connection unanswered, `lose_answer` (do
    what was asked, then reset), be `slow` by `seconds` and answer as ever, `say` a `text` as JSON
    without doing anything, or `malform` a batch (`malformed`)."""

    path: Path
    kind: Kind
    status: int = 500
    seconds: float = 0.0
    times: int = 1
    job_id: str | None = None  # only for calls about this job
    text: str = ""

    def matches(self, path: str, job_id: str | None) -> bool:
        return self.times > 0 and self.path == path and self.job_id in (None, job_id)


def malformed(jobs: Sequence[object]) -> str:
    """A batch of good `jobs` among elements that are none."""
    deep = '{"id": 7, "input": ' + "[" * 5_000 + "]" * 5_000 + "}"
    bare = '{"input": {}}'
    batch = ["null", "{}", *(json.dumps(job) for job in jobs), "3", "[]", deep, bare]
    return f"[{', '.join(batch)}]"


@dataclass
class Faults:
    """The programme of faults of one platform; `fired` is what happened, in order."""

    fired: list[Fault] = field(default_factory=list)
    _programme: list[Fault] = field(default_factory=list)
    _random: random.Random | None = None
    _rate: float = 0.0
    _paths: tuple[Path, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self,
        path: Path,
        kind: Kind,
        *,
        status: int = 500,
        seconds: float = 0.0,
        times: int = 1,
        job_id: str | None = None,
        text: str = "",
    ) -> None:
        """The next `times` calls of `path` fail so; what was added first comes first."""
        with self._lock:
            self._programme.append(Fault(path, kind, status, seconds, times, job_id, text))

    def random(self, seed: int, rate: float, paths: tuple[Path, ...] = tuple(SURVIVABLE)) -> None:
        """A share `rate` of the calls of `paths` fails, each in a way a patient worker survives.

        The choices follow from `seed`; which call meets which choice depends on their order.
        """
        with self._lock:
            self._random, self._rate, self._paths = random.Random(seed), rate, paths

    def clear(self) -> None:
        """No more faults; what fired stays on record."""
        with self._lock:
            self._programme.clear()
            self._random = None

    def next(self, path: str, job_id: str | None = None) -> Fault | None:
        """The fault this call meets, if any; for the server."""
        with self._lock:
            fault = self._programmed(path, job_id) or self._drawn(path, job_id)
            if fault is not None:
                self.fired.append(fault)
            return fault

    def _programmed(self, path: str, job_id: str | None) -> Fault | None:
        for fault in self._programme:
            if fault.matches(path, job_id):
                fault.times -= 1
                return replace(fault, times=1, job_id=job_id)
        return None

    def _drawn(self, path: str, job_id: str | None) -> Fault | None:
        draw = self._random
        if draw is None or path not in self._paths or draw.random() >= self._rate:
            return None
        kinds: tuple[Kind, ...] = ("answer", "reset", "lose_answer", "slow")
        kind = draw.choice((*kinds, "malform") if path == "take" else kinds)
        status = draw.choice(SURVIVABLE[path])
        return Fault(path, kind, status, draw.uniform(0.05, 0.5), 1, job_id)
