"""No job finds, continues or deletes another's files, however much alike their ids are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from s3_utils import Storage, open_storage
from storage.config import StorageConfig
from worker.files.answers import encode_answer, load_answer
from worker.files.find import find_timings
from worker.files.jobfiles import JobFiles
from worker.keys import earlier_piece, safe_piece
from worker.settings.load import Settings

VALUES = {"date": "2026-01-31", "voice": "voice", "user_id": "abc", "session": "abc"}
LONG = "l" * 101
# Beginnings and endings of each other, ids that fold to the same key, file names that are ids.
IDS = [
    "abc", "abc.def", "abc_", "abc__", "_abc", ".abc", "abc-", "x-abc", "x_abc", "abc-x", "ABC",
    "Ab c", "Ab_c", "Ab/c", "abć", "abc.srt", "abc.json", "abc.wav", "abc-000", "000", "u1",
    LONG[:99], LONG[:100], LONG, LONG + "l", safe_piece(LONG), "日本", "_", "voice",
]  # fmt: skip
TEMPLATES = [
    "output/{job_id}.{ext}",
    "output/{job_id}",
    "out/{user_id}/{date}/{voice}-{job_id}.{ext}",
    "out/{job_id}/{date}-{index}.{ext}",
    "out/{job_id}_{voice}.{ext}",
]


def slow_but(*usual: int) -> list[Any]:
    """The templates; all but those of these numbers for `make test-full` alone."""
    marks = {False: [pytest.mark.slow], True: []}
    return [pytest.param(one, marks=marks[n in usual]) for n, one in enumerate(TEMPLATES)]


def settings_with(template: str) -> Settings:
    return Settings.load({"OUTPUT_KEY": template})


@pytest.fixture
def store(store_with: Callable[..., Storage]) -> Storage:
    return store_with()


def write_all(files: JobFiles) -> set[str]:
    """What an interrupted, streamed job and a finished one leave; the keys."""
    audio = files.audio("wav", **VALUES)
    receipt = files.put(audio, files.job_id.encode())
    answer = {
        "job_id": files.job_id,
        "s3_key": audio.key,
        "bytes": receipt.size,
        "sha256": receipt.sha256,
        "timing_files": {"srt": None, "json": None},
    }
    others = {
        files.timing("srt"): b"srt",
        files.timing("json"): b"json",
        files.answer: encode_answer("request", answer),
        files.streamed(0, "wav"): b"chunk",
        files.part("0f", 0): b"part",
    }
    for file, data in others.items():
        files.put(file, data)
    return {audio.key, *(file.key for file in others)}


def keys(store: Storage) -> set[str]:
    return {item.key for item in store.list()}


def each_keeps_to_its_own(store: Storage, settings: Settings, ids: Sequence[str]) -> None:
    """Jobs with such ids write, find and delete their files."""
    jobs = {job_id: JobFiles(store, settings, job_id) for job_id in ids}
    owner = {key: job_id for job_id, files in jobs.items() for key in write_all(files)}
    left = set(owner)
    assert set(owner.values()) == set(ids)
    for job_id, files in jobs.items():
        own = {key for key, of in owner.items() if of == job_id}
        answer = load_answer(files, "request")
        found = {
            *(item.key for item in files.stored_audio()),
            *find_timings(files, answer).values(),
            *files.stored_parts("0f").values(),
        }
        assert found == own - {files.answer.key, files.streamed(0, "wav").key}
        if {files.answer.key, files.audio("wav", **VALUES).key} <= own:
            assert answer is not None and answer["job_id"] == job_id
        else:
            assert answer is None
        assert set(files.delete_all()) == own
        left -= own
        assert keys(store) == left
    assert left == set()


@pytest.mark.parametrize("template", slow_but(0, 2, 3))
def test_each_job_finds_its_own_files_and_deletes_no_other(template: str, tmp_path: Path) -> None:
    store = open_storage(StorageConfig(local_dir=tmp_path))
    each_keeps_to_its_own(store, settings_with(template), IDS)


@pytest.mark.parametrize(
    "template", [TEMPLATES[0], pytest.param(TEMPLATES[2], marks=pytest.mark.slow)]
)
def test_so_it_is_in_every_kind_of_store(store: Storage, template: str) -> None:
    ids = ["abc", "abc.def", "abc_", "ABC", LONG, LONG + "l"]
    each_keeps_to_its_own(store, settings_with(template), ids)


def test_a_job_deletes_its_file_in_one_store_and_leaves_anothers_in_the_other(
    store_with: Callable[..., Storage],
) -> None:
    """Jobs that asked for no S3 lie on the disk of a hybrid store alone."""
    store = store_with()
    places = store.stores()
    if len(places) < 2:
        pytest.skip("one store")
    for mine, other in (("local", "s3"), ("s3", "local")):
        written = write_all(JobFiles(places[other], Settings(), "abc_"))
        write_all(JobFiles(places[mine], Settings(), "abc"))
        assert "output/abc.wav" in JobFiles(store, Settings(), "abc").delete_all()
        assert keys(places[mine]) == set()
        assert keys(places[other]) == written
        assert JobFiles(store, Settings(), "abc_").delete_all()
        assert keys(store) == set()


def test_without_metadata_the_stored_answer_says_whose_files_they_are(store: Storage) -> None:
    """Some services keep none; older versions wrote none for chunks."""
    settings = settings_with("out/{voice}-{job_id}.{ext}")
    keys = ["out/v-abc.wav", "timings/abc.srt", "results/abc.json", "parts/abc/0f/00000.f32"]
    answer = json.dumps({"output": {"job_id": "abc", "s3_key": keys[0], "bytes": 1}}).encode()
    for key in keys:
        store.put(key, answer if key.endswith(".json") else b"x")
    for other in ("abc_", "v-abc", "v", "def"):
        assert JobFiles(store, settings, other).delete_all() == []
    assert set(JobFiles(store, settings, "abc").delete_all()) == set(keys)


@pytest.mark.parametrize(
    ("key", "ours"),
    [("out/u.1/abc.wav", True), ("out/abc/x.wav", False), ("out/u/x-abc.wav", False)],
)
def test_without_metadata_and_answer_a_key_must_be_clear(
    tmp_path: Path, key: str, ours: bool
) -> None:
    store = open_storage(StorageConfig(local_dir=tmp_path))
    store.put(key, b"x")
    files = JobFiles(store, settings_with("out/{user_id}/{job_id}.{ext}"), "abc")
    assert [item.key for item in files.stored_audio()] == ([key] if ours else [])


def test_chunks_of_a_job_that_never_answered_are_its_own_without_metadata(store: Storage) -> None:
    store.put("parts/abc/0f/00003.f32", b"x")
    assert JobFiles(store, Settings(), "abc").stored_parts("0f") == {3: "parts/abc/0f/00003.f32"}


def test_a_job_with_many_neighbours_is_found(store: Storage) -> None:
    for i in range(30):
        store.put(f"output/abc.{i:02}.wav", b"x", metadata={"job-id": f"abc.{i:02}"})
    files = JobFiles(store, Settings(), "abc")
    files.put(files.audio("wav"), b"mine")
    assert [item.key for item in files.stored_audio()] == ["output/abc.wav"]


def test_every_run_of_a_job_is_deleted(store: Storage) -> None:
    settings = settings_with("out/{date}/{job_id}.{ext}")
    files = JobFiles(store, settings, "abc")
    for date in ("2026-01-30", "2026-01-31"):
        files.put(files.audio("wav", date=date), b"x")
    files.put(files.audio("mp3", date="2026-01-31"), b"x")
    assert len(files.delete_all()) == 3


def write_as_earlier(store: Storage, settings: Settings, job_id: str) -> set[str]:
    """What older versions left of a job, by keys that its id may share with others."""
    files = JobFiles(store, settings, job_id)
    files.piece = earlier_piece(job_id)
    return write_all(files)


@pytest.mark.parametrize("template", slow_but(0, 2))
def test_what_older_versions_stored_is_found_by_its_owner_alone(
    tmp_path: Path, template: str
) -> None:
    settings = settings_with(template)
    for job_id in ("abc_", "Ab c", "abć", "日本", LONG):
        store = open_storage(StorageConfig(local_dir=tmp_path / safe_piece(job_id)))
        written = write_as_earlier(store, settings, job_id)
        for other in set(IDS) - {job_id}:
            files = JobFiles(store, settings, other)
            assert load_answer(files, "request") is None
            assert files.stored_audio() == []
            assert files.stored_parts("0f") == {}
            assert find_timings(files, None) == {}
            assert files.delete_all() == []
        files = JobFiles(store, settings, job_id)
        answer = load_answer(files, "request")
        assert answer is not None and answer["job_id"] == job_id
        assert [item.key for item in files.stored_audio()] == [answer["s3_key"]]
        assert set(find_timings(files, answer)) == {"srt", "json"}
        assert list(files.stored_parts("0f")) == [0]
        assert set(files.delete_all()) == written
