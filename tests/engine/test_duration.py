"""How long a text takes: by what is spoken, additive, and never more in two parts than in one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.duration import SPARE, by_bytes, by_letters

PACE = by_letters("This is what the reference says. ", 2.5, 1.0)
TEXT = st.text(alphabet="abcdefgh AB ,.!?'中文，。", max_size=40)


@given(TEXT, TEXT)
def test_two_texts_joined_take_at_most_the_sum(one: str, other: str) -> None:
    assert PACE(f"{one} {other}") <= PACE(f"{one} ") + PACE(other) + 1e-9


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        ("Hi", "Hello"),
        ("one two", "one, two"),
        ("one. two", "one. two. three"),
        ("ab", "A B"),
        ("ni", "你好"),
    ],
)
def test_letters_words_and_pauses_take_time(shorter: str, longer: str) -> None:
    assert PACE(shorter) < PACE(longer)


def test_an_alphabet_of_two_bytes_takes_no_more_time() -> None:
    assert PACE("привет мир") == PACE("hellos all")


def test_the_reference_itself_takes_its_own_time_and_speed_divides() -> None:
    assert PACE("This is what the reference says.") == pytest.approx(SPARE * 2.5)
    fast = by_letters("This is what the reference says. ", 2.5, 2.0)
    assert fast("Yes.") == pytest.approx(PACE("Yes.") / 2)


def test_f5_tts_counts_bytes_and_draws_short_texts_out() -> None:
    assert by_bytes("0123456789", 100, "0123456789", 1.0) == 100
    assert by_bytes("0123456789", 100, "012", 1.0) == by_bytes("0123456789", 100, "012", 0.3) == 100
