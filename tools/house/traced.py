"""Runs a local job in the current directory's checkout and writes down every call into its files.

A program of its own, for `tools.house.trace`, and it imports nothing of this checkout:
    python -P traced.py RESULT JOB
RESULT becomes JSON: for each thread the dotted names of the files whose functions were called, in
order, from the call of `JobRunner.handle` on. A coroutine that goes on
after a wait counts as called again.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
from pathlib import Path
from types import FrameType

START = "JobRunner.handle"


def main(result: Path, job: str) -> None:
    """Runs `handler.py` as a local run does, whatever its exit code, and writes the calls."""
    root = os.getcwd() + os.sep
    threads: dict[int, list[str]] = {}
    started = threading.Event()

    def note(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(root) or code.co_name == "<module>":
            return
        if code.co_qualname == START:
            started.set()
        if started.is_set():
            name = code.co_filename.removeprefix(root).removesuffix(".py").replace(os.sep, ".")
            threads.setdefault(threading.get_ident(), []).append(name.removesuffix(".__init__"))

    sys.path.insert(0, root)
    sys.argv = ["handler.py", "--test_input", job]
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        runpy.run_path("handler.py", run_name="__main__")
    finally:
        sys.setprofile(None)
        if started.is_set():
            result.write_text(json.dumps(list(threads.values())))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
