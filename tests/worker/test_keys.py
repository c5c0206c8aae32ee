"""User text never becomes a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.keys import prefix_fault, safe_piece, template_fault, user_key_fault


@given(st.text())
def test_a_piece_is_one_plain_name(text: str) -> None:
    piece = safe_piece(text)
    assert piece
    assert piece.isascii()
    assert not set(piece) & set("/\\ ~")
    assert not piece.startswith(".")
    assert user_key_fault(piece) is None


def test_names_stay_readable() -> None:
    assert safe_piece("Zażółć gęślą 1/2") == "Zazolc_gesla_1_2"
    assert safe_piece("../../etc") == "etc"
    assert safe_piece("日本") == "_"


def test_long_pieces_that_begin_alike_stay_different() -> None:
    pieces = {safe_piece("j" * 100 + end) for end in ("", "a", "b")}
    assert len(pieces) == 3
    assert all(len(piece) == 100 for piece in pieces)


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("output/a.wav", None),
        ("", "is empty"),
        ("~/a", "is absolute"),
        ("C:/a", "is absolute"),
        ("/a", "starts with a slash"),
        ("a/../b", "has the segment '..'"),
        ("a//b", "has an empty segment"),
        ("é" * 121, "has a piece longer than 240 bytes"),
        ("a/" * 512 + "b", "is longer than 1024 bytes"),
    ],
)
def test_what_is_wrong_with_a_key(key: str, problem: str | None) -> None:
    assert user_key_fault(key) == problem


def test_what_is_wrong_with_a_prefix() -> None:
    assert prefix_fault("timings/") is None
    assert prefix_fault("timings") == "must end in a slash"
    assert prefix_fault("../") == "has the segment '..'"


def test_what_is_wrong_with_a_template() -> None:
    assert template_fault("{user_id}/{date}/{job_id}.{ext}") is None
    assert template_fault("{jobid}.wav") == (
        "has the unknown placeholder {jobid}; did you mean {job_id}?"
    )
    assert template_fault("{job_id.wav") == "has unbalanced braces"
    assert template_fault("../{job_id}") == "has the segment '..'"
