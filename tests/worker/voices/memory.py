"""A process that prepares long recordings at once, round after round, and says what memory it took.

    python -m tests.worker.voices.memory FOLDER kept|given-back ROUNDS

FOLDER holds the recordings. Freed memory stays with the process or goes back to the system: the
engine's two ways, on a CPU and on a GPU.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

from engine.boot import keep_freed_memory
from s3_utils import open_storage
from storage.config import StorageConfig
from tests.worker.voices.library import BUNDLED
from worker.jobs.voices import prepare_voices
from worker.settings.groups import VoiceConfig
from worker.voices.asked import Asked
from worker.voices.library import VoiceLibrary


def taken(name: str) -> int:
    """What the kernel says of this process, bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    raise KeyError(name)


def library(folder: Path) -> VoiceLibrary:
    store = open_storage(StorageConfig(local_dir=folder))
    return VoiceLibrary(store, VoiceConfig(), bundled_dir=BUNDLED, fetch_bucket=_nowhere)


def _nowhere(uri: str) -> object:
    raise AssertionError(uri)


async def all_at_once(voices: VoiceLibrary, names: list[str]) -> None:
    wanted = [{None: [Asked(name, "Some words.")]} for name in names]
    await asyncio.gather(*(prepare_voices(voices, one) for one in wanted))


def peak_of(work: Callable[[], object]) -> int:
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    work()
    return taken("VmHWM")


def main(folder: Path, memory: str, times: int) -> None:
    keep_freed_memory(memory == "kept")
    names = sorted(path.name for path in (folder / "voices").iterdir())
    asyncio.run(all_at_once(library(folder), ["demo"]))  # loads what the first voice loads
    before = taken("VmRSS")
    rounds = []
    for _ in range(times):
        voices = library(folder)
        peak = peak_of(lambda voices=voices: asyncio.run(all_at_once(voices, names)))
        del voices
        rounds.append({"peak": peak - before, "after": taken("VmRSS") - before})
    print(json.dumps(rounds))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
