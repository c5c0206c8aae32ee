"""Both trainers: SIGTERM saves, and a run goes on as if it had never stopped."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.training import synthetic
from training import loop, progress
from training.flow.train import FlowTraining
from training.vocoder.train import VocoderTraining

pytestmark = pytest.mark.usefixtures("one_thread", "small_buckets")

Trainer = FlowTraining | VocoderTraining
BOTH = pytest.mark.parametrize("new", [synthetic.flow_training, synthetic.vocoder_training])


@BOTH
def test_terminated_in_a_step_it_goes_on_as_if_it_had_not_been(
    new: Callable[[int], Trainer], tmp_path: Path
) -> None:
    whole = new(6)
    loop.train(whole, tmp_path / "whole.pt")

    saved, log = tmp_path / "stopped.pt", tmp_path / "stopped.jsonl"
    stopped = new(6)
    terminate_in_step(stopped, 2)
    with pytest.raises(SystemExit, match="goes on from here"):
        loop.train(stopped, saved)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    resumed = new(6)
    resumed.resume(saved)
    assert resumed.step == 3  # the step that ran is whole, no other was begun
    assert steps(log) == [1, 2, 3]
    loop.train(resumed, saved)
    assert steps(log) == [1, 2, 3, 4, 5, 6]
    expected = whole.model.state_dict()
    for name, value in resumed.model.state_dict().items():
        assert torch.equal(value, expected[name]), name


def terminate_in_step(training: Trainer, step: int) -> None:
    """Has this process get SIGTERM between the forward and the backward pass of a step."""

    def send(*_: object) -> None:
        if training.step == step:
            os.kill(os.getpid(), signal.SIGTERM)

    training.model.register_forward_hook(send)


def steps(log: Path) -> list[float]:
    return [row["step"] for row in progress.read(log)]


@BOTH
def test_what_was_logged_after_the_checkpoint_is_logged_again(
    new: Callable[[int], Trainer], tmp_path: Path
) -> None:
    """As after a power cut: the log is ahead of the checkpoint, and its last line is torn."""
    saved, log = tmp_path / "run.pt", tmp_path / "run.jsonl"
    loop.train(new(6), saved, until=2)
    ahead = new(6)
    ahead.resume(saved)
    loop.train(ahead, tmp_path / "elsewhere.pt", until=4)
    lines = (tmp_path / "elsewhere.jsonl").read_text().splitlines()
    with log.open("a") as file:
        file.write("\n".join(lines)[:-9])
    resumed = new(6)
    resumed.resume(saved)
    loop.train(resumed, saved)
    rows = progress.read(log)
    assert steps(log) == [1, 2, 3, 4, 5, 6]
    assert rows[2]["loss"] == progress.read(tmp_path / "elsewhere.jsonl")[0]["loss"]


@BOTH
def test_the_curves_lie_beside_the_checkpoint(
    new: Callable[[int], Trainer], tmp_path: Path
) -> None:
    training = new(3)
    loop.train(training, tmp_path / "run.pt")
    assert training.share() == 1
    assert (tmp_path / "run.svg").read_text().lstrip().startswith("<?xml")
