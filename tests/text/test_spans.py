"""Edits keep the map from text to what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text.spans import Edit, Mapped, changes, joined


def test_what_replaces_stands_for_all_that_was_replaced() -> None:
    text = Mapped.of("a 5 kg b").edited([Edit(2, 6, "five kilos")]).edited([Edit(2, 6, "six")])
    assert text.text == "a six kilos b"
    assert text.span(2, 5) == (2, 6) and text.span(12, 13) == (7, 8)


def test_insertions_stand_for_nothing() -> None:
    text = Mapped.of("ab").edited([Edit(1, 1, "-")])
    assert (text.text, text.span(1, 2)) == ("a-b", (1, 1))


def test_edits_must_not_overlap() -> None:
    with pytest.raises(ValueError):
        Mapped.of("abc").edited([Edit(0, 2, "x"), Edit(1, 3, "y")])


@given(st.text(max_size=30), st.text(max_size=30))
def test_changes_turn_one_text_into_the_other(old: str, new: str) -> None:
    mapped = Mapped.of(old).edited(changes(old, new))
    assert mapped.text == new
    assert list(mapped.starts) == sorted(mapped.starts)


@given(st.text(max_size=20), st.integers(0, 20))
def test_parts_join_again(text: str, at: int) -> None:
    whole = Mapped.of(text)
    assert joined([whole.part(0, at), whole.part(at, len(text))]) == whole
