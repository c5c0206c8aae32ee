"""What a message calls something, where the one who asks knows it by another name.

Messages are written in the words of a job: `upload`, `ref_text`. A shell has commands and options
for the same things, HTTP has addresses. A message writes such words as `here("...")`; the command
line and the HTTP face set with `said_as` what is said in their place. The words are chosen as the
message is made, so that no text of a user is ever rewritten.
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
    """Inside the block `here` says a phrase as `phrases` has it: in tasks that begin there, and in
    work that they give to a lane (`worker.threads`), but in no thread of another kind."""
    before = _said.set(phrases)
    try:
        yield
    finally:
        _said.reset(before)
