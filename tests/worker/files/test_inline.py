"""No answer is larger than the platform carries: its job would never end for whoever waits."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from errors import AnswerTooLarge
from standins.local_worker import Worker
from worker.files.inline import RUN_BYTES, RUNSYNC_BYTES, check_size, inline_limit

LARGE = bytes(9_000_000)  # 12 MB as base64


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    directory: Path = tmp_path_factory.mktemp("inline")
    worker = Worker({"LOCAL_STORAGE_DIR": str(directory)})
    for key in ("output/large.wav", "timings/large.srt"):
        worker.app.storage.put(key, LARGE, metadata={"job-id": "large"})
    yield worker
    worker.close()


@pytest.mark.parametrize("which", [{"key": "output/large.wav"}, {"job_id": "large"}])
def test_download_gives_bytes_only_where_the_platform_carries_them(
    worker: Worker, which: dict[str, str]
) -> None:
    asked = {"endpoint": "download", "return_audio": True, **which}
    refused = worker.run(asked, "run-1")
    assert refused["error_code"] == "ANSWER_TOO_LARGE"
    assert "`url`" in refused["hint"]
    given = worker.run(asked, "sync-1")
    assert len(base64.b64decode(given["audio_data"])) == len(LARGE)


def test_timing_files_have_the_same_limit(worker: Worker) -> None:
    asked = {"endpoint": "download", "job_id": "large", "type": "timing", "return_audio": True}
    assert worker.run(asked, "run-1")["error_code"] == "ANSWER_TOO_LARGE"


@pytest.mark.parametrize("character", ["x", "ü", "\n", "\u2028", "\U0001f600"])
def test_whatever_an_answer_holds_its_size_is_of_the_bytes_sent(character: str) -> None:
    length = len(character.encode()) + (character == "\n")
    check_size({"a": character * ((RUN_BYTES - 100) // length)}, "run-1")
    too_large = {"a": character * (RUN_BYTES // length)}
    with pytest.raises(AnswerTooLarge):
        check_size(too_large, "run-1")
    check_size(too_large, "sync-1")


def test_audio_and_all_else_fit_together() -> None:
    for job_id, limit in (("run-1", RUN_BYTES), ("sync-1", RUNSYNC_BYTES)):
        assert inline_limit(1 << 40, job_id) * 4 // 3 + 300_000 < limit
        assert inline_limit(1000, job_id) == 1000


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_voices_are_listed_in_pieces(worker: Worker, limit: int) -> None:
    """Names may hold slashes, and two files may have one name, with another between them."""
    for file in ("anna.mp3", "anna.old.wav", "anna.wav", "bert.wav", "team/cleo.wav"):
        worker.app.storage.put(f"voices/{file}", b"RIFF")
    everything = worker.run({"endpoint": "list_voices"})
    assert not everything["truncated"]
    voices: list[dict[str, object]] = []
    for _ in range(10):
        after = {"after": voices[-1]["name"]} if voices else {}
        page = worker.run({"endpoint": "list_voices", "limit": limit, **after})
        voices += page["voices"]
        if not page["truncated"]:
            break
    assert voices == everything["voices"]
    assert len(voices) >= 5


def test_a_list_goes_on_after_a_voice_that_was_deleted(worker: Worker) -> None:
    for name in ("anna", "cleo"):
        worker.app.storage.put(f"voices/{name}.wav", b"RIFF")
    page = worker.run({"endpoint": "list_voices", "after": "bert"})
    assert "cleo" in [voice["name"] for voice in page["voices"]]
    assert "anna" not in [voice["name"] for voice in page["voices"]]
