"""Voices while storage does not answer: what can be had is used, and nothing is passed off."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors import StorageDenied, StorageUnavailable
from s3_utils import StorageConfig, open_storage
from standins.s3server.server import S3Server
from worker.app import BUNDLED_VOICES
from worker.settings.groups import VoiceConfig
from worker.voices.library import VoiceLibrary


def library(config: StorageConfig) -> VoiceLibrary:
    store = open_storage(config)
    return VoiceLibrary(
        store, VoiceConfig(), bundled_dir=BUNDLED_VOICES, fetch_bucket=lambda _: (store, "")
    )


def away(mode: str, directory: Path) -> StorageConfig:
    """An endpoint where nobody listens."""
    return StorageConfig(
        mode=mode, local_dir=directory, bucket="b", endpoint_url="http://127.0.0.1:9",
        region="us-east-1", access_key_id="id", secret_access_key="secret", max_attempts=1,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("mode", ["s3", "hybrid"])
def test_the_bundled_voice_needs_no_storage_and_says_what_it_does_not_know(
    tmp_path: Path, mode: str
) -> None:
    prepared = library(away(mode, tmp_path)).prepare("demo")
    assert prepared.name == "demo"
    assert any("storage could not be asked" in text for text in prepared.warnings)


@pytest.mark.parametrize("mode", ["s3", "hybrid"])
def test_a_voice_that_only_the_bucket_may_have_is_not_replaced(tmp_path: Path, mode: str) -> None:
    with pytest.raises(StorageUnavailable):
        library(away(mode, tmp_path)).prepare("Dorota")


def test_a_wrong_key_is_told_before_the_job_speaks(
    s3_config: StorageConfig, s3_server: S3Server
) -> None:
    """In S3 mode: its result could not be stored anyway."""
    s3_server.faults.only_bucket = "another"
    with pytest.raises(StorageDenied):
        library(s3_config).prepare("demo")
