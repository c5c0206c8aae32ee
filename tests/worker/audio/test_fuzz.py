"""No file hangs the decoder, takes it down, or is answered by anything but sound or a typed error.

A few of each kind always; 5,000 of them with `pytest -m slow tests/worker/audio/test_fuzz.py`.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from errors import VoiceUnusable
from standins.growth import takes_less_than
from tests.worker.audio.made import encoded, speech
from tests.worker.audio.mutations import mutated
from tests.worker.audio.signals import as_file
from worker.audio.clip import reference_clip
from worker.audio.decode import decode

pytest.importorskip("av", reason="PyAV is an optional part: requirements/decode.txt")

MOST_UNITS = 1_000  # of this process, for one file: ten seconds; the other's bounds end it
MOST_AUDIO_S = 30.0

# Who writes it (libsndfile or FFmpeg), its container, what is inside, Hz
SEEDS = [
    *(("sf", *row) for row in (
        ("WAV", "PCM_16", 24_000), ("WAV", "FLOAT", 24_000), ("WAV", "IMA_ADPCM", 24_000),
        ("RF64", "PCM_24", 24_000), ("FLAC", "PCM_16", 24_000), ("OGG", "VORBIS", 24_000),
        ("OGG", "OPUS", 24_000),
        ("MP3", "MPEG_LAYER_III", 24_000), ("AIFF", "PCM_16", 24_000), ("CAF", "PCM_16", 24_000),
    )),
    *(("av", *row) for row in (
        ("ipod", "aac", 24_000), ("ipod", "alac", 24_000), ("mov", "pcm_s16be", 24_000),
        ("3gp", "libopencore_amrnb", 8_000), ("amr", "libopencore_amrnb", 8_000),
        ("adts", "aac", 24_000), ("webm", "libopus", 24_000), ("matroska", "aac", 24_000),
        ("asf", "wmav2", 22_050), ("mpegts", "aac", 24_000), ("flv", "aac", 44_100),
        ("avi", "mp3", 24_000),
    )),
]  # fmt: skip
FEW, MANY = 1, 300
IDS = [f"{muxer}-{codec}" for _, muxer, codec, _ in SEEDS]


@cache
def seed_file(writer: str, muxer: str, codec: str, rate: int) -> bytes:
    if writer == "sf":
        return as_file(speech(rate), rate, muxer, codec)
    return encoded(muxer, codec, speech(rate), rate)


def survives(data: bytes) -> None:
    assert takes_less_than(MOST_UNITS, lambda: becomes_sound_or_an_error(data))


def becomes_sound_or_an_error(data: bytes) -> None:
    try:
        audio = decode(data, max_seconds=MOST_AUDIO_S, max_bytes=1 << 24)
        clip = reference_clip(audio)
    except VoiceUnusable as error:
        assert error.message and error.hint
    else:
        assert audio.seconds <= MOST_AUDIO_S
        assert np.isfinite(clip.samples).all() and clip.rms > 0


@pytest.mark.parametrize("kind", SEEDS, ids=IDS)
def test_a_damaged_file_gives_sound_or_a_typed_error(kind: tuple[str, str, str, int]) -> None:
    for seed in range(FEW):
        survives(mutated(seed_file(*kind), seed))


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("kind", SEEDS, ids=IDS)
def test_hundreds_of_each_kind(kind: tuple[str, str, str, int]) -> None:
    assert MANY >= 300 and MANY * len(SEEDS) > 5_000
    for seed in range(MANY):
        survives(mutated(seed_file(*kind), 1_000 + seed))
