"""What a job may give as its voice."""

from __future__ import annotations

import base64

import pytest

from worker.voices.address import decode_audio, voice_fault


@pytest.mark.parametrize(
    ("voice", "fine"),
    [("Dorota", True), ("Dorota.wav", True), ("team/Dorota.wav", True), ("s3://b/a.wav", True),
     ("https://x.y/a.wav?sig=1", True), ("", False), ("../a", False), ("a\nb", False),
     ("file:///etc/passwd", False), ("https://", False), ("s3:///a", False)],
)  # fmt: skip
def test_what_can_be_a_voice(voice: str, fine: bool) -> None:
    assert (voice_fault(voice) is None) == fine


def test_inline_audio_may_be_a_data_url_or_broken_into_lines() -> None:
    text = base64.encodebytes(b"RIFF" * 40).decode()
    assert decode_audio(text, 160) == b"RIFF" * 40
    assert decode_audio(f"data:audio/wav;base64,{text}", 160) == b"RIFF" * 40


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "needs base64 text, not None"),
        ("", "needs base64 text, not ''"),
        ("data:audio/wav;base64,", "is empty"),
        ("§§", "is not valid base64"),
        ("UklG" * 4, "is larger than 9 bytes"),
        ("UklG" * 400, "is larger than 9 bytes"),
    ],
)
def test_inline_audio_that_is_none(text: object, problem: str) -> None:
    with pytest.raises(ValueError) as caught:
        decode_audio(text, 9)
    assert str(caught.value) == problem
