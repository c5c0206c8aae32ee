"""Writes .runpod/hub.json, the RunPod Hub's listing and deploy form, from the worker's settings.

python -m tools.hub           # rewrites .runpod/hub.json
python -m tools.hub --check   # exits with 1 if it is out of date (a test does it)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.hub.listing import text

HUB = Path(__file__).parent.parent.parent / ".runpod" / "hub.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrites the file, or only checks it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.hub")
    parser.add_argument("--check", action="store_true", help="only say whether it is out of date")
    if not parser.parse_args(arguments).check:
        HUB.write_text(text(), "utf-8")
    elif HUB.read_text("utf-8") != text():
        sys.stderr.write(f"{HUB} is out of date: run `make config-doc`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
