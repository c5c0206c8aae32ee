"""The image: `docker build` cannot run here, so its steps are followed with what it copies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from standins.checkpoints import make_checkpoint, make_vocos
from standins.waiting import PATIENCE_S
from tools import fetch_weights

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def stage(name: str) -> str:
    """The instructions of one build stage."""
    found = re.search(rf"^FROM .* AS {name}$(.*?)^FROM ", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert found, name
    return found.group(1)


def copy_into(directory: Path, instructions: str) -> None:
    """Does the stage's COPY instructions."""
    for line in re.findall(r"^COPY (.*)$", instructions, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            to = directory / target
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, to)
            elif target.endswith("/"):
                to.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, to)
            else:
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, to)


@pytest.fixture
def weights_stage(tmp_path: Path) -> Path:
    directory = tmp_path / "app"
    directory.mkdir()
    copy_into(directory, stage("environment"))
    copy_into(directory, stage("weights"))
    return directory


def fetch(directory: Path, model: str, to: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.fetch_weights", "--model", model, "--to", str(to)],
        cwd=directory,
        env={"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "HF_HOME": str(to / "none")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def test_the_weights_stage_has_what_its_command_imports(
    weights_stage: Path, tmp_path: Path
) -> None:
    make_checkpoint(tmp_path / "models" / "tiny")
    make_vocos(tmp_path / "models" / "vocos-mel-24khz")
    result = fetch(weights_stage, "tiny", tmp_path / "models")
    assert result.returncode == 0, result.stderr


def test_the_demo_needs_no_baking(tmp_path: Path) -> None:
    assert fetch_weights.main(["--model", "demo", "--to", str(tmp_path / "models")]) == 0
    assert not any((tmp_path / "models").iterdir())


def test_a_model_that_cannot_be_had_fails_the_build(weights_stage: Path, tmp_path: Path) -> None:
    result = fetch(weights_stage, "F5TTS_v1_Base", tmp_path / "models")
    assert result.returncode == 1
    assert "F5TTS_v1_Base" in result.stderr
    assert "Traceback" not in result.stderr


def test_no_model_can_be_baked_in(tmp_path: Path) -> None:
    assert fetch_weights.main(["--model", "", "--to", str(tmp_path / "models")]) == 0


def pip_is_asked(directory: Path, venv: Path, *kind: str, **environ: str) -> list[list[str]]:
    """The arguments of each call of pip by tools/install.sh, run with a pip that only writes them
    down: a real installation takes minutes and a network."""
    asked = venv / "asked"
    python = venv / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" "" >> {asked}\n')
    python.chmod(0o755)
    command = ["bash", str(directory / "tools" / "install.sh"), str(venv), *kind]
    subprocess.run(command, check=True, timeout=PATIENCE_S, env={**os.environ, **environ})
    return [call.splitlines() for call in asked.read_text().split("\n\n") if call]


def files_pip_reads(directory: Path, venv: Path, *kind: str, **environ: str) -> set[str]:
    """The requirements and constraints that tools/install.sh gives to pip."""
    words = [word for call in pip_is_asked(directory, venv, *kind, **environ) for word in call]
    return {after for word, after in pairwise(words) if word in ("-r", "-c")}


def test_the_install_step_has_its_files(weights_stage: Path, tmp_path: Path) -> None:
    names = files_pip_reads(weights_stage, tmp_path / "venv")
    assert {"requirements.txt", "constraints.txt"} <= names
    assert [name for name in names if not (weights_stage / name).is_file()] == []


@pytest.mark.parametrize("kind", ["dev", "bench"])
def test_the_install_step_of_every_environment_has_its_files(kind: str, tmp_path: Path) -> None:
    names = files_pip_reads(ROOT, tmp_path / "venv", kind)
    assert f"requirements/{kind}.txt" in names
    assert [name for name in names if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize(
    "index", ["https://wheels.test/whl/cu126", "https://wheels.test/whl/cu126/"]
)
def test_another_build_of_torch_is_the_pinned_one_or_the_build_fails(
    weights_stage: Path, tmp_path: Path, index: str
) -> None:
    """By its full version pip can only take it from that index, which has to have it."""
    pin = re.search(r"^torch==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pin
    first, second, *_ = pip_is_asked(weights_stage, tmp_path / "venv", TORCH_INDEX=index)
    assert f"torch=={pin.group(1)}+cu126" in first
    assert ("--extra-index-url", index.rstrip("/")) in set(pairwise(first))
    assert ("-c", "constraints.txt") in set(pairwise(first))
    assert "requirements.txt" in second and "--extra-index-url" not in second


def test_the_image_builds_with_that_argument() -> None:
    """Empty, it is PyPI's build."""
    build = stage("environment")
    assert re.search(r"^ARG TORCH_INDEX=$", build, re.MULTILINE)
    assert 'TORCH_INDEX="$TORCH_INDEX" tools/install.sh' in build


@pytest.mark.parametrize(
    ("parts", "wanted"), [(None, {"decode"}), ("", set()), ("text decode", {"text", "decode"})]
)
def test_the_optional_parts_are_those_named(
    weights_stage: Path, tmp_path: Path, parts: str | None, wanted: set[str]
) -> None:
    environ = {} if parts is None else {"PARTS": parts}
    names = files_pip_reads(weights_stage, tmp_path / "venv", **environ)
    optional = {f"requirements/{part}.txt" for part in ("decode", "text", "listen", "align")}
    assert names & optional == {f"requirements/{part}.txt" for part in wanted}
    assert [name for name in optional if not (weights_stage / name).is_file()] == []


def test_an_image_without_the_gpl_libraries_can_be_built() -> None:
    build = stage("environment")
    assert re.search(r"^ARG PARTS=decode$", build, re.MULTILINE)
    assert 'PARTS="$PARTS" ' in build


@pytest.mark.parametrize(("kind", "kept"), [("run", False), ("dev", True)])
def test_triton_is_left_out_of_what_only_runs(kind: str, kept: bool, tmp_path: Path) -> None:
    calls = pip_is_asked(ROOT, tmp_path / "venv", kind)
    assert any({"uninstall", "triton"} <= set(call) for call in calls) != kept


def test_the_image_runs_as_a_plain_user_and_starts_the_handler() -> None:
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER \d+$", last, re.MULTILINE)
    assert 'CMD ["python", "-u", "handler.py"]' in last
