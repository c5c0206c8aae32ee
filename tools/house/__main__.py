"""Measures how a checkout is built: entries and arrows in view, circles, sizes.

    python -m tools.house                    # this checkout
    python -m tools.house OTHER . --trace    # another beside this one, and one traced job of each

With `--trace` each checkout runs one local job, and the product files it enters are counted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.house.figures import figures
from tools.house.trace import trace

ROOT = Path(__file__).parent.parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a Markdown table with one column a checkout; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.house",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("checkouts", nargs="*", type=Path, default=[ROOT])
    parser.add_argument("--trace", action="store_true", help="also run one job in each")
    options = parser.parse_args(arguments)
    found = {}
    for path in options.checkouts:
        root = path.resolve()
        if not (root / "handler.py").is_file():
            parser.error(f"{path} is not a checkout: it has no handler.py")
        found[str(path)] = figures(root) | (trace(root) if options.trace else {})
    sys.stdout.write(table(found) + "\n")
    return 0


def table(found: Mapping[str, Mapping[str, str]]) -> str:
    """One row a figure, one column a checkout."""
    names = list(dict.fromkeys(name for column in found.values() for name in column))
    lines = [["figure", *found], ["---"] * (1 + len(found))]
    lines += [[name, *(column.get(name, "") for column in found.values())] for name in names]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
