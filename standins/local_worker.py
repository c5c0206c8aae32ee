"""A worker in this process: real settings, storage, voices and engine; only the SDK is left out."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from standins.waiting import PATIENCE_S
from worker.app import App
from worker.jobs.runner import JobRunner
from worker.settings.load import Settings

FAST = {"nfe_step": 4, "cfg_strength": 0.0}


class Worker:
    """Runs jobs as the SDK would: one event loop, each job a task."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.app = App(Settings.load({"LOG_FORMAT": "text", **environ}))
        self.app.storage_tried.wait()  # it writes a probe, and removes it
        self.runner = JobRunner(self.app)

    def run(self, job_input: object, job_id: str = "job-1") -> dict[str, Any]:
        """The job's output, which must be plain JSON."""
        return self.run_all({job_id: job_input})[job_id]

    def run_all(self, jobs: Mapping[str, object]) -> dict[str, dict[str, Any]]:
        """Outputs of jobs run side by side."""

        async def together() -> list[dict[str, Any]]:
            tasks = (self.runner.handle({"id": i, "input": x}) for i, x in jobs.items())
            return await asyncio.gather(*tasks)

        outputs = asyncio.run(together())
        for output in outputs:
            assert json.loads(json.dumps(output, allow_nan=False)) == output
        return dict(zip(jobs, outputs, strict=True))

    def speak(self, job_id: str = "job-1", **fields: Any) -> dict[str, Any]:
        """A `tts` job at test speed that must succeed."""
        output = self.run({"text": "Hello there.", **FAST, **fields}, job_id)
        assert "error" not in output, output
        return output

    def close(self) -> None:
        self.app.model_ready()
        self.runner.close(PATIENCE_S)
        self.app.close()


def tone(seconds: float = 3.0, rate: int = 24000, hertz: float = 150.0) -> np.ndarray:
    """Something voice-like: a buzz that swells and falls three times a second, (n,) float32."""
    t = np.arange(int(seconds * rate)) / rate
    wave = np.sign(np.sin(2 * np.pi * hertz * t)) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))
    return (0.2 * wave).astype(np.float32)


def wav(samples: np.ndarray | None = None, rate: int = 24000, form: str = "WAV") -> bytes:
    """An audio file as bytes."""
    file = io.BytesIO()
    soundfile.write(file, tone() if samples is None else samples, rate, format=form)
    return file.getvalue()


def files_below(directory: Path) -> list[str]:
    """Every file below a directory, relative."""
    return sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file())
