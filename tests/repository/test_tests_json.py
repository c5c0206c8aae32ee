"""What the Hub runs against each release: jobs this worker accepts, on the image it builds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from standins.waiting import PATIENCE_S
from tests.repository.test_hub_json import LISTING, OWN, dockerfile_env, schema
from worker.operations.table import OPERATIONS
from worker.request.parse import parse
from worker.request.speech import SpeechInput
from worker.settings.load import Settings

ROOT = Path(__file__).parent.parent.parent
FILE: dict[str, Any] = json.loads((ROOT / ".runpod" / "tests.json").read_text("utf-8"))
CASES = FILE["tests"]
ENVIRONMENT = {item["key"]: item["value"] for item in FILE["config"]["env"]}


def test_the_file_has_the_documented_form() -> None:
    assert list(schema("tests.schema.json").iter_errors(FILE)) == []


def test_the_schema_refuses_seconds_and_wrapped_tests() -> None:
    check = schema("tests.schema.json")
    assert not check.is_valid({**FILE, "tests": [{**CASES[0], "timeout": 60}]})
    assert not check.is_valid({**FILE, "tests": [{"name": "x"}]})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_every_input_is_accepted_without_a_warning(case: dict[str, Any]) -> None:
    assert parse(case["input"], OPERATIONS, Settings()).warnings == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_no_input_needs_more_than_the_image_brings(case: dict[str, Any]) -> None:
    """No bucket, no link, no library: only the bundled voice."""
    request = parse(case["input"], OPERATIONS, Settings()).input
    if isinstance(request, SpeechInput):
        voices = {request.voice, *(s.voice for s in request.segments or ())} - {None}
        assert voices == {"demo"}
        assert (ROOT / "assets" / "voices" / "demo.flac").is_file()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_every_job_succeeds_with_the_demo_checkpoint(case: dict[str, Any], tmp_path: Path) -> None:
    """What can be run here: the Hub's image has the official model in its place."""
    environment = {**os.environ, **ENVIRONMENT, "F5_MODEL": "demo"}
    environment |= {"LOCAL_STORAGE_DIR": str(tmp_path), "F5_WARMUP": "false"}
    result = subprocess.run(
        [sys.executable, "handler.py", "--test_input", json.dumps({"input": case["input"]})],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert result.returncode == 0, result.stderr[-2000:]


def test_the_environment_is_valid_and_names_the_baked_model() -> None:
    image = {k: v for k, v in dockerfile_env().items() if k in OWN}
    settings = Settings.load({**image, **ENVIRONMENT})
    assert settings.warnings == ()
    assert settings.storage.mode == "local"
    assert settings.model.model == dockerfile_env()["F5_MODEL"]


def test_it_runs_where_the_listing_runs() -> None:
    assert set(FILE["config"]["allowedCudaVersions"]) <= set(
        LISTING["config"]["allowedCudaVersions"]
    )
    assert FILE["config"]["gpuCount"] == LISTING["config"]["gpuCount"]
    assert "ADA_24" in LISTING["config"]["gpuIds"]  # the pool of the RTX 4090


def test_the_first_job_may_take_a_cold_start() -> None:
    assert CASES[0]["timeout"] == max(case["timeout"] for case in CASES)
