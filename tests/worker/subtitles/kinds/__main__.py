"""Prints the table: `python -m tests.worker.subtitles.kinds`."""

from __future__ import annotations

import sys
from collections import Counter

from tests.worker.subtitles.kinds.table import KINDS, outcome


def main() -> None:
    """Writes each kind and what becomes of it, then how many are right, refused and wrong."""
    found = [(kind.what, outcome(kind)) for kind in KINDS]
    for what, became in found:
        sys.stdout.write(f"{what:40} {became}\n")
    counts = Counter(became.partition(":")[0] for _, became in found)
    sys.stdout.write(
        f"{len(found)} kinds: {counts['right']} right, {counts['refused']} refused, "
        f"{counts['wrong']} wrong\n"
    )


if __name__ == "__main__":
    main()
