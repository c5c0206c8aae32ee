"""Writes the RunPod Hub's listings and deploy forms from the worker's settings.

.runpod/hub.json is for the queue; .runpod/hub-http.json for load balancing: it is hub.json where
that is listed.

python -m tools.hub           # rewrites both
python -m tools.hub --check   # exits with 1 if it is out of date (a test does it)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.hub.listing import http_listing, listing, text

HUB = Path(__file__).parent.parent.parent / ".runpod" / "hub.json"
HTTP_HUB = HUB.with_name("hub-http.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrites the files, or only checks them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.hub")
    parser.add_argument("--check", action="store_true", help="only say whether it is out of date")
    check = parser.parse_args(arguments).check
    for path, content in ((HUB, listing()), (HTTP_HUB, http_listing())):
        if not check:
            path.write_text(text(content), "utf-8")
        elif path.read_text("utf-8") != text(content):
            sys.stderr.write(f"{path} is out of date: run `make config-doc`.\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
