"""How a job wants its voices prepared."""

from __future__ import annotations

from typing import NamedTuple

from worker.voices.asked import WHOLE, Excerpt


class Wish(NamedTuple):
    """What is done to a voice, and what it is remembered by.

    Attributes:
        best: of a long recording take the best stretch whose words are known; else, as f5-tts
            does, the first 12 s.
        mend: make a recording usable whose channels cancel, that has an offset or is too quiet.
        check: with a recogniser, hold the words against what it hears.
        language: that of the job, for voices without words whose record names none.
        part: what of the recording is asked for.
    """

    best: bool = True
    mend: bool = True
    check: bool = True
    language: str | None = None
    part: Excerpt = WHOLE


USUAL = Wish()
