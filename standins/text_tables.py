"""The tables of written and spoken texts in tests/text/tables, described in their README.md."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

TABLES = Path(__file__).parent.parent / "tests" / "text" / "tables"


@dataclass(frozen=True)
class Row:
    """One row of a table; `spoken` with `{a|b}` and ` || ` for alternatives."""

    number: str
    kind: str
    written: str
    spoken: str
    forbidden: str
    language: str


def rows(name: str, language: str) -> list[Row]:
    """The rows of one table."""
    with (TABLES / f"{name}.tsv").open(encoding="utf-8") as file:
        table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            Row(r["id"], r["class"], r["written"], r["spoken"], r["not"], language) for r in table
        ]
