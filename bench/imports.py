"""Seconds that `handler.main` takes to import what jobs need, beside `import f5_tts.api`.

Each sample is a fresh interpreter with a warm disk cache; the median counts. Ours is `handler.main`
itself, up to the answer of a job that needs no model, with a model that is nowhere: the RunPod SDK
is imported on the main thread while the engine's modules load on another, and nothing else takes
time. What follows the imports is in the figure: settings, storage and that job.
"""

from __future__ import annotations

import subprocess
import tempfile

from bench.reference import ROOT, beside_f5_tts
from standins.platform import environment

OURS = """
import sys
sys.argv[1:] = ["--test_input", '{"input": {"endpoint": "list_voices"}}']
import handler
try:
    handler.main()
except SystemExit as end:
    assert not end.code
"""
THEIRS = "import f5_tts.api, runpod"


def seconds(python: str, statement: str) -> float:
    """Wall time of `statement` in a fresh interpreter, its own start not counted."""
    code = f"import time; t = time.perf_counter()\n{statement}\nprint(time.perf_counter() - t)"
    with tempfile.TemporaryDirectory() as directory:
        env = environment({"F5_MODEL": f"{directory}/nowhere", "LOCAL_STORAGE_DIR": directory})
        result = subprocess.run(
            [python, "-W", "ignore", "-c", code],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=True,
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
