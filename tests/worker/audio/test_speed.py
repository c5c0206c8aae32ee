"""Preparing a long voice takes time in proportion to its length."""

from __future__ import annotations

import time

from tests.worker.audio.signals import as_file, bursts
from worker.audio.clip import reference_clip
from worker.audio.decode import decode


def prepared_in(data: bytes) -> float:
    """The least of three times, seconds of this process."""
    seconds = []
    for _ in range(3):
        started = time.process_time()
        reference_clip(decode(data, max_seconds=1000, max_bytes=1 << 28))
        seconds.append(time.process_time() - started)
    return min(seconds)


def test_ten_times_the_audio_takes_about_ten_times_as_long() -> None:
    plan = [(4.0, 0.4), (0.3, 0.001)] * 14
    short, long = (as_file(bursts(plan * times, 24000), 24000) for times in (1, 10))
    assert prepared_in(long) < 30 * prepared_in(short)
