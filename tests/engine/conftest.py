"""A small model with every part of a published one, behind a batcher, counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from engine.batcher import Batcher
from engine.dit import attention
from engine.dit.model import DiT
from standins.counting_model import CountingModel, sums
from standins.random_weights import ARCH, random_dit


@pytest.fixture(scope="module")
def model() -> DiT:
    small = replace(ARCH, dim=128, heads=2, depth=2, text_dim=64, conv_layers=1)
    model = random_dit(small, torch.float32)
    model.use_attention(attention.pick("auto", torch.device("cpu"), torch.float32)[1])
    return model


@pytest.fixture
def counting(model: DiT) -> CountingModel:
    return CountingModel(model)


@pytest.fixture
def batcher(counting: CountingModel) -> Iterator[Batcher]:
    batcher = Batcher(counting, sums, max_frames=4000, join="step")  # type: ignore[arg-type]
    yield batcher
    batcher.close()
