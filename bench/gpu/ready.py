"""Seconds from a fresh process to a model that can speak, and of the first job after that."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from bench.full_size import text_of
from bench.gpu.setting import Setting, say
from bench.reference import ROOT


def starts(setting: Setting) -> dict[str, Any]:
    """Each start in a fresh interpreter; the first may find the disk's cache cold."""
    found = {}
    for number in range(setting.scale.starts):
        found[f"start {number + 1}"] = case = _start(setting)
        say(f"  start {number + 1}: {case}")
    return found


def _start(setting: Setting) -> dict[str, float]:
    files, voice = setting.files, setting.voice
    given = {
        "weights": str(files.weights),
        "vocab": str(files.vocab),
        "config": str(files.config),
        "vocoder": str(files.vocoder),
        "voice": str(voice.path),
        "ref_text": voice.ref_text,
        "text": text_of(setting.scale.seconds),
        "device": setting.device,
        "steps": setting.scale.mix_steps,
    }
    command = [sys.executable, "-W", "ignore", "-m", "bench.gpu.fresh", json.dumps(given)]
    started = time.time()
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"the fresh process failed: {result.stderr[-500:]}")
    found: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return {"ready_s": found.pop("ready_at") - started} | found
