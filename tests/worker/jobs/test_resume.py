"""Stored chunks: taken as they were stored, or spoken again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from engine.chunk import SpokenChunk
from s3_utils import StorageConfig, open_storage
from worker.files.jobfiles import JobFiles
from worker.jobs.resume import ChunkStore
from worker.settings.load import Settings

SAMPLES = np.linspace(-1, 1, 4800, dtype=np.float32)
KEY = "parts/job-1/abc/00001.f32"


@pytest.fixture
def files(tmp_path: Path) -> JobFiles:
    storage = open_storage(StorageConfig(local_dir=tmp_path))
    return JobFiles(storage, Settings.load({}), "job-1")


@pytest.fixture
def store(files: JobFiles) -> ChunkStore:
    store = ChunkStore(files, "abc")
    for index in range(3):
        assert store.save(SpokenChunk(index, SAMPLES * index))
    return store


def signed(samples: np.ndarray, said: bytes = b"[]", length: int | None = None) -> bytes:
    """A file with the checksum that belongs to it."""
    data = samples.astype("<f4").tobytes() + said
    data += (len(said) if length is None else length).to_bytes(4, "little")
    return data + hashlib.sha256(data).digest()


def test_stored_chunks_come_back_bit_for_bit(store: ChunkStore) -> None:
    found = store.load(3)
    assert sorted(found) == [0, 1, 2]
    assert all(np.array_equal(found[index].samples, SAMPLES * index) for index in found)


def test_a_stored_chunk_keeps_what_is_to_be_said_of_it(store: ChunkStore) -> None:
    said = ("The model overflowed in half precision.", "Zażółć \u2028")
    assert store.save(SpokenChunk(1, SAMPLES, inference_s=2.0, warnings=said))
    found = store.load(3)
    assert found[1].warnings == said and found[0].warnings == ()
    assert np.array_equal(found[1].samples, SAMPLES)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\0\0\0",
        SAMPLES[:10].tobytes(),
        signed(SAMPLES)[:-4],
        signed(SAMPLES)[4:],
        signed(SAMPLES)[:1000] + bytes([1]) + signed(SAMPLES)[1001:],
        signed(SAMPLES) + b"\0",
        signed(SAMPLES[:0]),
        signed(np.full(4800, np.nan)),
        signed(np.full(4800, np.inf)),
        np.full(4800, 1e30, "<f4").tobytes(),
        bytes((64 << 20) + 1),
        SAMPLES.tobytes() + hashlib.sha256(SAMPLES.tobytes()).digest(),  # without warnings
        signed(SAMPLES, b"{}"),
        signed(SAMPLES, b"[1]"),
        signed(SAMPLES, b"[" * 100_000),
        signed(SAMPLES, b"\xff\xff"),
        signed(SAMPLES, b'["' + b"x" * 2000 + b'"]'),
        signed(SAMPLES, length=1 << 31),
        signed(SAMPLES, length=1),
    ],
    ids=range(20),
)
def test_a_damaged_chunk_is_deleted_and_spoken_again_and_the_others_are_kept(
    store: ChunkStore, files: JobFiles, damaged: bytes
) -> None:
    files.storage.put(KEY, damaged, metadata={"job-id": "job-1"})
    assert sorted(store.load(3)) == [0, 2]
    assert not files.storage.exists(KEY)
    assert store.save(SpokenChunk(1, SAMPLES))
    assert sorted(store.load(3)) == [0, 1, 2]


def test_a_chunk_whose_file_was_cut_on_disk_is_spoken_again(
    store: ChunkStore, tmp_path: Path
) -> None:
    path = tmp_path / KEY
    path.write_bytes(path.read_bytes()[:-100])
    assert sorted(store.load(3)) == [0, 2]
