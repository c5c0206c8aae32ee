"""Kinds of transcript as programs and people write them, and what must come of each."""

from __future__ import annotations

from typing import NamedTuple

LENGTH_S = 10.0  # of the recording they all belong to


class Kind(NamedTuple):
    """A file and what is read from it, or why it is refused.

    `times`: (start, end) in seconds of each cue, None where they do not matter, () for a text
    without times. `warns`: a part of each warning, in order; none else may be given. `refused`: a
    part of the error.
    """

    what: str
    name: str
    data: str | bytes
    words: str = ""
    times: tuple[tuple[float, float], ...] | None = None
    warns: tuple[str, ...] = ()
    refused: str = ""
