"""Results as files: what is written can be read back."""

from __future__ import annotations

import re
from io import BytesIO

import numpy as np
import pytest
import soundfile

from tests.worker.audio.signals import as_file, bursts
from worker.audio.encode import encode
from worker.audio.formats import AUDIO_FORMATS

SPEECH = bursts([(1.2, 0.5)], 24000)[:, 0].astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 24000, 44100, 48000, 9999])
@pytest.mark.parametrize("fmt", AUDIO_FORMATS)
def test_every_format_at_every_rate_is_readable(fmt: str, rate: int) -> None:
    known = AUDIO_FORMATS[fmt].rate(rate)
    samples, written = soundfile.read(BytesIO(encode(SPEECH, known, fmt)))
    assert written == known
    assert len(samples) / written == pytest.approx(len(SPEECH) / known, abs=0.15)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(SPEECH**2)), rel=0.2)


def test_wav_is_what_f5_tts_writes() -> None:
    loud = SPEECH * 4
    assert encode(loud, 24000, "wav") == as_file(loud, 24000)


def test_float_wav_loses_nothing() -> None:
    samples, _ = soundfile.read(BytesIO(encode(SPEECH * 3, 24000, "wav_f32")), dtype="float32")
    np.testing.assert_array_equal(samples, SPEECH * 3)


def test_flac_holds_sixteen_bits() -> None:
    samples, _ = soundfile.read(BytesIO(encode(SPEECH, 24000, "flac")))
    np.testing.assert_allclose(samples, SPEECH, rtol=0, atol=2**-15)


def test_two_minutes_of_opus_do_not_crash_the_encoder() -> None:
    data = encode(np.tile(SPEECH, 100), 24000, "ogg")
    assert soundfile.info(BytesIO(data)).duration == pytest.approx(120, abs=0.1)


def test_rates_a_codec_lacks_go_up_to_the_next() -> None:
    assert AUDIO_FORMATS["ogg"].rate(44100) == 48000
    assert AUDIO_FORMATS["ogg"].rate(22050) == 24000
    assert AUDIO_FORMATS["mp3"].rate(44100) == 44100
    assert AUDIO_FORMATS["wav"].rate(9999) == 9999


@pytest.mark.parametrize("seconds", [0.1, 1.2, 20.0])
@pytest.mark.parametrize("fmt", AUDIO_FORMATS)
def test_the_same_samples_are_always_the_same_bytes(fmt: str, seconds: float) -> None:
    samples = np.resize(SPEECH, int(24000 * seconds))
    assert len({encode(samples, 24000, fmt) for _ in range(2)}) == 1


def test_an_ogg_files_pages_have_the_serial_of_one_stream_and_right_checksums() -> None:
    data = encode(np.resize(SPEECH, 24000 * 10), 24000, "ogg")
    pages = [data[m.start() :] for m in re.finditer(b"OggS\0", data)]
    assert len(pages) > 2
    assert len({page[14:18] for page in pages}) == 1
    for page in pages:
        lacing = page[27 : 27 + page[26]]
        whole = page[: 27 + len(lacing) + sum(lacing)]
        assert int.from_bytes(whole[22:26], "little") == crc(whole[:22] + bytes(4) + whole[26:])


def test_a_float_wav_does_not_say_when_it_was_written() -> None:
    data = encode(SPEECH, 24000, "wav_f32")
    peak = data.index(b"PEAK")
    assert data[peak + 12 : peak + 16] == bytes(4)
    assert np.array_equal(soundfile.read(BytesIO(data), dtype="float32")[0], SPEECH)


def crc(page: bytes) -> int:
    """RFC 3533's checksum, bit by bit."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value
