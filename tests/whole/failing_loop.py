"""`held_jobs.py` on an SDK one of whose loops fails beside running jobs: when the file that
FAILS_AT names is there. Run by `test_failing_loop.py`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from runpod.serverless.modules.rp_scale import JobScaler

from tests.whole.held_jobs import hold_jobs, run_handler

FAILS_AT = Path(os.environ["FAILS_AT"])
Loop = Callable[[JobScaler, Any], Awaitable[None]]


def failing(loop: Loop) -> Loop:
    """The loop, ended by an error as an answer without an id does; jobs it began go on."""

    async def run(scaler: JobScaler, session: Any) -> None:
        going = asyncio.ensure_future(loop(scaler, session))
        while not FAILS_AT.exists():
            await asyncio.sleep(0.02)
        going.cancel()
        raise KeyError("id")

    return run


name = os.environ["FAILING_LOOP"]
setattr(JobScaler, name, failing(getattr(JobScaler, name)))
hold_jobs()
run_handler()
