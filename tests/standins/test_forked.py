"""Forked programs are processes as `python FILE` makes them, but for their imports."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from standins.forked import run, start
from standins.waiting import PATIENCE_S, until

PROGRAM = """
import json, os, sys, threading
print(json.dumps({
    "main": __name__, "arguments": sys.argv[1:], "folder": os.getcwd(), "read": sys.stdin.read(),
    "env": dict(os.environ), "threads": threading.active_count(), "beside": sys.path[0],
    "sdk": [name for name in sys.modules if name.split(".")[0] == "runpod"],
    "torch": "torch" in sys.modules,
}))
sys.stderr.write("said")
sys.exit(3)
"""


def test_a_program_has_arguments_settings_folder_and_files_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    done = run([str(tmp_path / "program.py"), "a", "b"], {"A": "1"}, cwd=tmp_path, text="words")
    assert (done.returncode, done.stderr) == (3, "said")
    told = json.loads(done.stdout)
    assert told == {
        "main": "__main__", "arguments": ["a", "b"], "folder": str(tmp_path), "read": "words",
        "env": {"A": "1"}, "threads": 1, "beside": str(tmp_path), "sdk": [], "torch": True,
    }  # fmt: skip


def test_how_it_ended_is_told_as_of_any_process(tmp_path: Path) -> None:
    waits, fails = tmp_path / "waits.py", tmp_path / "fails.py"
    waits.write_text("import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(3600)")
    fails.write_text("raise ValueError('why')")
    process = start([str(waits)], {}, cwd=tmp_path)
    until((tmp_path / "begun").exists)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == process.poll() == -signal.SIGTERM
    process.kill()  # has nothing to do any more
    done = run([str(fails)], {})
    assert done.returncode == 1 and "ValueError: why" in done.stderr
