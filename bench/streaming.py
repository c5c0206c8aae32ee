"""Time to the first audio of a job with `stream`: its first chunk a clause, or as long as others.

Whole jobs on a worker in this process with local storage, the demo checkpoint on the CPU and the
bundled voice; the clock starts with the job and stops with the stream's first piece. Both ways in
turn, medians.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from collections.abc import Mapping
from statistics import median
from typing import Any

from worker.jobs import plan

ROUNDS = 3
NFE = 7
TEXTS = {
    "a sentence": "When the rain had stopped at last, we walked down to the river and looked for "
    "the old boat that used to lie there.",
    "a paragraph": "The museum opens at ten, and most visitors come before noon. On the first "
    "floor, you will find the paintings that were given to the city a hundred years ago. Nobody "
    "knows who made them, but everyone has a favourite. Children like the horses best, and so do "
    "I.",
}


class FirstPiece:
    """Takes a stream's pieces, as the platform does, and notes when the first came."""

    streams = True

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self.after_s = 0.0

    def progress(self, update: Mapping[str, Any]) -> None:
        """Not looked at."""

    def chunk(self, piece: Mapping[str, Any]) -> None:
        """Notes the first."""
        self.after_s = self.after_s or time.perf_counter() - self._begun


def run() -> dict[str, Any]:
    """Seconds to the first piece and to the whole result, by text and way."""
    from standins.local_worker import Worker

    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as directory:
        worker = Worker(
            {
                "STORAGE_MODE": "local",
                "LOCAL_STORAGE_DIR": directory,
                "F5_DEVICE": "cpu",
                "RESUME": "false",
            }
        )
        worker.app.model_ready()
        for name, text in TEXTS.items():
            taken: dict[str, list[tuple[float, float, int]]] = {"a clause": [], "as others": []}
            for number in range(ROUNDS):
                for way, opening_s in (("a clause", plan.OPENING_S), ("as others", math.inf)):
                    taken[way].append(_spoken(worker, text, number, opening_s))
            found[name] = {
                way: {
                    "first_audio_s": round(median(first for first, _, _ in times), 2),
                    "whole_s": round(median(whole for _, whole, _ in times), 2),
                    "chunks": times[0][2],
                }
                for way, times in taken.items()
            }
        worker.close()
    return found


def _spoken(worker: Any, text: str, seed: int, opening_s: float) -> tuple[float, float, int]:
    """Seconds to the first piece and to the answer, and chunks, of one job."""
    usual, plan.OPENING_S = plan.OPENING_S, opening_s
    try:
        first = FirstPiece()
        started = time.perf_counter()
        job = {"text": text, "stream": True, "nfe_step": NFE, "seed": seed}
        answer = asyncio.run(worker.runner.handle({"id": "stream", "input": job}, first))
        whole = time.perf_counter() - started
    finally:
        plan.OPENING_S = usual
    return first.after_s, whole, answer["metrics"]["chunks"]
