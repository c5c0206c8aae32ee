"""JSON objects in which a field stands twice: a parser drops one of them without a word."""

from __future__ import annotations

from typing import Any

from errors import InvalidInput, show


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Raises InvalidInput: a field is in it twice, of which one would be dropped."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise twice(name)
            seen.add(name)
    return found


def twice(name: str) -> InvalidInput:
    """The refusal of a field that is given twice."""
    return InvalidInput(f"Wrong input: {show(name)[1:-1]} is given twice.", "Give it once.")
