"""A streamed job is heard soon: its first chunk is a clause; other jobs are cut as ever."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from standins.local_worker import FAST, Worker
from worker.jobs import plan

TEXT = (
    "When the rain had stopped, we walked down to the river and looked for the old boat. "
    "It lay there, half under water, as it had for years."
)


class Listener:
    """Takes the pieces of a stream, as the platform does."""

    streams = True

    def __init__(self) -> None:
        self.pieces: list[Mapping[str, Any]] = []

    def progress(self, update: dict[str, Any]) -> None: ...

    def chunk(self, piece: dict[str, Any]) -> None:
        self.pieces.append(piece)


@pytest.fixture(scope="module")
def local(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    directory, model = tmp_path_factory.mktemp("local"), {"F5_MODEL": str(tiny_model)}
    worker = Worker({"STORAGE_MODE": "local", "LOCAL_STORAGE_DIR": str(directory), **model})
    yield worker
    worker.close()


numbers = itertools.count()


def spoken(local: Worker, **fields: Any) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """The answer and the stream's pieces."""
    listener = Listener()
    job = {"text": TEXT, "seed": 1, **FAST, **fields}
    answer = asyncio.run(local.runner.handle({"id": f"j{next(numbers)}", "input": job}, listener))
    assert "error" not in answer, answer
    return answer, listener.pieces


def test_the_first_chunk_of_a_stream_is_a_clause(local: Worker) -> None:
    plain, none = spoken(local)
    answer, pieces = spoken(local, stream=True)
    assert not none
    assert pieces[0]["text"] == "When the rain had stopped,"
    assert pieces[0]["end"] - pieces[0]["start"] < 0.4 * plain["segments"][0]["end"]
    assert " ".join(piece["text"] for piece in pieces) == TEXT
    assert [piece["text"] for piece in pieces] == [s["text"] for s in answer["segments"]]
    assert len(pieces) <= plain["metrics"]["chunks"] + 1


def test_jobs_that_do_not_stream_are_what_they_were(
    local: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit; also a stream that nobody can receive, and what is cut as f5-tts cuts."""
    with_openings = [
        spoken(local)[0],
        local.speak("unheard", text=TEXT, seed=1, stream=True),
        spoken(local, processing="f5-tts", stream=True)[0],
    ]
    monkeypatch.setattr(plan, "OPENING_S", 1e9)
    without = [spoken(local)[0], spoken(local, stream=True)[0]]
    f5_tts, _ = spoken(local, processing="f5-tts")
    assert len({answer["sha256"] for answer in (*with_openings[:2], *without)}) == 1
    assert with_openings[2]["sha256"] == f5_tts["sha256"]
