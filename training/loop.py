"""The loop of both trainers: a bar, a log, and a checkpoint every two minutes and on SIGTERM."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import torch
from tqdm import tqdm

from training.options import RunOptions
from training.progress import ProgressLog, plot

_SAVE_EVERY_S = 120.0
_BAR = "{percentage:5.1f}%|{bar}| {elapsed}<{remaining}{postfix}"


class Training(Protocol):
    """A model in training; `step` counts the steps it has made."""

    step: int

    def share(self) -> float:
        """How much of the training is over: 0 at the start, 1 when done."""
        ...

    def advance(self) -> dict[str, float]:
        """Makes one step; returns its `learning_rate` and, by name, its losses."""
        ...

    def save(self, path: Path) -> None:
        """Writes everything that the next step depends on."""
        ...


class StopSignal:
    """While in use, SIGTERM is noted instead of ending the process in the middle of a step."""

    came = False

    def __enter__(self) -> StopSignal:
        self._before = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def _note(self, *_: object) -> None:
        self.came = True


def train(
    training: Training,
    checkpoint: Path,
    *,
    until: int | None = None,
    after_step: Callable[[], object] = lambda: None,
) -> None:
    """Trains to the end, or to step `until`; saves every two minutes, at the end and on SIGTERM.

    Args:
        checkpoint: where to save; the log and the curves of the losses lie beside it.
        after_step: called after each step.

    Raises:
        SystemExit: SIGTERM came; the step under way was finished and saved.
    """
    log_file, saved = log_of(checkpoint), time.monotonic()
    log = ProgressLog(log_file, first_step=training.step)
    bar = tqdm(total=1.0, initial=training.share(), bar_format=_BAR, mininterval=5)

    def save() -> None:
        training.save(checkpoint)
        plot(log_file, checkpoint.with_suffix(".svg"))

    with StopSignal() as stop, bar:
        while training.share() < 1 and training.step != until:
            began = time.monotonic()
            values = training.advance()
            log.add(training.step, time.monotonic() - began, values)
            bar.set_postfix_str(f"step {training.step}, {log}", refresh=False)
            bar.update(training.share() - bar.n)
            if stop.came:
                save()
                raise SystemExit("stopped and saved; the same command goes on from here")
            if time.monotonic() - saved > _SAVE_EVERY_S:
                save()
                saved = time.monotonic()
            after_step()
        save()


def log_of(checkpoint: Path) -> Path:
    """The log of the training that writes this checkpoint."""
    return checkpoint.with_suffix(".jsonl")


def write(state: dict[str, Any], checkpoint: Path) -> None:
    """Saves `state`; a crash while writing leaves the checkpoint before."""
    part = checkpoint.with_suffix(".part")
    torch.save(state, part)
    part.replace(checkpoint)


def set_up(options: RunOptions) -> torch.device:
    """Has torch use as many threads as wanted; returns the device to train on."""
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(options.device)
