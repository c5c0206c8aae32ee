"""Where measured figures are kept, and the machine they are of."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from engine.dit.linear import cpu_multiplies_bf16

RESULTS = Path(__file__).parent.parent / "bench" / "results"


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "bf16": cpu_multiplies_bf16(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()
