"""What may import what: each contract of pyproject.toml notices a wrong import.

`make check` asks them about the tree as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from standins.waiting import PATIENCE_S
from tools.house.arrows import arrows, read, upward

ROOT = Path(__file__).parent.parent.parent
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
CONTRACTS: dict[str, str] = {each["id"]: each["name"] for each in LINTER["contracts"]}

# For each contract an import that breaks it: the file it is written into, what is imported, and
# what the linter has to name.
WRONG = {
    "folders": ("engine/mel.py", "worker.wording", "engine.mel -> worker.wording"),
    "entry": ("worker/app.py", "handler", "worker.app -> handler"),
    "face": ("worker/voices/library.py", "storage.keys", "worker.voices.library -> storage.keys"),
    "engine-alone": ("engine/boot.py", "boto3", "engine.boot -> boto3"),
    "storage-alone": ("storage/metadata.py", "numpy", "storage.metadata -> numpy"),
    "text-alone": ("text/tags.py", "torch", "text.tags -> torch"),
    "http-alone": ("worker/request/parse.py", "starlette", "worker.request.parse -> starlette"),
    "worker": ("worker/audio/decode.py", "worker.app", "worker.audio.decode -> worker.app"),
    "engine": ("engine/dit/model.py", "engine.boot", "engine.dit.model -> engine.boot"),
    "storage": ("storage/disk/store.py", "storage.check", "storage.disk.store -> storage.check"),
    "no-circles": ("tools/simulate/load.py", "tools.simulate.report", "tools.simulate."),
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the linter says by contract of a copy of the tree with every wrong import in it."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in LINTER["root_packages"]:
        for path in (ROOT / package).rglob("*.py"):
            target = copy / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    for file, module, _ in WRONG.values():
        with (copy / file).open("a") as source:
            source.write(f"\nimport {module}\n")
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=copy,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    broken = result.stdout.partition("Broken contracts\n----------------\n")[2]
    _, *sections = re.split(r"^(.+)\n-+\n", broken, flags=re.MULTILINE)
    return dict(zip(sections[::2], sections[1::2], strict=True))


def test_every_contract_is_tried() -> None:
    assert WRONG.keys() == CONTRACTS.keys()


@pytest.mark.parametrize("contract", WRONG)
def test_a_wrong_import_breaks_its_contract(contract: str, complaints: dict[str, str]) -> None:
    assert WRONG[contract][2] in complaints[CONTRACTS[contract]]


@pytest.fixture(scope="module")
def modules() -> dict[str, Any]:
    """Every module of the tree; reading them takes some seconds."""
    return read(ROOT)


def test_nothing_imports_what_stands_above_it_single_files_included(
    modules: dict[str, Any],
) -> None:
    assert upward(arrows(modules.values())) == set()


def test_the_face_of_storage_is_storage_and_nothing_else(modules: dict[str, Any]) -> None:
    imported = {name.partition(".")[0] for name in modules["s3_utils"].imports}
    assert imported <= {"storage", "errors"}
