"""mp3 files are read to their end, with an index, without, or with a wrong one."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from standins.growth import grows_with_length
from tests.worker.audio.signals import as_file, bursts
from worker.audio import mpeg
from worker.audio.decode import decode

PLAN = [(2.0, 0.0), (1.0, 0.5), (0.5, 0.0), (2.0, 0.5)]
RATES = [44_100, 48_000, 32_000, 24_000, 22_050, 16_000, 8_000]

pytestmark = pytest.mark.usefixtures("decoded_here")


def with_index(rate: int = 44_100, channels: int = 1) -> bytes:
    """An mp3 whose bit rate varies, 5.5 s."""
    return as_file(bursts(PLAN, rate, channels=channels), rate, "MP3", "MPEG_LAYER_III")


def without_index(rate: int = 44_100, channels: int = 1) -> bytes:
    data = with_index(rate, channels)
    walked = mpeg._walk(data)
    assert walked is not None and walked.promised == walked.frames and walked.varies
    return data[walked.begin :]


def samples(data: bytes) -> np.ndarray:
    audio = decode(data, max_seconds=60, max_bytes=1 << 24)
    return audio.take([(0, audio.frames)]).samples


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", RATES)
def test_without_an_index_all_of_it_is_read(rate: int, channels: int) -> None:
    whole, bare = samples(with_index(rate, channels)), samples(without_index(rate, channels))
    assert len(bare) >= len(whole)
    # An encoder's index also says how much silence to leave out at the start.
    shift = int(np.argmax(np.abs(bare) > 0.05)) - int(np.argmax(np.abs(whole) > 0.05))
    assert 0 <= shift <= 2 * 1152 + 529
    np.testing.assert_allclose(bare[shift : shift + len(whole) - 1200], whole[:-1200], atol=2e-3)


@pytest.mark.parametrize("count", [0, 1, 20])
def test_an_index_that_counts_too_few_is_corrected(count: int) -> None:
    data = with_index()
    at = data.index(b"Xing") + 8
    lying = data[:at] + struct.pack(">I", count) + data[at + 4 :]
    np.testing.assert_array_equal(samples(lying), samples(data))


def test_two_files_one_behind_the_other_are_both_read() -> None:
    data = with_index()
    assert len(samples(data + data)) > 1.9 * len(samples(data))


@pytest.mark.parametrize("tag", [b"ID3\x04\0\0\0\0\x02\x00" + b"\0" * 256, b"\0" * 417])
def test_what_stands_before_the_first_frame_is_passed_over(tag: bytes) -> None:
    np.testing.assert_array_equal(samples(tag + without_index()), samples(without_index()))


def test_what_stands_after_the_last_frame_is_passed_over() -> None:
    bare = without_index()
    tagged = bare + b"TAG" + b"\0" * 125
    assert abs(len(samples(tagged)) - len(samples(bare))) <= 1152


@pytest.mark.parametrize("rate", RATES)
def test_a_good_file_is_left_as_it_is(rate: int) -> None:
    assert mpeg.mended(with_index(rate)) == with_index(rate)


def test_other_files_are_left_as_they_are() -> None:
    noise = np.random.default_rng(0).integers(0, 256, 100_000, dtype=np.uint8).tobytes()
    flac = as_file(bursts(PLAN, 24_000), 24_000, "FLAC")
    for data in (b"", b"\xff", b"ID3", noise, flac, b"ID3\x04\0\0\0\0\0\0" + flac):
        assert mpeg.mended(data) == data


@pytest.mark.parametrize("byte", [b"\xff", b"\xff\xfb", b"\xff\xfb\x14\x00", b"\xff\xfb\x90\x00"])
def test_a_file_made_to_be_walked_for_long_is_not(byte: bytes) -> None:
    assert grows_with_length(lambda length: mpeg.mended(byte * (length // len(byte))), 16_000_000)
