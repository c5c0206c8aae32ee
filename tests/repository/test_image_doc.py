"""docs/image.md names what exists."""

from __future__ import annotations

import re
from pathlib import Path

from worker.settings.load import all_variables

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "image.md").read_text("utf-8")


def test_variables_named_exist() -> None:
    known = {name for env in all_variables() for name in env.names}
    named = set(re.findall(r"`((?:F5|MAX|DRAIN|LOCAL)_[A-Z0-9_]+)", TEXT))
    assert len(named) >= 5
    assert named <= known


def test_stages_named_are_the_dockerfile_s() -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert stages == re.findall(r"^\| `(\w+)` \| `/", TEXT, re.MULTILINE)


def test_the_first_line_of_the_log_is_the_handler_s() -> None:
    line = re.search(r"writes `(.*?)`", TEXT)
    assert line and line.group(1) in (ROOT / "handler.py").read_text()
