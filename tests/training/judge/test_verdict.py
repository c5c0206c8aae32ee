"""The judge on made-up speech: what it says of perfect speech and of wrong speech."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.arch import MelConfig
from engine.mel import LogMel
from tests.training.sounds import vowels
from training.data import espeak
from training.data.sentences import is_held_out
from training.judge import retrieval
from training.judge.acoustics import spectral_centroid
from training.judge.cases import DOCUMENTATION, EVERYDAY, Case, SpokenCase, make_cases
from training.judge.report import table, write
from training.judge.verdict import correlation, examine, summary

MEL = LogMel(MelConfig(), torch.device("cpu"))


def spoken(number: int) -> SpokenCase:
    """A voice with a pitch of its own; the right sentence has seed `number`."""
    pitch = 90.0 + 25 * number
    waves = [vowels(seed, pitch) for seed in (number, 20, 21, 22)]
    kind = (EVERYDAY, DOCUMENTATION)[number % 2]
    case = Case("one two", kind, "v", 1, number % 2 == 0, "ref", ("two one", "one one", "no"))
    features = tuple(retrieval.features(MEL(torch.from_numpy(w)).numpy()) for w in waves)
    centroid = float(np.mean([spectral_centroid(wave) for wave in waves]))
    return SpokenCase(case, vowels(30, pitch), waves[0], features, centroid)


@cache
def cases() -> list[SpokenCase]:
    return [spoken(number) for number in range(4)]


def test_perfect_speech_meets_everything_that_can_be_met(tmp_path: Path) -> None:
    verdicts = [examine(case, case.original, lambda _: "one two") for case in cases()]
    figures = summary(verdicts)
    assert figures["retrieval"]["right"] == figures["retrieval"]["of"] == 4
    assert figures["retrieval"]["smallest_margin"] > 0.9
    assert figures["words"]["all"]["generated"] == 0
    assert figures["words"]["right_sentence"]["generated"] == 4
    assert figures["voice"]["pitch_correlation"] > 0.99
    assert figures["voice"]["voice_centroid_correlation"] == pytest.approx(1)
    assert figures["duration"]["worst_error"] == 0
    assert figures["duration"]["within_10_percent"] == 4
    paths = write(tmp_path, figures, verdicts, "judge")
    assert json.loads(paths[0].read_text())["cases"][3]["nearest"] == "one two"
    assert paths[1].read_text().endswith(table(figures))


def test_speech_of_another_sentence_voice_and_length_is_found_out() -> None:
    verdicts = [examine(case, vowels(20, 140.0, seconds=1.4), None) for case in cases()]
    figures = summary(verdicts)
    assert figures["retrieval"]["right"] == 0
    assert figures["words"] is None
    assert figures["duration"]["median_error"] == pytest.approx(0.4, abs=0.05)
    assert not figures["voice"]["pitch_correlation"] > 0.5  # one pitch for all: nan or chance
    assert "| no |" in table(figures)


def test_a_correlation_needs_three_known_pairs_that_differ() -> None:
    assert correlation([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert correlation([1, 2, 3, 4], [4, 3, 2, math.nan]) == pytest.approx(-1)
    assert math.isnan(correlation([1, 2], [1, 2]))
    assert math.isnan(correlation([1, 2, 3], [1, 1, 1]))


def test_cases_are_unseen_sentences_at_unseen_pitches_and_the_same_every_time() -> None:
    cases = make_cases(4, others=2)
    assert cases == make_cases(4, others=2)
    assert len({case.text for case in cases}) == 4
    trained = {voice.name for voice in espeak.TRAIN_VOICES}
    for case in cases:
        assert is_held_out(case.text)
        assert case.pitch % 2 == 1
        assert case.unheard_voice == (case.voice not in trained)
        assert case.text not in case.others
        assert case.text != case.ref_text
        assert len(case.others) == len(set(case.others)) == 2
        assert all(abs(len(other) - len(case.text)) <= 12 for other in case.others)
    assert sum(case.unheard_voice for case in cases) == 2
