"""docs/errors.md names every way a job can fail, as the code has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from errors import WorkerError
from tools.docs.errors import kinds, main, page

ROOT = Path(__file__).parent.parent.parent
PRODUCT = ("handler.py", "errors.py", "worker", "engine", "text", "storage")


def test_the_page_is_what_the_code_says() -> None:
    with pytest.raises(SystemExit) as end:
        main(["--check"])
    assert end.value.code is None


def test_every_kind_of_error_has_a_code_of_its_own_and_a_meaning() -> None:
    found = list(kinds())
    codes = [kind.code for kind in found]
    assert len(set(codes)) == len(codes)
    for kind in found:
        assert kind.__doc__ != kind.__base__.__doc__, kind
        assert f"| `{kind.code}` | " in page()


def test_no_other_code_is_ever_answered() -> None:
    """All errors are kinds of `WorkerError`: no module makes up a code by hand."""
    files = [ROOT / name for name in PRODUCT]
    sources = [f for top in files for f in ([top] if top.is_file() else top.rglob("*.py"))]
    for source in sources:
        for given in re.findall(r'"error_code": ("?\w[\w.]*"?)', source.read_text("utf-8")):
            assert given == "self.code", source
    assert issubclass(WorkerError, Exception)
