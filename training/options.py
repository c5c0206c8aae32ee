"""What every training is told, and where all of it lies unless told otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WORK_DIR = Path("data/demo-training")


@dataclass(frozen=True)
class RunOptions:
    """Of one training run. It goes on from the last checkpoint unless `resume` is false."""

    work_dir: Path = WORK_DIR  # corpus, checkpoints, logs
    out: Path | None = None  # the finished checkpoint; None: `export/` in the work directory
    resume: bool = True
    export_only: bool = False  # no training: writes out what the last checkpoint holds
    device: str = "auto"  # as torch names it; auto: a GPU if there is one
    threads: int = 0  # of the CPU; 0: torch's own choice

    @property
    def package(self) -> Path:
        """The directory of the finished checkpoint; its vocoder lies in `vocos/` inside."""
        return self.out or self.work_dir / "export"
