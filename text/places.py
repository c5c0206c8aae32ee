"""Where in a written text something stands, as an error message says it."""

from __future__ import annotations


def place(text: str, position: int) -> str:
    """ "line 2, column 5", both counted from 1."""
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    return f"line {line}, column {column}"
