"""`python -m tools.joins` measures what it says, on pieces whose edges are known."""

from __future__ import annotations

import numpy as np
import pytest

from tools.joins import measure, sound

RATE = 24000


def test_both_rules_are_measured_on_the_same_chunks() -> None:
    edge = np.zeros(round(0.03 * RATE), dtype=np.float32)
    speech = (0.2 * np.sin(np.arange(2 * RATE) * 0.05)).astype(np.float32)
    chunk = np.concatenate([edge, speech, edge])
    theirs, ours = measure([[chunk] * 3, [chunk] * 2], RATE)
    assert (theirs["rule"], theirs["joins"], theirs["overlapping"]) == ("f5-tts", 3, 3)
    assert theirs["both_sound_s"] == pytest.approx([0.09] * 3, abs=0.02)
    assert (ours["rule"], ours["joins"], ours["overlapping"]) == ("worker", 3, 0)
    assert ours["pause_s"] == pytest.approx([0.25] * 3, abs=0.01)


def test_silence_has_no_sound() -> None:
    assert sound(np.zeros(RATE, dtype=np.float32), RATE) == (0, 0)
    assert sound(np.zeros(0, dtype=np.float32), RATE) == (0, 0)
