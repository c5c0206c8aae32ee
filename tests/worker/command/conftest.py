"""The command line, run in the process of the test."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.worker.voices.library import voice
from worker.command import main as command
from worker.log import ROOT as LOGGER


@dataclass
class Ended:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Runs the command line in this process, in a folder with one recording and its words."""
    (tmp_path / "my voice.wav").write_bytes(voice())
    (tmp_path / "my voice.srt").write_text("1\n00:00:00,000 --> 00:00:03,000\nWords of mine.\n")
    for name in [name for name in os.environ if name.startswith(("S3_", "AWS_", "F5_", "LOCAL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LOCAL_STORAGE_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "leave", sys.exit)
    log = logging.getLogger(LOGGER)
    level, handlers = log.level, log.handlers[:]

    def ended(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["worker", *arguments])
        with pytest.raises(SystemExit) as end:
            command.main()
        said = capsys.readouterr()
        return Ended(int(end.value.code or 0), said.out, said.err)

    yield ended
    log.setLevel(level)
    log.handlers[:] = handlers
