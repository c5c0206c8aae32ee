"""`python -m tools.house` counts what is there: on small checkouts of a few lines each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.house.__main__ import main
from tools.house.arrows import arrows, circular, height, read, upward
from tools.house.figures import figures
from tools.house.trace import trace

JOB_RUNNER = """
import asyncio
from worker import app
from worker.voices import library
class JobRunner:
    async def handle(self):
        app.once()
        await asyncio.to_thread(library.find)
        app.once()
def start():
    app.once()
    asyncio.run(JobRunner().handle())
"""
LIBRARY = """
from worker.voices import cache
def find():
    cache.get()
"""


def checkout(directory: Path, files: dict[str, str]) -> Path:
    """A directory with these Python files, and a handler."""
    for name, content in {"handler.py": "", **files}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return directory


def test_an_arrow_is_one_entry_importing_another(tmp_path: Path) -> None:
    root = checkout(
        tmp_path,
        {
            "errors.py": "import json\n",
            "worker/app.py": "import errors\nfrom worker import keys\nimport worker.voices.cache\n",
            "worker/keys.py": "",
            "worker/voices/library.py": "import worker.voices.cache, worker.keys\n",
            "worker/voices/cache.py": "def late():\n    from engine import boot\n",
            "engine/boot.py": "",
        },
    )
    modules = read(root).values()
    assert arrows(modules) == {("worker", "errors"), ("worker", "engine")}
    assert arrows(modules, "worker") == {("app", "keys"), ("app", "voices"), ("voices", "keys")}
    assert height(arrows(modules, "worker")) == 3


def test_circles_are_found_however_long() -> None:
    long = {("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("x", "a")}
    assert circular(long) == {("a", "b"), ("b", "c"), ("c", "a")}
    assert circular({("a", "b"), ("a", "c"), ("b", "c")}) == set()


def test_arrows_that_go_up_or_sideways_are_told() -> None:
    down = {("handler", "worker"), ("worker", "s3_utils"), ("s3_utils", "storage")}
    wrong = {("engine", "worker"), ("engine", "storage"), ("storage", "s3_utils")}
    assert upward(down | wrong) == wrong


def test_sizes_are_those_of_product_code(tmp_path: Path) -> None:
    root = checkout(
        tmp_path,
        {
            "worker/a.py": "@staticmethod\ndef long():\n    pass\n    pass\n\ndef short(): pass\n",
            "tests/b.py": "x = 1\n" * 50,
        },
    )
    found = figures(root)
    assert found["lines of product code"] == "6"
    assert found["longest file"] == "worker.a, 6"
    assert found["longest function"] == "worker.a.long, 3"


def test_a_job_s_calls_are_counted_from_its_first_and_by_thread(tmp_path: Path) -> None:
    root = checkout(
        tmp_path,
        {
            "handler.py": "from worker.jobs import runner\nrunner.start()\n",
            "worker/jobs/runner.py": JOB_RUNNER,
            "worker/app.py": "import engine.boot\ndef once():\n    engine.boot.load()\n",
            "worker/voices/library.py": LIBRARY,
            "worker/voices/cache.py": "def get(): pass\n",
            "engine/boot.py": "def load(): pass\n",
        },
    )
    found = trace(root)
    # runner, app, runner again after its wait, app in one thread; library, cache in another.
    assert found["the same job in worker/: files, moves between files"] == "4, 4"
    assert found["the same in worker/: entries, moves between entries"] == "3, 3"
    assert found["one job, engine left out: files, moves between files"] == "4, 4"


def test_a_job_that_fails_is_not_measured(tmp_path: Path) -> None:
    root = checkout(tmp_path, {"handler.py": "raise SystemExit('no model')\n"})
    with pytest.raises(RuntimeError, match="no model"):
        trace(root)


def test_checkouts_stand_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = checkout(tmp_path / "before", {"worker/a.py": "\n" * 7})
    after = checkout(tmp_path / "after", {"worker/a.py": "\n" * 5})
    assert main([str(before), str(after)]) == 0
    assert "| lines of product code | 7 | 5 |" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert "handler.py" in capsys.readouterr().err
