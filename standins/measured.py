"""Where measured figures are kept, and the machine they are of."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine import processor

RESULTS = Path(__file__).parent.parent / "bench" / "results"


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "bf16": processor.has_bf16(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def kept(path: Path, measured_on: Mapping[str, object]) -> dict[str, Any]:
    """What a file of results holds, if it is of the same machine."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found if found.get("machine") == measured_on else {}


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()
