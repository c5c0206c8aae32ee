"""tools/install.sh: the command it writes runs from any folder, whatever lies there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from standins.waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def f5worker(tmp_path: Path) -> Path:
    """The command as the last part of the script writes it, into an environment like this one."""
    script = (ROOT / "tools" / "install.sh").read_text("utf-8")
    part = script[script.index('cat > "$venv/bin/f5worker"') :]
    venv = tmp_path / "an environment"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    subprocess.run(["bash", "-euc", f"venv='{venv}'\n{part}"], cwd=ROOT, check=True)
    return venv / "bin" / "f5worker"


def run(f5worker: Path, folder: Path, *arguments: str, **env: str) -> tuple[int, str]:
    done = subprocess.run(
        [f5worker, *arguments], cwd=folder, env={"PATH": os.environ["PATH"], **env},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_it_runs_beside_files_named_as_our_modules(f5worker: Path, tmp_path: Path) -> None:
    for name in ("errors.py", "typer.py", "json.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong file')")
    code, said = run(f5worker, tmp_path, "--help")
    assert code == 0 and "Usage: f5worker" in said


def test_the_library_is_the_checkouts_unless_the_environment_says_so(
    f5worker: Path, tmp_path: Path
) -> None:
    assert f"{ROOT}/data/voices/" in run(f5worker, tmp_path, "voices", "list")[1]
    for name in ("LOCAL_STORAGE_DIR", "STORAGE_LOCAL_PATH"):
        code, said = run(f5worker, tmp_path, "voices", "list", **{name: str(tmp_path / "own")})
        assert code == 0 and f"{tmp_path}/own/voices/" in said.replace("\n", "")
