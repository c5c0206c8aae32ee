"""Voice files that can be read, and a plain word about those that cannot."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chunk import Samples
from errors import VoiceUnusable
from tests.examples import examples
from tests.worker.audio.signals import as_file, bursts
from worker.audio import opening
from worker.audio.decode import decode
from worker.audio.recording import Recording

RATE = 24000
SPEECH = bursts([(0.1, 0), (1.5, 0.5), (0.1, 0)], RATE)


def read(data: bytes, *, max_seconds: float = 60, max_bytes: int = 1 << 24) -> Recording:
    return decode(data, max_seconds=max_seconds, max_bytes=max_bytes)


def mono(audio: Recording) -> Samples:
    return audio.take([(0, audio.frames)]).samples


def refused(data: bytes, **limits: float) -> VoiceUnusable:
    with pytest.raises(VoiceUnusable) as caught:
        read(data, **limits)  # type: ignore[arg-type]
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("fmt", "subtype", "extension", "atol"),
    [
        ("WAV", "PCM_16", "wav", 1e-4), ("WAV", "PCM_U8", "wav", 0.01),
        ("WAV", "PCM_24", "wav", 1e-6), ("WAV", "FLOAT", "wav", 1e-4),
        ("FLAC", "PCM_16", "flac", 1e-4), ("FLAC", "PCM_24", "flac", 1e-6),
        ("AIFF", "PCM_16", "aiff", 1e-4), ("OGG", "OPUS", "opus", None),
        ("OGG", "VORBIS", "ogg", None), ("MP3", "MPEG_LAYER_III", "mp3", None),
    ],
)  # fmt: skip
def test_formats_people_have_are_read(
    fmt: str, subtype: str, extension: str, atol: float | None
) -> None:
    audio = read(as_file(SPEECH, RATE, fmt, subtype))
    assert audio.sample_rate == RATE
    assert audio.seconds == pytest.approx(1.7, abs=0.1)
    assert audio.extension == extension
    if atol is None:
        assert np.abs(mono(audio)).max() == pytest.approx(np.abs(SPEECH).max(), rel=0.3)
    else:
        np.testing.assert_allclose(mono(audio), SPEECH[:, 0], rtol=0, atol=atol)


def test_stereo_becomes_the_mean() -> None:
    stereo = bursts([(1, 0.5)], RATE, channels=2)
    audio = read(as_file(stereo, RATE, "FLAC", "PCM_24"))
    np.testing.assert_allclose(mono(audio), stereo.mean(axis=1), rtol=0, atol=1e-6)


def _zip() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("voice.wav", as_file(SPEECH, RATE))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "empty"),
        (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        (b'{"error": "not found"}', "JSON"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "XML"),
        (_zip(), "zip"),
        (b"just a note", "plain text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "LFS"),
        (bytes(range(256)) * 8, "cannot be read"),
    ],
)
def test_other_files_are_called_by_their_name(data: bytes, named: str) -> None:
    assert named in refused(data).message


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00" + b"\0" * 64, "M4A"),
        (b"\x1aE\xdf\xa3" + b"\0" * 64, "WebM"),
        (b"\xff\xf1\x50\x80" + b"\0" * 64, "AAC"),
    ],
)
def test_a_phone_recording_gets_a_command_to_convert_it(
    data: bytes, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "installed", lambda: False)
    assert named in refused(data).message
    assert "ffmpeg" in refused(data).hint


@pytest.mark.parametrize("fmt", ["WAV", "AIFF", "FLAC"])
def test_a_cut_off_file_is_refused(fmt: str) -> None:
    whole = as_file(SPEECH, RATE, fmt)
    assert "cut off" in refused(whole[: len(whole) // 2]).message


def test_a_header_alone_is_refused() -> None:
    assert "cut off" in refused(as_file(SPEECH, RATE)[:36]).message


def test_a_streamed_wav_without_sizes_is_read() -> None:
    data = bytearray(as_file(SPEECH, RATE))
    data[4:8] = data[40:44] = struct.pack("<I", 0xFFFFFFFF)
    assert read(bytes(data)).seconds == pytest.approx(1.7)


def test_too_many_bytes_or_seconds_are_refused() -> None:
    data = as_file(SPEECH, RATE)
    assert "1000" in refused(data, max_bytes=1000).message
    assert "1.5 s" in refused(data, max_seconds=1.5).message


def test_three_hours_in_a_small_file_are_refused_before_they_are_decoded() -> None:
    flac = as_file(np.zeros((1 << 20, 1)), 8000, "FLAC")
    assert len(flac) < 50_000
    assert "at most 60 s" in refused(flac, max_seconds=60).message


def test_a_header_that_hides_its_length_does_not_help() -> None:
    data = bytearray(as_file(SPEECH, RATE, "FLAC"))
    # STREAMINFO holds the sample count in 36 bits; 0 means unknown.
    data[21] &= 0xF0
    data[22:26] = b"\0\0\0\0"
    assert "damaged" in refused(bytes(data), max_seconds=1).message


def test_silence_and_blips_are_refused() -> None:
    assert "silent" in refused(as_file(np.zeros((RATE, 1)), RATE)).message
    assert "0.20 s" in refused(as_file(SPEECH[: RATE // 5], RATE)).message


def test_nan_or_infinite_samples_are_refused() -> None:
    broken = SPEECH.copy()
    broken[100] = np.nan
    assert "NaN or infinite samples" in refused(as_file(broken, RATE, subtype="FLOAT")).message


@settings(max_examples=examples(25), deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_audio_or_a_typed_error(data: st.DataObject) -> None:
    fmt = data.draw(st.sampled_from(["WAV", "FLAC", "MP3", "OGG"]))
    subtype = {"MP3": "MPEG_LAYER_III", "OGG": "VORBIS"}.get(fmt, "PCM_16")
    damaged = bytearray(as_file(SPEECH[:12000], RATE, fmt, subtype))
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        audio = read(bytes(damaged))
    except VoiceUnusable:
        return
    assert np.isfinite(mono(audio)).all()
