"""The commands that README.md and docs/command.md, docs/deploy.md and docs/voices.md show are typed
as they stand there, in a folder with what they name."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from standins.local_worker import wav
from standins.platform import ROOT, environment
from standins.waiting import PATIENCE_S

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: str) -> list[str]:
    found = BLOCK.findall((ROOT / document).read_text("utf-8"))
    return [code for kind, code in found if kind in ("sh", "") and "f5worker" in code]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the documents name: one's voice, a text, a job; and a `f5worker` and a microphone."""
    desk = tmp_path / "desk"
    programs = [desk / ".venv-run" / "bin" / "f5worker", desk / "bin" / "f5worker"]
    command = f'#!/bin/sh\nexec "{sys.executable}" -m worker "$@"\n'
    recorder = f'#!/bin/sh\nfor last; do :; done\ncp "{tmp_path}/recorded.wav" "$last"\n'
    for path in (*programs, desk / "bin" / "arecord"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(recorder if path.name == "arecord" else command)
        path.chmod(0o755)
    for sound in (tmp_path / "recorded.wav", desk / "me.wav"):
        sound.write_bytes(wav())
    (desk / "me.txt").write_text("What I say in it, word for word.")
    (desk / "book.txt").write_text("A short book.")
    (desk / "job.json").write_text(json.dumps({"input": {"text": "Good morning!"}}))
    return desk


def typed(block: str, folder: Path, model: Path) -> str:
    own = {
        "F5_MODEL": str(model), "LOCAL_STORAGE_DIR": str(folder.parent / "data"),
        "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1",
    }  # fmt: skip
    env = environment(own)
    env["PATH"] = f"{folder}/bin:{env['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", block], cwd=folder, env=env, capture_output=True, text=True,
        timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_ones_own_sentence_in_ones_own_voice_takes_three_lines(
    folder: Path, tiny_model: Path
) -> None:
    [block] = blocks("README.md")
    assert len(block.splitlines()) == 3
    assert "out.wav" in typed(block, folder, tiny_model)
    assert (folder / "out.wav").stat().st_size > 1000


def test_doctor_is_asked_before_deploying(folder: Path, tiny_model: Path) -> None:
    [block] = blocks("docs/deploy.md")
    assert json.loads(typed(block, folder, tiny_model))["healthy"] is True


@pytest.mark.slow
def test_the_command_lines_page(folder: Path, tiny_model: Path) -> None:
    [block] = blocks("docs/command.md")
    typed(block, folder, tiny_model)
    for name in ("out.wav", "out-1.flac", "out-2.flac", "book.mp3", "book.srt", "book.vtt"):
        assert (folder / name).stat().st_size > 10
    assert json.loads((folder / "answer.json").read_text())["status"] == "completed"


@pytest.mark.slow
def test_the_voices_page(folder: Path, tiny_model: Path) -> None:
    stored = folder.parent / "data" / "voices"
    stored.mkdir(parents=True)
    (stored / "Dorota.wav").write_bytes(wav())
    (stored / "Dorota.txt").write_text("What I say in it, word for word.")
    for block in blocks("docs/voices.md"):
        typed(block, folder, tiny_model)
