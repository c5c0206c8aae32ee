"""A recording a person would call usable is: whatever its channels, offset, level, rate, depth."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from errors import VoiceUnusable
from tests.worker.audio.signals import as_file, bursts
from worker.audio.clip import Clip, reference_clip
from worker.audio.decode import decode
from worker.audio.recording import Recording

RATE = 24_000
Sound = NDArray[np.float64]


def speech(rate: int = RATE, level: float = 0.5) -> Sound:
    """(frames,) of 2.7 s."""
    plan = [(0.3, 0), (1, level), (0.2, 0), (1, level * 0.7), (0.2, 0)]
    return bursts(plan, rate)[:, 0]


def read(samples: Sound, rate: int = RATE, subtype: str = "PCM_16") -> Recording:
    return decode(as_file(samples, rate, subtype=subtype), max_seconds=60, max_bytes=1 << 26)


def clip(samples: Sound, rate: int = RATE, subtype: str = "PCM_16") -> tuple[Clip, tuple[str, ...]]:
    recording = read(samples, rate, subtype)
    return reference_clip(recording), recording.warnings


def columns(*channels: Sound | float) -> Sound:
    zeros = np.zeros_like(speech())
    return np.stack([zeros + channel for channel in channels], axis=1)


def one_of(count: int, place: int) -> Sound:
    return columns(*(speech() if channel == place else 0.0 for channel in range(count)))


HISS = np.random.default_rng(3).standard_normal(len(speech()))
PLAIN = clip(speech())[0]

ALONE = {
    "antiphase": columns(speech(), -speech()),
    "antiphase, one louder": columns(speech(), -0.9 * speech()),
    "the louder one second": columns(-0.8 * speech(), speech()),
    "antiphase and hiss": columns(speech(), -speech() + 1e-3 * HISS),
    "three, one with sound": one_of(3, 1),
    "surround, the voice in front": one_of(6, 2),
    "surround, the voice at the side": one_of(6, 5),
    "eight channels": one_of(8, 0),
    "sixteen channels": one_of(16, 15),
}


@pytest.mark.parametrize("name", ALONE)
def test_where_mixing_loses_the_voice_its_channel_is_used_alone(name: str) -> None:
    got, (said,) = clip(ALONE[name])
    assert "channel" in said
    assert got.rms == pytest.approx(PLAIN.rms, rel=0.01)
    assert got.seconds == pytest.approx(PLAIN.seconds, abs=0.02)


MIXED = {
    "both alike": columns(speech(), speech()),
    "one dead": columns(speech(), 0.0),
    "one nearly dead": columns(1e-3 * HISS, speech()),
    "unlike": columns(speech(), 0.1 * HISS),
    "panned": columns(speech(), 0.3 * speech()),
}


@pytest.mark.parametrize("name", MIXED)
def test_all_else_is_mixed_as_f5_tts_does(name: str) -> None:
    got, warnings = clip(MIXED[name])
    assert warnings == ()
    assert got.seconds == pytest.approx(PLAIN.seconds, abs=0.6)
    assert got.rms >= 0.4 * PLAIN.rms


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_U8", "FLOAT"])
@pytest.mark.parametrize("offset", [0.02, -0.1, 0.4])
def test_an_offset_is_taken_out(offset: float, subtype: str) -> None:
    got, (said,) = clip(speech() + offset, subtype=subtype)
    assert "DC offset" in said
    assert got.rms == pytest.approx(PLAIN.rms, rel=0.05)
    assert got.seconds == pytest.approx(PLAIN.seconds, abs=0.05)


def test_channels_that_cancel_may_have_an_offset_too() -> None:
    got, warnings = clip(columns(speech() + 0.1, -speech() + 0.1))
    assert len(warnings) == 2
    assert got.rms == pytest.approx(PLAIN.rms, rel=0.01)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("level", [0.02, 0.01, 0.004])
def test_quiet_speech_is_raised(level: float, subtype: str) -> None:
    got, (said,) = clip(speech(level=level), subtype=subtype)
    assert "dB" in said
    assert 0.05 < got.rms < 0.15
    assert got.seconds == pytest.approx(PLAIN.seconds, abs=0.05)


@pytest.mark.parametrize("level", [1.0, 0.5, 0.1, 0.05])
def test_speech_that_f5_tts_hears_is_left_at_its_level(level: float) -> None:
    got, warnings = clip(speech(level=level))
    assert warnings == ()
    assert got.rms == pytest.approx(PLAIN.rms * level / 0.5, rel=0.02)


def test_clipped_speech_is_used() -> None:
    got, warnings = clip(np.clip(speech() * 8, -1, 1))
    assert warnings == () and got.seconds == pytest.approx(PLAIN.seconds, abs=0.05)


SILENT = {
    "zeros": np.zeros(RATE),
    "an offset alone": np.full(RATE, 0.3),
    "a faint offset": np.full(RATE, 0.001),
    "dither": np.random.default_rng(0).integers(-1, 2, RATE) / 32768,
    "hiss at -66 dB": 5e-4 * HISS,
    "hiss on an offset": 5e-4 * HISS + 0.2,
    "antiphase silence": columns(1e-5, -1e-5),
    "one click": np.eye(1, RATE, 500)[0] * 0.9,
    "offsets that cancel": columns(0.3, -0.3),
}


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
@pytest.mark.parametrize("name", SILENT)
def test_silence_is_never_taken_for_a_voice(name: str, subtype: str) -> None:
    with pytest.raises(VoiceUnusable) as caught:
        clip(SILENT[name], subtype=subtype)
    assert "silent" in caught.value.message or "above silence" in caught.value.message
    assert caught.value.hint


RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 32_000, 37_800, 44_100, 48_000, 88_200, 96_000]


@pytest.mark.parametrize("rate", [*RATES, 176_400, 192_000])
def test_every_usual_rate_is_read(rate: int) -> None:
    got, warnings = clip(speech(rate), rate)
    assert warnings == ()
    assert got.sample_rate == rate
    assert got.seconds == pytest.approx(PLAIN.seconds, abs=0.05)


DEPTHS = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM"]


@pytest.mark.parametrize("subtype", [*DEPTHS, "MS_ADPCM", "GSM610"])
def test_every_depth_is_read(subtype: str) -> None:
    got, warnings = clip(speech(8_000), 8_000, subtype)
    assert warnings == ()
    assert got.rms == pytest.approx(PLAIN.rms, rel=0.15)


def test_a_clip_behind_a_long_silence_has_the_same_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.audio.recording._HEAD_FRAMES", 2_400)
    got, _ = clip(columns(speech(level=0.01) + 0.1, -speech(level=0.01)))
    monkeypatch.undo()
    kept, _ = clip(columns(speech(level=0.01) + 0.1, -speech(level=0.01)))
    np.testing.assert_array_equal(got.samples, kept.samples)


@pytest.mark.parametrize("samples", [speech() + 0.1, speech(level=0.02), columns(speech(), 0.0)])
def test_f5_tts_s_way_leaves_a_recording_as_it_is(samples: Sound) -> None:
    data = as_file(samples, RATE)
    recording = decode(data, max_seconds=60, max_bytes=1 << 26, mend=False)
    assert recording.warnings == ()
    expected, _ = soundfile.read(BytesIO(data), dtype="float32", always_2d=True)
    got = recording.take([(0, recording.frames)]).samples
    np.testing.assert_array_equal(got, expected.mean(axis=1))


def test_channels_that_cancel_are_refused_in_f5_tts_s_way() -> None:
    """f5-tts divides by their level, which is 0."""
    data = as_file(columns(speech(), -speech()), RATE)
    recording = decode(data, max_seconds=60, max_bytes=1 << 26, mend=False)
    with pytest.raises(VoiceUnusable, match="cancel") as caught:
        reference_clip(recording)
    assert "mend_voice" in caught.value.hint


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("times", [2.0, 32_768.0])
def test_floats_beyond_full_scale_are_made_softer_and_not_clipped(
    subtype: str, times: float
) -> None:
    """As a studio's export, or integers that were written as floats."""
    loud = speech() / np.abs(speech()).max() * times
    made, warnings = clip(loud, subtype=subtype)
    assert len(warnings) == 1 and "times full scale" in warnings[0]
    plain = clip(speech() / np.abs(speech()).max(), subtype=subtype)[0]
    assert np.allclose(made.samples, plain.samples, atol=1e-3)
    data = as_file(loud, RATE, subtype=subtype)
    left = decode(data, max_seconds=60, max_bytes=1 << 26, mend=False)
    assert left.peak == 1.0 and not left.warnings


def test_floats_within_full_scale_are_left_as_they_are() -> None:
    assert not clip(speech() / np.abs(speech()).max(), subtype="FLOAT")[1]
