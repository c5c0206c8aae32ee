"""What a message calls something, where the one who asks knows it by another name.

Messages are written in the words of a job: `upload`, `ref_text`. A shell has commands and options
for the same, HTTP has addresses. Such words stand as `here("...")`, and whoever answers elsewhere
says with `said_as` what they are there. So no text of a user is ever rewritten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_said: ContextVar[Mapping[str, str] | None] = ContextVar("said", default=None)


def here(phrase: str) -> str:
    """`phrase` of a job, as it is said to the one who asks now."""
    return (_said.get() or {}).get(phrase, phrase)


def listener() -> int:
    """The same for all who know things by the same names."""
    return id(_said.get() or None)


@contextmanager
def said_as(phrases: Mapping[str, str]) -> Iterator[None]:
    """Inside the block, and in tasks and threads begun there, `here` says a phrase as `phrases`
    has it."""
    before = _said.set(phrases)
    try:
        yield
    finally:
        _said.reset(before)
