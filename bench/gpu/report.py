"""The file of results: written after every case, so that a run that is cut short loses nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from standins.measured import kept, machine


@dataclass
class Report:
    """What was found so far, and where it is kept."""

    path: Path
    found: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, directory: Path, *, on_gpu: bool, label: str = "") -> Report:
        """The day's report of this machine; parts measured before on it are kept."""
        date = datetime.now(UTC).date().isoformat()
        kind = f"gpu-{_plain(torch.cuda.get_device_name())}" if on_gpu else "rehearsal"
        name = "-".join(part for part in (date, kind, _plain(label)) if part)
        path = directory / f"{name}.json"
        here = machine() | _device(on_gpu)
        head = {"date": date, "label": label, "rehearsal": not on_gpu, "machine": here}
        return cls(path, {"seconds": {}, "parts": {}} | kept(path, here) | head)

    def keep(self, part: str, found: dict[str, object], seconds: float) -> None:
        """Adds a part and writes the file."""
        self.found["parts"][part] = found
        self.found["seconds"][part] = round(seconds, 1)
        if torch.cuda.is_available():
            self.found["peak_memory_gib"] = torch.cuda.max_memory_allocated() / 2**30
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(_rounded(self.found), indent=1) + "\n", "utf-8")


def add(path: Path, directory: Path) -> Path:
    """Brings the parts of a file of results into the one of that name in `directory`, beside those
    that it has of the same GPU and PyTorch; returns where that is."""
    brought = json.loads(path.read_text("utf-8"))
    into = directory / path.name
    before = json.loads(into.read_text("utf-8")) if into.is_file() else {}
    for key in ("gpu", "torch"):
        if before and before["machine"].get(key) != brought["machine"].get(key):
            raise ValueError(f"{into} is of another {key}: rename one of the two files.")
    for key in ("parts", "seconds"):
        brought[key] = before.get(key, {}) | brought[key]
    into.write_text(json.dumps(brought, indent=1) + "\n", "utf-8")
    return into


def _device(on_gpu: bool) -> dict[str, object]:
    found: dict[str, object] = {"torch": torch.__version__}
    if on_gpu:
        properties = torch.cuda.get_device_properties(0)
        found |= {
            "gpu": torch.cuda.get_device_name(),
            "memory_gib": round(properties.total_memory / 2**30),
            "multiprocessors": properties.multi_processor_count,
            "capability": list(torch.cuda.get_device_capability()),
            "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        }
    return found


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _rounded(value: Any) -> Any:
    """Four digits are more than any of these figures has."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
