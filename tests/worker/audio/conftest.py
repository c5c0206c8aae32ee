"""Files that a process of their own would decode, decoded in this one."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import asdict

import pytest

from worker.audio import apart_process, opening
from worker.audio.containers import Container
from worker.audio.source import Source


def opened_here(data: bytes, container: Container | None = None) -> AbstractContextManager[Source]:
    """What the process does with `data`, but for its bounds."""
    arguments = [json.dumps(asdict(container))] if container else []
    return apart_process._opener(arguments)(data)


@pytest.fixture
def decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process takes a third of a second to start: here for each of many good files.

    That it gives the samples that decoding here gives, and what becomes of what is damaged or
    hostile, is in test_apart.py, test_ffmpeg.py and test_fuzz.py: by the process.
    """
    monkeypatch.setattr(opening, "opened_apart", opened_here)
