"""`--local`: the stand-in platform on loopback and this checkout's workers, with the demo model."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from standins.platform import Platform, worker
from tools.load.client import Refused

_READY_S = 120.0


@contextlib.contextmanager
def local_endpoint(workers: int) -> Iterator[tuple[str, str]]:
    """The endpoint's URL and API key, once every worker asks for jobs.

    Raises:
        Refused: a worker does not come up; with the end of its log.
    """
    platform = Platform()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        stack.callback(platform.close)
        directory = Path(name)
        started = []
        for index in range(workers):
            log = directory / f"worker-{index}.log"
            env = {
                "RUNPOD_POD_ID": f"pod-{index}",
                "F5_MODEL": "demo",
                "F5_MODELS_DIR": str(directory / "models"),
                "STORAGE_MODE": "local",
                "LOCAL_STORAGE_DIR": str(directory / "storage"),
                "TMPDIR": name,
            }
            started.append((stack.enter_context(worker(platform, env, log)), log))
        deadline = time.monotonic() + _READY_S
        while len(platform.pods) < workers:
            for process, log in started:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise Refused(f"a worker did not get ready:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield f"{platform.api}/{platform.endpoint_id}", platform.api_key
