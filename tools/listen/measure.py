"""Speaks the cases through a worker and counts what a recogniser hears."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import soundfile

from standins.local_worker import Worker
from tools.listen.cases import Case
from worker.quality.words import edits, plain_words

_AT_ONCE = 8

Listen = Callable[[np.ndarray], str]

WAYS: Mapping[str, Mapping[str, object]] = {
    "f5-tts": {"processing": "f5-tts"},
    "full": {"processing": "full", "checks": False},
    "full, guarded": {"processing": "full", "checks": True},
}


@dataclass
class Score:
    """Words that were to be said, those heard wrong, and lines whose first or last was lost."""

    cases: int = 0
    words: int = 0
    wrong: int = 0
    first_lost: int = 0
    last_lost: int = 0
    nothing_wrong: int = 0
    seconds: float = 0.0

    def add(self, said: Sequence[str], heard: Sequence[str], seconds: float) -> None:
        """Counts one case."""
        mistakes = edits(said, heard)
        self.cases += 1
        self.words += len(said)
        self.wrong += mistakes
        self.nothing_wrong += mistakes == 0
        self.first_lost += said[0] not in heard[:2]
        self.last_lost += said[-1] not in heard[-2:]
        self.seconds += seconds

    @property
    def error_rate(self) -> float:
        """Of the words."""
        return self.wrong / max(1, self.words)


def measure(
    listen: Listen,
    cases: Sequence[Case],
    fields: Mapping[str, object],
    nfe: int,
    keep: Path | None = None,
) -> tuple[dict[str, Score], list[dict[str, object]]]:
    """Scores by group, and each case with what was heard.

    Args:
        fields: of the job, beside the text.
        nfe: function evaluations of the sampler.
        keep: a folder for the sounds.
    """
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    scores: dict[str, Score] = {}
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(
            {
                "F5_MODEL": "demo",
                "STORAGE_MODE": "local",
                "LOCAL_STORAGE_DIR": folder,
                "ASR": "moonshine",  # listens where a job has checks
            }
        )
        try:
            for first in range(0, len(cases), _AT_ONCE):
                some = cases[first : first + _AT_ONCE]
                jobs = {
                    f"case-{first + i}": {"text": case.text, "nfe_step": nfe, "seed": 7, **fields}
                    for i, case in enumerate(some)
                }
                outputs = worker.run_all(jobs)
                for case, output in zip(some, outputs.values(), strict=True):
                    sound = Path(urlsplit(str(output["audio_url"])).path)
                    samples, _ = soundfile.read(sound, dtype="float32")
                    if keep:
                        sound = Path(shutil.copy(sound, keep / f"{len(rows):03}{sound.suffix}"))
                    heard = listen(samples)
                    said = plain_words(case.words)
                    scores.setdefault(case.group, Score()).add(
                        said, plain_words(heard), float(output["duration"])
                    )
                    rows.append(
                        {"group": case.group, "text": case.text, "heard": heard,
                         "seconds": output["duration"],
                         "sound": str(sound) if keep else None,
                         "attempts": [s.get("attempts", 1) for s in output["segments"]]}
                    )  # fmt: skip
        finally:
            worker.close()
    return scores, rows
