"""Every block of code in a document is run, read by what it is for, or says that it is not run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from engine.weights.card import read_card
from worker.jobs.answer import SpeechFacts
from worker.operations.table import OPERATIONS
from worker.request.parse import parse
from worker.settings.load import Settings

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = [ROOT / "README.md", ROOT / "CONFIG.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(document.relative_to(ROOT), *block, id=f"{document.name}-{number}")
    for document in DOCUMENTS
    for number, block in enumerate(BLOCK.findall(document.read_text("utf-8")))
]
# The tests that run what a shell or an interpreter runs.
RUN_BY = {
    "README.md": "tests/whole/test_typed_blocks.py",
    "docs/command.md": "tests/whole/test_typed_blocks.py",
    "docs/deploy.md": "tests/whole/test_typed_blocks.py",
    "docs/voices.md": "tests/whole/test_typed_blocks.py",
    "docs/http.md": "tests/whole/test_http_doc.py",
    "docs/scaling.md": "tests/tools/docs/test_scaling.py",
}
DATA = {"json", "env", "yaml", "text"}  # text: a picture of letters
NOT_RUN = "sh not run here"


@pytest.mark.parametrize(("document", "kind", "code"), BLOCKS)
def test_a_block_is_of_a_kind_that_is_tested_or_says_that_it_is_not(
    document: Path, kind: str, code: str
) -> None:
    if kind in {"sh", "python", "js", ""}:
        test = RUN_BY[str(document)]
        assert document.name in (ROOT / test).read_text("utf-8") or document.stem in test
    else:
        assert kind in {*DATA, NOT_RUN}
    if not kind:
        assert all(line.startswith("f5worker ") for line in code.splitlines())


def of_kind(wanted: str) -> list[Any]:
    return [block for block in BLOCKS if block.values[1] == wanted]


@pytest.mark.parametrize(("document", "kind", "code"), of_kind("json"))
def test_jobs_and_answers_are_such(document: Path, kind: str, code: str) -> None:
    found = json.loads(code)
    if "input" in found and "openai_route" not in found["input"]:
        assert parse(found["input"], OPERATIONS, Settings()).warnings == ()
    elif "voices" in found:
        assert parse(found, OPERATIONS, Settings()).input
    elif "audio_url" in found:
        facts = set(SpeechFacts.__dataclass_fields__)
        assert set(found) <= facts | {"audio_url", "url_kind", "expires_at"}


@pytest.mark.parametrize(("document", "kind", "code"), of_kind("env"))
def test_settings_are_taken(document: Path, kind: str, code: str) -> None:
    """`...` stands for a secret; what a document says is warned of may be."""
    pairs = [line.split("=", 1) for line in code.splitlines() if re.match(r"\w+=", line)]
    assert pairs
    Settings.load(dict(pairs))


@pytest.mark.parametrize(("document", "kind", "code"), of_kind("yaml"))
def test_cards_are_read(document: Path, kind: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_text(code)
    assert read_card(tmp_path / "card.yaml").notice
