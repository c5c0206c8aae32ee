"""Renews the tables of docs/scaling.md: each follows the command that prints it.

python -m tools.docs.scaling
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from tools.simulate.__main__ import main as simulate

DOC = Path(__file__).parent.parent.parent / "docs" / "scaling.md"
_PREFIX = "python -m tools.simulate "
_RUN = re.compile(
    r"```sh\npython -m tools\.simulate (?P<options>.+)\n```\n\n(?P<table>(?:\|.*\n)*)"
)


def runs(text: str) -> list[tuple[list[str], str]]:
    """Every command of the document, as its options, with the table below it."""
    return [(shlex.split(m["options"]), m["table"].rstrip("\n")) for m in _RUN.finditer(text)]


def table(options: list[str]) -> str:
    """The table the command prints.

    Raises:
        ValueError: the command fails.
    """
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if simulate(options) != 0:
            raise ValueError(f"the command fails: {shlex.join(options)}")
    return printed.getvalue().split("\n\n")[0]


def updated(text: str, render: Callable[[list[str]], str] = table) -> str:
    """`text` with every table renewed."""

    def renew(match: re.Match[str]) -> str:
        rows = render(shlex.split(match["options"]))
        return f"```sh\n{_PREFIX}{match['options']}\n```\n\n{rows}\n"

    return _RUN.sub(renew, text)


def main() -> int:
    """Rewrites the document; returns the exit code."""
    DOC.write_text(updated(DOC.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
