"""GitHub's workflows: what can be known without GitHub. They have not run there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from standins.waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CI, RELEASE = (yaml.safe_load(f.read_text("utf-8")) for f in FILES)


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", ())]


ALL_STEPS = [*steps(CI), *steps(RELEASE)]
SCRIPTS = [step["run"] for step in ALL_STEPS if "run" in step]


def triggers(workflow: dict[Any, Any]) -> dict[str, Any]:
    return workflow[True]  # YAML 1.1 reads the key `on` as true


def test_the_two_workflows_are_there() -> None:
    assert [f.name for f in FILES] == ["ci.yml", "release.yml"]


@pytest.mark.parametrize("script", SCRIPTS, ids=range(len(SCRIPTS)))
def test_every_script_is_valid_bash_and_has_no_text_of_others_in_it(script: str) -> None:
    """Names of tags and branches reach scripts as variables only: as text they would be run."""
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    assert "${{" not in script


def test_ci_is_what_a_submission_must_pass_on_the_supported_python() -> None:
    assert [s["run"] for s in steps(CI) if "run" in s] == [".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert 'requires-python = ">=3.11,<3.12"' in (ROOT / "pyproject.toml").read_text()
    versions = [
        s["with"]["python-version"] for s in ALL_STEPS if "python-version" in s.get("with", {})
    ]
    assert set(versions) == {"3.11"}


def test_a_change_of_any_requirement_renews_ci_s_cache() -> None:
    [paths] = [
        s["with"]["cache-dependency-path"] for s in steps(CI) if "cache" in s.get("with", {})
    ]
    watched = {path for pattern in paths.split() for path in ROOT.glob(pattern)}
    wanted = {ROOT / "requirements.txt", ROOT / "constraints.txt"}
    assert wanted | set((ROOT / "requirements").iterdir()) <= watched


def test_ci_runs_on_every_change() -> None:
    assert {"push", "pull_request", "workflow_call"} <= set(triggers(CI))


def test_an_image_is_pushed_on_a_release_only_and_after_ci() -> None:
    assert triggers(RELEASE) == {"release": {"types": ["published"]}}
    called = ROOT / RELEASE["jobs"]["check"]["uses"].removeprefix("./")
    assert called == ROOT / ".github" / "workflows" / "ci.yml"
    assert RELEASE["jobs"]["image"]["needs"] == "check"


def test_only_the_job_that_pushes_may_write_and_only_packages() -> None:
    assert CI["permissions"] == RELEASE["permissions"] == {"contents": "read"}
    assert RELEASE["jobs"]["image"]["permissions"] == {"contents": "read", "packages": "write"}
    secrets = re.findall(r"secrets\.(\w+)", FILES[1].read_text())
    assert secrets == ["GITHUB_TOKEN"]


def test_an_image_runs_a_job_before_it_is_pushed() -> None:
    scripts = [s["run"] for s in steps(RELEASE) if "run" in s]
    words = re.findall(r"docker (build|run|push)", "\n".join(scripts))
    assert words == ["build", "run", "push"]


def test_the_image_without_weights_is_tried_with_the_demo_checkpoint() -> None:
    variants = {v["suffix"]: v for v in RELEASE["jobs"]["image"]["strategy"]["matrix"]["include"]}
    assert (variants[""]["weights"], variants[""]["model"]) == ("F5TTS_v1_Base", "F5TTS_v1_Base")
    assert (variants["-bare"]["weights"], variants["-bare"]["model"]) == ("", "demo")
    assert "ARG F5_MODEL" in (ROOT / "Dockerfile").read_text()


def test_an_image_is_made_for_drivers_before_cuda_13() -> None:
    """Under a tag of its own, by the one build argument that says whose wheels of torch."""
    variants = {v["suffix"]: v for v in RELEASE["jobs"]["image"]["strategy"]["matrix"]["include"]}
    assert {suffix: v["index"] for suffix, v in variants.items()} == {
        "": "",
        "-cu126": "https://download.pytorch.org/whl/cu126",
        "-bare": "",
    }
    assert variants["-cu126"]["weights"] == variants[""]["weights"]
    [build] = [s["run"] for s in steps(RELEASE) if "docker build" in s.get("run", "")]
    assert '--build-arg "TORCH_INDEX=$TORCH_INDEX"' in build


@pytest.mark.parametrize("prerelease", [False, True])
def test_the_release_s_first_script_names_the_images(tmp_path: Path, prerelease: bool) -> None:
    """The script as it is, in a copy of the repository whose changelog is dated."""
    [script] = [s["run"] for s in steps(RELEASE) if "tools.release" in s.get("run", "")]
    copy = tmp_path / "repository"
    (copy / "tools").mkdir(parents=True)
    for name in ("tools/__init__.py", "tools/release.py", "pyproject.toml"):
        (copy / name).write_text((ROOT / name).read_text())
    (copy / "CHANGELOG.md").write_text("## [0.1.0] - 2027-01-02\n")
    (copy / "pyproject.toml").write_text('[project]\nversion = "0.1.0"\n')
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TAG": "v0.1.0",
        "PRERELEASE": "--prerelease" if prerelease else "",
        "SUFFIX": "-bare",
        "GITHUB_REPOSITORY": "Owner/Worker",
        "RUNNER_TEMP": str(tmp_path),
    }
    result = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], cwd=copy, env=environment, timeout=PATIENCE_S
    )
    assert result.returncode == 0
    names = (tmp_path / "tags").read_text().split()
    versions = ["0.1.0"] if prerelease else ["0.1.0", "0.1", "latest"]
    assert names == [f"ghcr.io/owner/worker:{version}-bare" for version in versions]
