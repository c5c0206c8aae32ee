"""The worker beside f5-tts in fresh interpreters; f5-tts in the environment of `make bench`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
REFERENCE_PYTHON = ROOT / ".venv-bench" / "bin" / "python"


def beside_f5_tts(
    seconds: Callable[[str, str], float], ours: str, theirs: str, samples: int
) -> tuple[float, float | None]:
    """Medians of `seconds(python, code)`, alternating; None without the reference environment."""
    has_reference = REFERENCE_PYTHON.is_file()
    pairs: list[tuple[float, float | None]] = []
    for _ in range(samples + 1):  # the first pair only warms the disk cache
        our_s = seconds(sys.executable, ours)
        pairs.append((our_s, seconds(str(REFERENCE_PYTHON), theirs) if has_reference else None))
    ours_s = median(our_s for our_s, _ in pairs[1:])
    return ours_s, median(t for _, t in pairs[1:] if t is not None) if has_reference else None
