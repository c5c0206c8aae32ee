"""How far one local job walks: the product files it enters, and how often it changes file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tools.house.arrows import entry

JOB = {"input": {"text": "Hello there.", "voice": "demo", "timing_format": "srt", "nfe_step": 4}}
# The engine's inner loop would drown the rest: its files are left out.
COUNTED = ("worker", "storage", "text", "s3_utils", "errors")
_TRACED = Path(__file__).with_name("traced.py")


def trace(root: Path) -> dict[str, str]:
    """Runs `JOB` in the checkout at `root`, and counts; see `COUNTED`.

    Raises:
        RuntimeError: the job failed; with the end of its log.
    """
    with tempfile.TemporaryDirectory() as directory:
        found = Path(directory) / "calls.json"
        command = [sys.executable, "-P", str(_TRACED), str(found), json.dumps(JOB)]
        env = {
            **os.environ,
            "STORAGE_MODE": "local",
            "LOCAL_STORAGE_DIR": f"{directory}/data",
            "F5_MODELS_DIR": f"{directory}/models",
            "F5_MODEL": "demo",
            "F5_WARMUP": "false",
        }
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"the job failed in {root}:\n{done.stderr[-2000:]}")
        threads: list[list[str]] = json.loads(found.read_text())
    everything = [[name for name in calls if entry(name) in COUNTED] for calls in threads]
    worker = [[name for name in calls if entry(name) == "worker"] for calls in everything]
    return {
        "one job, engine left out: files, moves between files": _walk(everything),
        "the same: entries, moves between entries": _walk(_entries(everything)),
        "the same job in worker/: files, moves between files": _walk(worker),
        "the same in worker/: entries, moves between entries": _walk(_entries(worker)),
    }


def _entries(threads: Sequence[Sequence[str]]) -> list[list[str]]:
    """`worker.voices.library` becomes `worker.voices`."""
    return [[".".join(name.split(".")[:2]) for name in names] for names in threads]


def _walk(threads: Sequence[Sequence[str]]) -> str:
    """How many different names there are, and how often one follows another in its thread."""
    moves = sum(a != b for names in threads for a, b in pairwise(names))
    return f"{len({name for names in threads for name in names})}, {moves}"
