"""Stores to test, each on a place of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3_utils import Storage, open_storage
from storage.config import StorageConfig
from storage.hybrid.store import HybridStorage
from storage.s3.store import S3Storage


@pytest.fixture
def s3(s3_config: StorageConfig) -> S3Storage:
    store = open_storage(s3_config)
    assert isinstance(store, S3Storage)
    return store


@pytest.fixture
def hybrid(s3_config: StorageConfig) -> HybridStorage:
    store = open_storage(replace(s3_config, mode="hybrid"))
    assert isinstance(store, HybridStorage)
    return store


@pytest.fixture(params=["local", "s3", "hybrid"])
def store_with(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Storage]:
    """Opens the store of each kind in turn, with changed settings."""

    def opened(**changes: Any) -> Storage:
        if request.param == "local":
            config = StorageConfig(local_dir=tmp_path / "local")
        else:
            config = replace(request.getfixturevalue("s3_config"), mode=request.param)
        return open_storage(replace(config, **changes))

    return opened


@pytest.fixture
def store(store_with: Callable[..., Storage]) -> Storage:
    return store_with()
