"""What every training is told. Fields with a text are options of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated


@dataclass(frozen=True)
class RunOptions:
    """Of one training run, of the DiT or of the vocoder."""

    work_dir: Annotated[Path, "corpus, checkpoints, logs"] = Path("data/demo-training")
    out: Annotated[Path | None, "the finished checkpoint; else export/ in the work directory"] = (
        None
    )
    resume: Annotated[bool, "go on from the last checkpoint"] = True
    export_only: Annotated[bool, "no training: write what was last saved"] = False
    device: Annotated[str, "as torch names it; auto: a GPU if there is one"] = "auto"
    threads: Annotated[int, "of the CPU; 0: torch's own choice"] = 0

    @property
    def package(self) -> Path:
        """The directory of the finished checkpoint; its vocoder lies in `vocos/` inside."""
        return self.out or self.work_dir / "export"
