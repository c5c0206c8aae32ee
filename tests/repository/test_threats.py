"""docs/threats.md promises only what a test holds."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "threats.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and "held by |" not in line]


def test_every_line_of_the_tables_names_the_test_that_holds_it() -> None:
    assert len(ROWS) > 20
    assert [row for row in ROWS if not NAMED.search(row.rpartition(" | ")[2])] == []


def test_every_test_named_there_exists() -> None:
    named = NAMED.findall(TEXT)
    assert named
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []
