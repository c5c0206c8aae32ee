"""The model's vocabulary, as the engine would hand it to the text front end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def knows() -> Callable[[str], bool]:
    """Whether the demo's vocabulary, which is the published one, has a character."""
    lines = Path("assets/demo/vocab.txt").read_text(encoding="utf-8").split("\n")
    known = frozenset(lines)
    return lambda character: character in known or "\u4e00" <= character <= "\u9fff"
