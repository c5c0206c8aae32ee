"""User text never becomes a path."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.keys import earlier_piece, prefix_fault, safe_piece, template_fault, user_key_fault


@given(st.text())
def test_a_piece_is_one_plain_name(text: str) -> None:
    piece = safe_piece(text)
    assert piece
    assert piece.isascii()
    assert not set(piece) & set("/\\ ~")
    assert not piece.startswith(".")
    assert user_key_fault(piece) is None


def test_names_stay_readable() -> None:
    assert re.fullmatch(r"Zazolc_gesla_1_2-[0-9a-f]{16}_", safe_piece("Zażółć gęślą 1/2"))
    assert re.fullmatch(r"etc-[0-9a-f]{16}_", safe_piece("../../etc"))
    assert re.fullmatch(r"_-[0-9a-f]{16}_", safe_piece("日本"))


@given(st.from_regex(r"[A-Za-z0-9-][A-Za-z0-9._-]{0,98}[A-Za-z0-9.-]", fullmatch=True))
def test_plain_names_keep_their_keys(name: str) -> None:
    assert safe_piece(name) == earlier_piece(name) == name


# One another's folded forms, what stands for "no user", and what a piece looks like itself.
ALIKE = [
    "李雷", "韩梅梅", "_", "__", "Żółć", "Zolc", "zolc", "anna@x.com", "anna_x.com", "anna x.com",
    "anna/x.com", "abc", "abc_", "abc__", "_abc", ".abc", "abc ", "\ud800", r"\ud800", "anonymous",
    "é", "e\u0301", "default", "a" * 100, "a" * 101, "a" * 102,
]  # fmt: skip


def test_no_two_names_fall_together() -> None:
    names = [*ALIKE, *map(safe_piece, ALIKE), *map(earlier_piece, ALIKE)]
    names += [safe_piece(safe_piece(name)) for name in ALIKE]
    for reserved in ("", "anonymous"):
        pieces = {safe_piece(name, reserved=reserved) for name in set(names)}
        assert len(pieces) == len(set(names))
        assert reserved not in pieces


@given(st.text(), st.text())
def test_no_two_texts_fall_together(one: str, other: str) -> None:
    assert (safe_piece(one) == safe_piece(other)) == (one == other)


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
        ("a\u200bb", "has an invisible character"),
        ("a\u2028b", "has an invisible character"),
        ("a\u202eb", "has an invisible character"),
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
