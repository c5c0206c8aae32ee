"""Seconds to import what the handler needs, beside `import f5_tts.api`.

Each sample is a fresh interpreter with a warm disk cache; the median counts. Ours imports as
`handler.py` does: the RunPod SDK on the main thread while the engine's modules load on another.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
REFERENCE_PYTHON = ROOT / ".venv-bench" / "bin" / "python"

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
    pairs: list[tuple[float, float | None]] = []
    has_reference = REFERENCE_PYTHON.is_file()
    for _ in range(samples + 1):  # alternating; the first pair only warms the disk cache
        ours = seconds(sys.executable, OURS)
        theirs = seconds(str(REFERENCE_PYTHON), THEIRS) if has_reference else None
        pairs.append((ours, theirs))
    ours_s = median(ours for ours, _ in pairs[1:])
    theirs_s = median(t for _, t in pairs[1:] if t is not None) if has_reference else None
    return {
        "worker_import_s": round(ours_s, 3),
        "f5_tts_api_and_runpod_import_s": theirs_s and round(theirs_s, 3),
        "ratio": theirs_s and round(theirs_s / ours_s, 2),
    }
