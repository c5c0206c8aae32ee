"""Seconds to import what the handler needs, beside `import f5_tts.api`.

Each sample is a fresh interpreter with a warm disk cache; the median counts. Ours imports as
`handler.py` does: the RunPod SDK on the main thread while the engine's modules load on another.
"""

from __future__ import annotations

import subprocess

from bench.reference import ROOT, beside_f5_tts

OURS = "import handler; handler.import_all()"
THEIRS = "import f5_tts.api, runpod"


def seconds(python: str, statement: str) -> float:
    """Wall time of `statement` in a fresh interpreter, its own start not counted."""
    code = f"import time; t = time.perf_counter()\n{statement}\nprint(time.perf_counter() - t)"
    result = subprocess.run(
        [python, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(result.stdout.split()[-1])


def run(samples: int = 5) -> dict[str, float | None]:
    """Medians in seconds; `f5_tts.api + runpod` is None without the reference environment."""
    ours_s, theirs_s = beside_f5_tts(seconds, OURS, THEIRS, samples)
    return {
        "worker_import_s": round(ours_s, 3),
        "f5_tts_api_and_runpod_import_s": theirs_s and round(theirs_s, 3),
        "ratio": theirs_s and round(theirs_s / ours_s, 2),
    }
