"""What is wrong with a chunk's sound is found, and good sound is left in peace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine.chunk import Samples
from worker.app import BUNDLED_VOICES
from worker.quality.signals import BROKEN, LIMITS, MEASURES, SILENT, check

RATE = 24_000


@pytest.fixture(scope="module")
def speech() -> Samples:
    """Two sentences of the bundled voice, of which 50 ms of silence are left at the end."""
    samples, rate = soundfile.read(BUNDLED_VOICES / "demo.flac", dtype="float32")
    assert rate == RATE
    trimmed: Samples = samples[: len(samples) - RATE // 4]
    return trimmed


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.float32)


def test_good_speech_has_no_findings(speech: Samples) -> None:
    checked = check(speech, RATE)
    assert checked.findings == ()
    assert checked.measures.keys() == {limit.measure for limit in LIMITS} == MEASURES.keys()


def cut_at_the_loudest(samples: Samples, *, end: bool) -> Samples:
    place = int(np.abs(samples[RATE : 2 * RATE]).argmax()) + RATE
    return samples[: place + 1] if end else samples[place:]


@pytest.mark.parametrize(
    ("spoil", "finding"),
    [
        (lambda s: cut_at_the_loudest(s, end=True), "abrupt end"),
        (lambda s: cut_at_the_loudest(s, end=False), "abrupt start"),
        (lambda s: np.concatenate([s, silence(0.5)]), "silence at an edge"),
        (lambda s: np.concatenate([silence(0.5), s]), "silence at an edge"),
        (lambda s: np.concatenate([s, silence(0.9), s]), "long pause"),
        (lambda s: np.concatenate([s[: RATE // 2], silence(3), s[: RATE // 2]]), "much silence"),
        (lambda s: np.clip(s * 30, -1, 1), "clipping"),
        (lambda s: np.tile(s[RATE : RATE + RATE // 2], 6), "repetition"),
        (np.zeros_like, SILENT),
        (lambda s: s * np.float32("nan"), BROKEN),
        (lambda s: np.where(np.arange(len(s)) == 99, np.float32("inf"), s), BROKEN),
    ],
)
def test_what_is_wrong_is_named(
    speech: Samples, spoil: Callable[[Samples], Samples], finding: str
) -> None:
    assert finding in check(spoil(speech), RATE).findings


def test_a_short_line_may_be_silent_at_its_edges(speech: Samples) -> None:
    loud = speech[RATE : RATE + RATE // 4] * np.hanning(RATE // 4).astype(np.float32)
    short = np.concatenate([silence(0.1), loud, silence(0.15)])
    assert "much silence" not in check(short, RATE).findings
    longer = np.concatenate([silence(0.25), loud, silence(0.25)])
    assert "much silence" in check(longer, RATE).findings


@given(st.integers(0, 3000), st.floats(0, 1))
def test_any_length_can_be_checked(length: int, level: float) -> None:
    samples = np.random.default_rng(length).normal(size=length).astype(np.float32) * np.float32(
        level
    )
    checked = check(samples, RATE)
    assert all(np.isfinite(value) for value in checked.measures.values())
