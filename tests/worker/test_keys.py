"""User text never becomes a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import InvalidInput
from worker.keys import output_key, safe_piece, timing_key, voice_problem

ALL = "out/{date}/{user_id}/{voice}/{session}-{index}-{job_id}.{ext}"


def test_the_ancestors_layout() -> None:
    assert output_key("output/{job_id}.{ext}", job_id="abc-u1") == "output/abc-u1.wav"
    assert timing_key("timings/", "abc-u1", "srt") == "timings/abc-u1.srt"


def test_the_presigned_services_layout() -> None:
    template = "audio/users/{user_id}/{session}/segment_{index}.{ext}"
    key = output_key(template, job_id="j", session="s1", user_id=None)
    assert key == "audio/users/anonymous/s1/segment_000.wav"


def test_the_extension_is_the_formats() -> None:
    assert output_key("a/b", job_id="j", ext="mp3") == "a/b.mp3"
    assert output_key("a/b.wav", job_id="j", ext="mp3") == "a/b.mp3"
    assert output_key("a/b.v2", job_id="j", ext="wav") == "a/b.v2.wav"


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_values_cannot_leave_their_place(
    job_id: str, date: str, voice: str, user: str, session: str
) -> None:
    key = output_key(ALL, job_id=job_id, date=date, voice=voice, user_id=user, session=session)
    pieces = key.split("/")
    assert key.isascii()
    assert len(pieces) == 5
    assert pieces[0] == "out"
    assert not any(piece in ("", ".", "..") or piece.startswith(".") for piece in pieces)


@given(st.text())
def test_any_template_gives_a_safe_key_or_an_error(template: str) -> None:
    try:
        key = output_key(template, job_id="j")
    except InvalidInput:
        return
    assert not key.startswith(("/", "~"))
    assert ".." not in key.split("/")
    assert key.endswith(".wav")


def test_the_voice_library_cannot_be_overwritten() -> None:
    for template in ("voices/Anna.wav", "Voices/{job_id}.wav"):
        with pytest.raises(InvalidInput, match="voice library"):
            output_key(template, job_id="j")


def test_names_stay_readable() -> None:
    assert safe_piece("Zażółć gęślą 1/2") == "Zazolc_gesla_1_2"
    assert safe_piece("../../etc") == "etc"
    assert safe_piece("日本") == "_"


def test_long_pieces_that_begin_alike_stay_different() -> None:
    pieces = {safe_piece("j" * 100 + end) for end in ("", "a", "b")}
    assert len(pieces) == 3
    assert all(len(piece) == 100 for piece in pieces)


@pytest.mark.parametrize(
    ("voice", "fine"),
    [("Dorota", True), ("Dorota.wav", True), ("team/Dorota.wav", True), ("s3://b/a.wav", True),
     ("https://x.y/a.wav?sig=1", True), ("", False), ("../a", False), ("a\nb", False),
     ("file:///etc/passwd", False), ("https://", False), ("s3:///a", False)],
)  # fmt: skip
def test_what_can_be_a_voice(voice: str, fine: bool) -> None:
    assert (voice_problem(voice) is None) == fine
