"""The Hub's files: of the documented form, asking only for what the worker reads, and running jobs
that this worker accepts on the image it builds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from standins.local_worker import Worker
from standins.waiting import PATIENCE_S
from tools.hub.__main__ import HTTP_HUB, HUB
from tools.hub.form import HTTP_VALUES, IMAGE_DEFAULTS, PRESETS
from tools.hub.listing import CUDA_VERSIONS, http_listing, listing, text
from worker.operations.table import OPERATIONS
from worker.request.parse import parse
from worker.request.speech import SpeechInput
from worker.settings.env import variables
from worker.settings.load import GROUPS, Settings

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LISTING: dict[str, Any] = json.loads(HUB.read_text("utf-8"))
INPUTS: dict[str, dict[str, Any]] = {e["key"]: e["input"] for e in LISTING["config"]["env"]}
TESTS: dict[str, Any] = json.loads((ROOT / ".runpod" / "tests.json").read_text("utf-8"))
CASES = TESTS["tests"]
TESTS_ENV = {item["key"]: item["value"] for item in TESTS["config"]["env"]}
OWN = {env.name: env for group in GROUPS.values() for env in variables(group).values()}


def schema(name: str) -> Draft202012Validator:
    content = json.loads((HERE / name).read_text())
    Draft202012Validator.check_schema(content)
    return Draft202012Validator(content)


def as_environment(values: dict[str, Any]) -> dict[str, str]:
    """Form values as the environment variables a deployment gets."""
    shown = {True: "true", False: "false"}
    return {k: shown[v] if isinstance(v, bool) else str(v) for k, v in values.items()}


def dockerfile_env() -> dict[str, str]:
    last = (ROOT / "Dockerfile").read_text().rsplit("\nFROM ", 1)[1]
    found = dict(re.findall(r"(\w+)=(\S+)", last.split("ENV ")[1].split("\nCOPY")[0]))
    return {name: re.sub(r"\$\{\w+:-(\S+)\}", r"\1", value) for name, value in found.items()}


def test_the_file_is_what_the_settings_say() -> None:
    assert HUB.read_text("utf-8") == text(listing()), "run `make config-doc`"
    assert HTTP_HUB.read_text("utf-8") == text(http_listing()), "run `make config-doc`"


def test_the_listing_for_load_balancing_serves_http_within_the_platform_s_limits() -> None:
    found = json.loads(HTTP_HUB.read_text("utf-8"))
    assert list(schema("hub.schema.json").iter_errors(found)) == []
    assert found["config"]["endpointType"] == "LB"
    keys = [each["key"] for each in found["config"]["env"]]
    assert len(set(keys)) == len(keys) and set(keys) <= set(OWN)
    fixed = {e["key"]: e["value"] for e in found["config"]["env"] if "value" in e}
    assert fixed == dict(HTTP_VALUES)
    settings = Settings.load(fixed)
    assert settings.warnings == () and settings.http.serve == "http"
    assert settings.jobs.timeout_s < 330 and settings.http.max_body_bytes <= 30_000_000


def test_the_check_command_accepts_the_file() -> None:
    command = [sys.executable, "-m", "tools.hub", "--check"]
    assert subprocess.run(command, cwd=ROOT, timeout=PATIENCE_S).returncode == 0


def test_the_listing_has_the_documented_form() -> None:
    assert list(schema("hub.schema.json").iter_errors(LISTING)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("type",), "pod"),
        (("category",), "speech"),
        (("config", "runsOn"), "TPU"),
        (("config", "gpuIds"), "RTX 9999"),
        (("config", "allowedCudaVersions"), ["13"]),
        (("config", "containerDiskInGb"), "20"),
        (("config", "env", 0, "input", "type"), "secret"),
        (("config", "env", 0, "input", "min"), 1),
        (("config", "env", 0, "value"), "both a value and an input"),
        (("config", "presets", 0, "default"), {}),
    ],
)
def test_the_schema_refuses_what_the_guide_does_not_know(
    path: tuple[str | int, ...], value: Any
) -> None:
    wrong = json.loads(json.dumps(LISTING))
    place = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not schema("hub.schema.json").is_valid(wrong)


def test_every_input_is_a_variable_under_its_own_name() -> None:
    assert set(INPUTS) <= set(OWN)
    assert len(INPUTS) == len(LISTING["config"]["env"])


@pytest.mark.parametrize(
    ("key", "option"),
    [(key, o["value"]) for key, field in INPUTS.items() for o in field.get("options", ())],
)
def test_every_option_is_accepted(key: str, option: str) -> None:
    bucket = {"S3_BUCKET": "b"} if key == "STORAGE_MODE" else {}
    assert Settings.load({key: option, **bucket}).warnings == ()


@pytest.mark.parametrize(
    ("key", "bound", "beyond"),
    [
        (key, field[side], field[side] + step)
        for key, field in INPUTS.items()
        for side, step in (("min", -1), ("max", 1))
        if side in field
    ],
)
def test_limits_of_numbers_are_the_worker_s_own(key: str, bound: float, beyond: float) -> None:
    from errors import ConfigError

    Settings.load({key: str(bound)})
    with pytest.raises(ConfigError, match=key):
        Settings.load({key: str(beyond)})


def test_the_form_s_defaults_change_nothing() -> None:
    """Deploying without touching the form is running the image as it is."""
    defaults = {key: field["default"] for key, field in INPUTS.items() if "default" in field}
    image = {k: v for k, v in dockerfile_env().items() if k in OWN}
    deployed = Settings.load({**image, **as_environment(defaults)})
    assert deployed == Settings.load(image)
    assert deployed.warnings == ()


def test_the_image_s_own_values_are_the_dockerfile_s() -> None:
    image = dockerfile_env()
    assert {name: image[name] for name in IMAGE_DEFAULTS} == dict(IMAGE_DEFAULTS)


def test_empty_fields_of_the_form_are_unset() -> None:
    assert Settings.load(dict.fromkeys(INPUTS, "")) == Settings.load({})


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_working_environment(name: str) -> None:
    [preset] = [p for p in LISTING["config"]["presets"] if p["name"] == name]
    assert set(preset["defaults"]) <= set(INPUTS), "a preset may only set what the form shows"
    secrets = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
    settings = Settings.load({**as_environment(preset["defaults"]), **secrets})
    assert settings.warnings == ()
    assert settings.model.model == preset["defaults"]["F5_MODEL"]


def test_secrets_have_no_default_and_name_a_safer_place() -> None:
    secret = [key for key in INPUTS if OWN[key].secret]
    assert "AWS_SECRET_ACCESS_KEY" in secret
    for key in secret:
        assert "default" not in INPUTS[key]
        assert "RUNPOD_SECRET_" in INPUTS[key]["description"]


def test_what_a_first_deployment_needs_is_not_hidden() -> None:
    shown = {key for key, field in INPUTS.items() if not field["advanced"]}
    assert {"S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= shown
    assert len(shown) <= 6


def test_cuda_versions_fit_the_pinned_torch() -> None:
    """torch 2.13.0's wheel requires cuda-toolkit 13.0.3; a new pin needs a new look here."""
    assert "torch==2.13.0 " in (ROOT / "requirements.txt").read_text()
    assert CUDA_VERSIONS == ["13.0"]


def test_the_repository_holds_what_the_hub_requires() -> None:
    for name in ("handler.py", "Dockerfile", "README.md", ".runpod/tests.json"):
        assert (ROOT / name).is_file(), name
    # The guide: files in .runpod take precedence; an override would build another image.
    assert not (ROOT / ".runpod" / "Dockerfile").exists()


# What the Hub runs against each release, .runpod/tests.json.


def test_the_tests_have_the_documented_form() -> None:
    assert list(schema("tests.schema.json").iter_errors(TESTS)) == []


def test_the_schema_refuses_seconds_and_wrapped_tests() -> None:
    check = schema("tests.schema.json")
    assert not check.is_valid({**TESTS, "tests": [{**CASES[0], "timeout": 60}]})
    assert not check.is_valid({**TESTS, "tests": [{"name": "x"}]})


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


@pytest.fixture(scope="module")
def worker(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """As the tests' settings make it, with a tiny model in place of the official one."""
    own = {"LOCAL_STORAGE_DIR": str(tmp_path_factory.mktemp("data")), "F5_WARMUP": "false"}
    worker = Worker({**TESTS_ENV, "F5_MODEL": str(tiny_model), **own})
    yield worker
    worker.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_every_job_succeeds_with_a_tiny_model(case: dict[str, Any], worker: Worker) -> None:
    """What can be run here: the Hub's image has the official model in its place, and its steps."""
    job = case["input"] if "endpoint" in case["input"] else {**case["input"], "nfe_step": 4}
    output = worker.run(job)
    assert "error" not in output, output


def test_the_environment_is_valid_and_names_the_baked_model() -> None:
    image = {k: v for k, v in dockerfile_env().items() if k in OWN}
    settings = Settings.load({**image, **TESTS_ENV})
    assert settings.warnings == ()
    assert settings.storage.mode == "local"
    assert settings.model.model == dockerfile_env()["F5_MODEL"]


def test_it_runs_where_the_listing_runs() -> None:
    assert set(TESTS["config"]["allowedCudaVersions"]) <= set(
        LISTING["config"]["allowedCudaVersions"]
    )
    assert TESTS["config"]["gpuCount"] == LISTING["config"]["gpuCount"]
    assert "ADA_24" in LISTING["config"]["gpuIds"]  # the pool of the RTX 4090


def test_the_first_job_may_take_a_cold_start() -> None:
    assert CASES[0]["timeout"] == max(case["timeout"] for case in CASES)
