"""Checks that a release is what it says, and prints the names of its image.

    python -m tools.release v0.1.0 --image ghcr.io/owner/name [--suffix=-bare] [--prerelease]

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
_TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.]+)?")


def check(tag: str, root: Path = ROOT) -> None:
    """Compares `tag` with pyproject.toml's version and CHANGELOG.md.

    Raises:
        ValueError: says what does not fit and what to do.
    """
    if not _TAG.fullmatch(tag):
        raise ValueError(f"{tag} is not a version: name the tag v1.2.3 or v1.2.3-rc1.")
    released = tag[1:].partition("-")[0]
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if version != released:
        raise ValueError(f"pyproject.toml says {version}, the tag {tag}: make them equal.")
    heading = re.compile(rf"^## \[{re.escape(released)}\] - \d{{4}}-\d{{2}}-\d{{2}}$", re.MULTILINE)
    if not heading.search((root / "CHANGELOG.md").read_text("utf-8")):
        raise ValueError(f"CHANGELOG.md needs a dated section: `## [{released}] - YYYY-MM-DD`.")


def image_names(tag: str, image: str, suffix: str = "", prerelease: bool = False) -> list[str]:
    """Names to push: the version; for a full release also `major.minor` and `latest`.

    Registries take lower-case names only; repositories may be written otherwise.
    """
    match = _TAG.fullmatch(tag)
    if match is None:
        raise ValueError(f"{tag} is not a version: name the tag v1.2.3 or v1.2.3-rc1.")
    major, minor, _, candidate = match.groups()
    versions = [tag[1:]]
    if not prerelease and not candidate:
        versions += [f"{major}.{minor}", "latest"]
    return [f"{image.lower()}:{version}{suffix}" for version in versions]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("tag")
    parser.add_argument("--image", required=True)
    parser.add_argument("--suffix", default="")
    parser.add_argument("--prerelease", action="store_true")
    options = parser.parse_args(arguments)
    try:
        check(options.tag)
        names = image_names(options.tag, options.image, options.suffix, options.prerelease)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{name}\n" for name in names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
