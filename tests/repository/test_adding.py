"""What README's "To add ..." names is there, and adding in that one place is enough."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import Literal

import pytest

import storage.s3.providers as providers
import text.normalise as normalise
from s3_utils import StorageConfig
from storage.s3.endpoints import resolve_endpoint
from text.normalise.rules import Rule
from text.spans import Mapped
from tools.docs.config import table
from worker.app import App
from worker.operations import base, upkeep
from worker.operations import table as operations
from worker.settings.env import Group, Reader, setting

ROOT = Path(__file__).parent.parent.parent
SECTION = (ROOT / "README.md").read_text("utf-8").split("## To add ...")[1].split("\n## ")[0]
ROWS = dict(re.findall(r"^\| (?!to add)(\w[^|]+) \| ([^|]+) \|$", SECTION, re.MULTILINE))
QUOTED = re.compile(r"`([^`]+)`")


def defined(path: Path) -> set[str]:
    """The names a module defines or imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            found |= {each.name for each in node.names}
    return found


def test_the_list_has_a_row_for_whatever_is_added() -> None:
    assert len(ROWS) >= 12
    assert {"an audio format", "a setting", "a job field", "a language"} <= ROWS.keys()


@pytest.mark.parametrize("added", ROWS)
def test_what_a_row_names_is_where_it_says(added: str) -> None:
    quoted = QUOTED.findall(ROWS[added])
    places = [ROOT / each for each in quoted if "/" in each or each.endswith(".py")]
    names = {each for each in quoted if each.isidentifier() and each != "F5_MODEL"}
    assert places, "a row names a file"
    assert all(place.exists() for place in places)
    known: set[str] = set()
    for place in places:
        known |= defined(place) if place.is_file() else set()
    assert names <= known


def test_an_operation_is_known_by_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    class Echo(base.Operation):
        endpoint: Literal["echo"]

        def run(self, app: App, caller: str) -> base.Answer:
            return {"caller": caller}

    monkeypatch.setattr(upkeep, "Echo", Echo, raising=False)
    try:
        assert importlib.reload(operations).OPERATIONS["echo"] is Echo
    finally:
        monkeypatch.undo()
        importlib.reload(operations)
    assert "echo" not in operations.OPERATIONS


def test_a_setting_is_read_checked_and_documented_by_its_line() -> None:
    class Own(Group):
        chunks: int = setting("MY_CHUNKS MY_OLD_CHUNKS", 3, "5", ge=1)
        """Chunks of a job"""

    assert Reader({}).read(Own).chunks == 3
    assert Reader({"my_old_chunks": "4"}).read(Own).chunks == 4
    wrong = Reader({"MY_CHUNKS": "0"})
    assert wrong.read(Own).chunks == 3
    assert wrong.problems == ["MY_CHUNKS='0': must be at least 1"]
    assert table(Own).endswith("| `MY_CHUNKS` | Chunks of a job | `3` | `5` | `MY_OLD_CHUNKS` |")


def test_a_provider_is_known_by_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    row = providers._row("mine", r"s3\.{region}\.example-storage\.net", presigns=False)
    monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, row))
    found = resolve_endpoint(
        StorageConfig(bucket="b", endpoint_url="https://s3.eu-1.example-storage.net")
    )
    assert (found.provider.name, found.region) == ("mine", "eu-1")


def test_a_text_rule_is_followed_from_the_list_it_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    from text.normalise import german

    rule = Rule("hearts", re.compile("♥"), lambda _: "Herz")
    normalise._rules.cache_clear()
    monkeypatch.setattr(german, "RULES", (rule, *german.RULES))
    try:
        assert normalise.normalise(Mapped.of("Ein ♥ da."), "de").text == "Ein Herz da."
    finally:
        normalise._rules.cache_clear()
