"""What depends on a chunk's length only is made once, and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest
import torch

from engine.arch import Arch
from engine.dit.model import DiT
from engine.sampler import Flow, PreparedSchedule, Schedule, Trajectory
from standins.random_weights import ARCH, random_dit
from tests.engine.dit import test_launches

# (frames, tokens) of chunks in a row
CHUNKS = [(120, 30), (140, 30), (120, 30), (120, 37), (140, 30), (120, 37)]
SPREAD = replace(ARCH, average_upsampling=True)


def begin(flow: Flow, schedule: PreparedSchedule, seed: int, cfg: float = 2.0) -> Trajectory:
    """Another text and another reference for each seed."""
    frames, count = CHUNKS[seed % len(CHUNKS)]
    generator = torch.Generator().manual_seed(seed)
    cond = torch.randn(20 + seed, 100, generator=generator)
    tokens = torch.randint(1, 90, (count,), generator=generator)
    return flow.start(cond, tokens, frames, schedule, seed=seed, cfg_strength=cfg)


@pytest.mark.parametrize(
    ("arch", "made"),
    [
        (replace(ARCH, text_mask_padding=False), 2),  # F5TTS_Base: two lengths
        (replace(ARCH, text_mask_padding=True), 3),  # F5TTS_v1_Base: padding is masked
        (replace(SPREAD, text_mask_padding=False), 3),
    ],
    ids=["plain", "masked", "spread"],
)
def test_the_unconditional_context_is_made_once_for_each_length(arch: Arch, made: int) -> None:
    model = random_dit(arch, torch.float32)
    schedule = PreparedSchedule.of(model, Schedule(1))
    dropped: list[int] = []
    context = DiT.context

    def counted(self: DiT, cond: torch.Tensor, tokens: torch.Tensor, *, drop: bool) -> torch.Tensor:
        dropped.extend([cond.shape[0]] * drop)
        return context(self, cond, tokens, drop=drop)

    flow = Flow(model)
    with patch.object(DiT, "context", counted):
        kept = [begin(flow, schedule, seed) for seed in range(len(CHUNKS))]
    assert len(dropped) == made
    for seed, found in enumerate(kept):
        anew = begin(Flow(model), schedule, seed)
        for ours, expected in zip(found.contexts, anew.contexts, strict=True):
            assert torch.equal(ours, expected)


def test_a_chunk_without_guidance_makes_none() -> None:
    model = random_dit(ARCH, torch.float32)
    flow = Flow(model)
    trajectory = begin(flow, PreparedSchedule.of(model, Schedule(1)), 0, cfg=0.0)
    assert len(trajectory.contexts) == 1 and not flow._contexts


def test_contexts_kept_are_bounded_by_their_frames() -> None:
    model = random_dit(replace(ARCH, depth=1, conv_layers=0), torch.float32)
    flow, schedule = Flow(model), PreparedSchedule.of(model, Schedule(1))
    cond, tokens = torch.zeros(20, 100), torch.arange(1, 20)
    for frames in range(2_000, 2_020):
        flow.start(cond, tokens, frames, schedule, seed=0)
    assert 2_020 < sum(map(len, flow._contexts.values())) <= 16_384
    flow.start(cond, tokens, 8_192, schedule, seed=0)  # the longest there is


def test_a_length_that_was_met_spares_over_half_of_a_chunks_beginning() -> None:
    """Kernels of the published size; the figure is in docs/engine.md."""
    dit = test_launches.model()
    flow = Flow(dit)
    schedule = PreparedSchedule([1.0], dit.modulation(torch.zeros(1, device=test_launches.META)))
    began = []
    for _ in range(2):
        cond = torch.zeros(60, 100, device=test_launches.META)
        tokens = torch.arange(1, 40, device=test_launches.META)
        with test_launches.Launches() as counter:
            flow.start(cond, tokens, 200, schedule, seed=1)
        began.append(counter.counted.total())
    assert began[0] - began[1] == 84
