"""Stores to test, each on a place of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3_utils import open_storage
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
