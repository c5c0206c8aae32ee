"""Recordings of the longest length, prepared together, take the memory that CONFIG.md states,
and give it back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

ROOT = Path(__file__).parents[3]
SECONDS = 599
ON_DISK = 48000, 1, 565  # rate, channels, seconds of silence before it: is decoded twice
MANY_CHANNELS = 8000, 8, 0
MIB = 1 << 20
STAYS = 40 * MIB  # pools of the C library and of threads; twice as much as was seen


def recording(path: Path, rate: int, channels: int, silent_s: int) -> Path:
    """A flac of 599 s that takes little room on disk: a pattern of steps, once a second."""
    steps = np.random.default_rng(channels).choice([-0.2, 0.2], rate // 1000)
    second = np.repeat(np.repeat(steps, 1000)[:, None], channels, axis=1)
    with soundfile.SoundFile(path, "w", rate, channels, "PCM_16", format="FLAC") as file:
        for i in range(SECONDS):
            file.write(second if i >= silent_s else np.zeros_like(second))
    return path


def other(path: Path, number: int) -> None:
    """The same recording as another file: a different checksum in its header."""
    data = bytearray(path.read_bytes())
    data[26] ^= number
    path.with_name(f"{path.stem}{number}.flac").write_bytes(data)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    (folder / "voices").mkdir()
    other(recording(folder / "voices" / "late.flac", *ON_DISK), 1)
    recording(folder / "voices" / "wide.flac", *MANY_CHANNELS)
    return folder


@pytest.fixture
def six(three: Path) -> Path:
    for name, number in (("late", 2), ("wide", 1), ("wide", 2)):
        other(three / "voices" / f"{name}.flac", number)
    return three


def stated_bound() -> int:
    text = (ROOT / "CONFIG.md").read_text()
    found = re.search(r"decoding takes at most (\d+) MiB", text)
    assert found
    return int(found[1]) * MIB


def taken(folder: Path, memory: str, rounds: int) -> list[dict[str, int]]:
    """What memory each round took: at its peak, and after it."""
    command = [sys.executable, "-m", "tests.worker.voices.memory", str(folder), memory, str(rounds)]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: list[dict[str, int]] = json.loads(run.stdout)
    return found


def test_three_long_recordings_at_once_stay_within_the_stated_bound(three: Path) -> None:
    """One more than are decoded at once."""
    (only,) = taken(three, "given-back", 1)
    assert only["peak"] < stated_bound() and only["after"] < STAYS, only


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["given-back", "kept"])
def test_six_long_recordings_at_once_stay_within_it_again_and_again(six: Path, memory: str) -> None:
    first, second = taken(six, memory, 2)
    assert max(first["peak"], second["peak"]) < stated_bound(), (first, second)
    if memory == "given-back":
        assert max(first["after"], second["after"]) < STAYS, (first, second)
    else:  # it is used again
        assert second["peak"] < first["peak"] + STAYS, (first, second)
