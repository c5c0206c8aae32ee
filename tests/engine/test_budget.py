"""The frame budget that a worker on a GPU finds at its start, with modelled steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine import boot
from engine.boot import load_engine
from engine.budget import CHUNK_FRAMES, CPU_FRAMES, StepTimer, near_best
from engine.config import EngineConfig
from engine.dit.model import DiT
from engine.weights.locate import ModelRequest, locate


class Card:
    """A modelled card. A step takes what its launches take, and no less than its frames; `clock`
    moves by three steps of each size that was timed."""

    def __init__(self, launches_s: float, a_frame_s: float, memory: int = 1 << 30) -> None:
        self.launches_s, self.a_frame_s, self.memory = launches_s, a_frame_s, memory
        self.now = 0.0
        self.timed: list[int] = []

    def __call__(self, frames: int) -> float:
        if frames > self.memory:
            raise torch.OutOfMemoryError("no memory")
        self.timed.append(frames)
        taken = max(self.launches_s, self.a_frame_s * frames)
        self.now += 3 * taken
        return taken

    def found(self, most: int = 65_536) -> int:
        return near_best(self, most, clock=lambda: self.now)


@pytest.mark.parametrize(
    ("card", "passes"),
    [
        (Card(0.006, 2.4e-6), 4096),  # an H100: 2,500 frames take as long as their launches
        (Card(0.006, 1.2e-5), 2048),  # a 4090 is full with one chunk
        (Card(0.006, 2.1e-5), 2048),
        (Card(0.006, 1e-6), 8192),
        (Card(0.030, 1e-6), 32_768),  # a slow host
    ],
)
def test_the_smallest_pass_near_the_best_rate_is_taken_with_room_for_a_chunk(
    card: Card, passes: int
) -> None:
    assert card.found() == passes + CHUNK_FRAMES


@pytest.mark.parametrize("a_frame_s", [2.4e-6, 1.2e-5, 2.1e-5, 1e-4])
def test_it_takes_about_a_second_on_any_card(a_frame_s: float) -> None:
    card = Card(0.006, a_frame_s)
    card.found()
    assert card.now < 1.3
    assert card.timed[0] == CHUNK_FRAMES


def test_memory_bounds_it_as_well() -> None:
    assert Card(0.03, 1e-6).found(most=6000) == 6000
    tight = Card(0.03, 1e-6, memory=8192)
    assert tight.found() == 8192 + CHUNK_FRAMES  # the batcher halves a pass that does not fit
    assert Card(0.03, 1e-6, memory=1).found(most=4096) == 4096


def test_a_real_step_is_timed_without_a_job(model: DiT) -> None:
    assert StepTimer(model, 100)(CHUNK_FRAMES) > 0


@pytest.fixture
def on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> Callable[[EngineConfig], int]:
    """The budget of a worker whose device says it is a GPU with 10,000 frames of memory, where
    4,000 are found to be enough."""
    monkeypatch.setattr(boot, "most_frames", lambda *_: 10_000)
    monkeypatch.setattr(boot, "measured_frames", lambda *_: 4000)
    monkeypatch.setattr(boot, "times_steps", lambda _: True)

    def budget(config: EngineConfig) -> int:
        engine = load_engine(locate(ModelRequest()), config)
        engine.close()
        return engine.synthesizer.batcher.max_frames

    return budget


def test_a_setting_fixes_the_budget_by_hand(on_a_gpu: Callable[[EngineConfig], int]) -> None:
    assert on_a_gpu(EngineConfig(device="cpu")) == 4000
    assert on_a_gpu(EngineConfig(device="cpu", max_batch_frames=777)) == 777
    assert on_a_gpu(EngineConfig(device="cpu", warm_up=False)) == 10_000


def test_a_cpu_times_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(boot, "measured_frames", None)
    engine = load_engine(locate(ModelRequest()), EngineConfig(device="cpu"))
    engine.close()
    assert engine.synthesizer.batcher.max_frames == CPU_FRAMES
