"""The demo model behind a batcher, counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.batcher import Batcher
from engine.boot import load_engine
from engine.config import EngineConfig
from engine.dit.model import DiT
from engine.weights.locate import ModelRequest, locate
from standins.counting_model import CountingModel, sums


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> DiT:
    files = locate(ModelRequest(models_dir=tmp_path_factory.mktemp("m")))
    return load_engine(files, EngineConfig()).synthesizer.batcher.model


@pytest.fixture
def counting(model: DiT) -> CountingModel:
    return CountingModel(model)


@pytest.fixture
def batcher(counting: CountingModel) -> Iterator[Batcher]:
    batcher = Batcher(counting, sums, max_frames=4000, join="step")  # type: ignore[arg-type]
    yield batcher
    batcher.close()
