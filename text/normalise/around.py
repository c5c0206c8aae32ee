"""What stands around a match."""

from __future__ import annotations

import re

_REST = re.compile(r"\s*$")


def before(match: re.Match[str], length: int = 24) -> str:
    """The few characters before a match."""
    return match.string[max(0, match.start() - length) : match.start()]


def after(match: re.Match[str], length: int = 24) -> str:
    """The few characters after a match."""
    return match.string[match.end() : match.end() + length]


def is_last(match: re.Match[str]) -> bool:
    """True when only blanks follow."""
    return (
        len(match.string) - match.end() < 80 and _REST.match(match.string, match.end()) is not None
    )
