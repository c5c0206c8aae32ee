"""Preparing a long voice takes time in proportion to its length."""

from __future__ import annotations

from standins.growth import grows_with_length
from tests.worker.audio.signals import as_file, bursts
from worker.audio.clip import reference_clip
from worker.audio.decode import decode

PHRASES = [(4.0, 0.4), (0.3, 0.001)] * 14


def test_ten_times_the_audio_takes_about_ten_times_as_long() -> None:
    files = {times: as_file(bursts(PHRASES * times, 24000), 24000) for times in (1, 10)}

    def prepared(times: int) -> None:
        reference_clip(decode(files[times], max_seconds=1000, max_bytes=1 << 28))

    assert grows_with_length(prepared, 10, times=10)
