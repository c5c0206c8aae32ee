"""How long a worker takes: GPU seconds per second of speech, by jobs sharing a pass.

`engine.batcher` runs one pass at a time over every chunk that waits, and all jobs of a pass end
with it. So a pass over `n` jobs with `audio_s` seconds of speech takes `audio_s * cost(n)`.

A model file holds what was measured, as `{"seconds_per_audio_second": {"1": 0.03, "8": 0.01},
"overhead_s": 0.01, "steps": 32, "source": "..."}`; between the counts the cost is interpolated over
log n, beyond the last it stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent.parent.parent / "bench" / "results"

# ASSUMPTION, nothing of it measured on this worker: one unbatched job runs as f5-tts's own PyTorch
# code on an NVIDIA L20, 0.1467 GPU seconds per second of speech (F5-TTS README, "Benchmark
# Results"), there with 16 steps, so twice that with the 32 of quality `best`.
ASSUMED_STEPS = 32
ASSUMED_ALONE = 2 * 0.1467
# ASSUMPTION: of that, three quarters are shared by the jobs of a pass (launches, idle units), so
# batching gains at most a factor of four.
ASSUMED_SHARED = 0.75
# ASSUMPTION, where bench/results has no figure: everything around the model, for one job.
ASSUMED_OVERHEAD_S = 0.03


@dataclass(frozen=True)
class ServiceModel:
    """`counts` (jobs in a pass, rising) and their `costs` (GPU seconds per second of speech).

    `overhead_s`: what a job needs beside the GPU (voice, encoding, upload), in seconds.
    `source` says where the figures come from, for the report.
    """

    counts: tuple[int, ...]
    costs: tuple[float, ...]
    overhead_s: float
    steps: int
    source: str

    def cost(self, jobs: int) -> float:
        """GPU seconds per second of speech with `jobs` jobs in the pass."""
        return float(np.interp(np.log(jobs), np.log(self.counts), self.costs))

    def pass_s(self, jobs: int, audio_s: float) -> float:
        """Seconds a pass over `jobs` jobs with `audio_s` seconds of speech together takes."""
        return self.cost(jobs) * audio_s

    def at_steps(self, steps: int) -> ServiceModel:
        """The same worker at another number of sampling steps; cost is proportional to them."""
        factor = steps / self.steps
        return replace(self, costs=tuple(c * factor for c in self.costs), steps=steps)


def assumed(overhead_s: float | None = None) -> ServiceModel:
    """The default: assumptions for the GPU, and the measured overhead where there is one."""
    counts = (1, 2, 4, 8, 16, 32)
    costs = tuple(ASSUMED_ALONE * (1 - ASSUMED_SHARED + ASSUMED_SHARED / n) for n in counts)
    measured = measured_overhead_s() if overhead_s is None else overhead_s
    around = "assumed" if measured is None else f"measured, {1000 * measured:.0f} ms a job"
    return ServiceModel(
        counts,
        costs,
        ASSUMED_OVERHEAD_S if measured is None else measured,
        ASSUMED_STEPS,
        f"GPU cost ASSUMED, not measured (see docs/scaling.md); around the model: {around}",
    )


def read_model(path: Path) -> ServiceModel:
    """A model file.

    Raises:
        ValueError: not of the form in the module's docstring; says what is wrong.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as exc:
        raise ValueError(f"{path} is not JSON: {exc}") from exc
    table = content.get("seconds_per_audio_second") if isinstance(content, Mapping) else None
    if not isinstance(table, Mapping) or not table:
        raise ValueError(f"{path} needs `seconds_per_audio_second`: jobs in a pass to seconds.")
    costs = {int(count): float(cost) for count, cost in table.items()}
    if min(costs) < 1 or min(costs.values()) <= 0:
        raise ValueError(f"{path}: counts must be at least 1 and costs above 0.")
    counts = tuple(sorted(costs))
    return ServiceModel(
        counts,
        tuple(costs[count] for count in counts),
        float(content.get("overhead_s", ASSUMED_OVERHEAD_S)),
        int(content.get("steps", ASSUMED_STEPS)),
        str(content.get("source", path.name)),
    )


def measured_overhead_s(results: Path = RESULTS) -> float | None:
    """Seconds a job needs beside the model, from the newest `make bench` that has them.

    To 10 ms: what is below changes with every run of the benchmark and matters to none of this.
    """
    for path in sorted(results.glob("*.json"), reverse=True):
        overhead = json.loads(path.read_text("utf-8")).get("overhead")
        if isinstance(overhead, Mapping) and "overhead_ms" in overhead:
            return max(1, round(float(overhead["overhead_ms"]) / 10)) / 100
    return None
