"""The word lists of the rules: `tables/en/titles.tsv`, `tables/de/spelled.txt` ...

A `.tsv` has a head line and one entry a line; a `.txt` holds words, and comments after `#`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "tables"


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a `.tsv` without its head."""
    text = (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8")
    return tuple(tuple(line.split("\t")) for line in text.splitlines()[1:] if line)


@cache
def pairs(name: str) -> dict[str, str]:
    """The first two columns of a `.tsv`."""
    return {row[0]: row[1] for row in rows(name)}


@cache
def words(name: str) -> tuple[str, ...]:
    """The words of a `.txt`, in order."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())
