"""What a chunk shows of what was written: every character in one chunk, however a text is cut."""

from __future__ import annotations

import numpy as np
import pytest

from engine.chunk import Chunk, Reference, SpeechParameters
from engine.duration import by_letters
from standins.growth import grows_with_length
from text.cut import chunks
from text.front import prepare
from worker.jobs.plan import _shown

VOICE = Reference("v", np.zeros(24_000, np.float32), 0.1, 3.0, "This is what it says. ", "h")
PACE = by_letters("This is what it says.", 1.5, 1.0)


def planned(text: str) -> list[Chunk]:
    script = prepare(text)
    (line,) = script.lines
    plain = Chunk(0, "", VOICE, SpeechParameters(), [1], 200, 100, seed=1)
    return [_shown(plain, script, line, one.start, one.end) for one in chunks(line, 10, PACE)]


@pytest.mark.parametrize(
    "text",
    [
        "a" * 700,
        "one two " + "abc" * 300 + " three four",
        "7" * 300,
        "It was a dark night, and nobody came. " * 20,
        "中文" * 200,
    ],
)
def test_every_written_character_is_shown_once(text: str) -> None:
    found = planned(text)
    assert len(found) > 1
    assert "".join("".join(chunk.written.split()) for chunk in found) == "".join(text.split())
    for chunk in found:
        words = "".join(word.written for word in chunk.words)
        assert "".join(words.split()) == "".join(chunk.written.split())


def test_the_time_grows_with_the_length_only() -> None:
    assert len(planned("中" * 20_000)) > 100
    assert grows_with_length(lambda length: planned("中" * length), 20_000)
