"""The figures by which the demo checkpoint is judged.

- retrieval: is the generated speech nearer to espeak-ng saying that sentence in that voice than to
  espeak-ng saying any of 19 others of the same length? (`retrieval`)
- words: word error rate of a recogniser, beside its rate on espeak-ng's own speech, and how often
  what it heard is nearest to the right one of the 20 sentences;
- voice: Pearson correlation over the cases of pitch and of spectral centroid (both log Hz), between
  the generated speech and the reference. A centroid depends on the words as much as on the voice,
  and the reference says other words: espeak-ng itself reaches 0.7. So there is also the centroid
  of the voice: the generated one less what the sentence adds to it (espeak-ng's own saying it,
  over the mean of 20 sentences in that voice), against that mean. Speech that ignored the voice
  would get 0 there;
- duration: from first to last sound, against espeak-ng's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from engine.arch import MelConfig
from engine.mel import LogMel
from training import Samples
from training.judge import retrieval
from training.judge.acoustics import Acoustics, measure
from training.judge.cases import DOCUMENTATION, EVERYDAY, Case, SpokenCase
from training.judge.word_errors import closest, word_error_rate


@dataclass(frozen=True)
class Heard:
    """What the recogniser made of the generated speech and of espeak-ng's own."""

    generated: str
    original: str


@dataclass(frozen=True)
class Verdict:
    """All that is measured of one case; `heard` is None without a recogniser."""

    case: Case
    match: retrieval.Match
    reference: Acoustics
    original: Acoustics
    generated: Acoustics
    voice_centroid: float
    heard: Heard | None

    @property
    def found(self) -> bool:
        """Whether the right sentence was the nearest."""
        return self.match.nearest == 0

    @property
    def adjusted_centroid(self) -> float:
        """The generated speech's centroid without the sentence's own share, Hz."""
        return self.generated.centroid * self.voice_centroid / self.original.centroid

    @property
    def duration_error(self) -> float:
        """By how much the generated speech is longer than espeak-ng's, as a share of it."""
        return self.generated.seconds / self.original.seconds - 1


def examine(
    spoken: SpokenCase, generated: Samples, recognise: Callable[[Samples], str] | None
) -> Verdict:
    """Measures one generated utterance, (samples,) at 24 kHz."""
    log_mel = LogMel(MelConfig(), torch.device("cpu"))
    query = retrieval.features(log_mel(torch.from_numpy(generated)).numpy())
    return Verdict(
        case=spoken.case,
        match=retrieval.match_features(query, spoken.candidates),
        reference=measure(spoken.reference),
        original=measure(spoken.original),
        generated=measure(generated),
        voice_centroid=spoken.voice_centroid,
        heard=Heard(recognise(generated), recognise(spoken.original)) if recognise else None,
    )


def summary(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The figures of all cases together, and of those with voices that were not trained on."""
    unheard = [verdict for verdict in verdicts if verdict.case.unheard_voice]
    return {
        "retrieval": {
            "right": sum(v.found for v in verdicts),
            "of": len(verdicts),
            "candidates": len(verdicts[0].case.others) + 1,
            "right_unheard_voices": sum(v.found for v in unheard),
            "of_unheard_voices": len(unheard),
            "median_margin": float(np.median([v.match.margin(0) for v in verdicts])),
            "smallest_margin": float(min(v.match.margin(0) for v in verdicts)),
        },
        "words": _words(verdicts),
        "voice": _voice(verdicts),
        "voice_unheard": _voice(unheard),
        "duration": {
            "median_error": float(np.median([abs(v.duration_error) for v in verdicts])),
            "worst_error": float(max(abs(v.duration_error) for v in verdicts)),
            "within_10_percent": sum(abs(v.duration_error) <= 0.1 for v in verdicts),
            "total_error": float(
                sum(v.generated.seconds for v in verdicts)
                / sum(v.original.seconds for v in verdicts)
                - 1
            ),
        },
    }


def correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Pearson's, of the pairs in which both are known; nan for fewer than three of them."""
    pairs = np.array([(x, y) for x, y in zip(a, b, strict=True) if np.isfinite(x + y)])
    if len(pairs) < 3 or not pairs.std(axis=0).all():
        return float("nan")
    return float(np.corrcoef(pairs.T)[0, 1])


def _words(verdicts: Sequence[Verdict]) -> dict[str, Any] | None:
    if any(v.heard is None for v in verdicts):
        return None
    result: dict[str, Any] = {}
    groups = {"all": verdicts}
    for kind in (EVERYDAY, DOCUMENTATION):
        groups[kind] = [v for v in verdicts if v.case.kind == kind]
    for name, group in groups.items():
        made, own = ([], []) if not group else _rates(group)
        result[name] = {
            "generated": word_error_rate(made),
            "espeak": word_error_rate(own),
            "ratio": word_error_rate(made) / max(word_error_rate(own), 1e-9),
        }
    result["right_sentence"] = {
        "generated": sum(_heard_right(v.case, v.heard.generated) for v in verdicts if v.heard),
        "espeak": sum(_heard_right(v.case, v.heard.original) for v in verdicts if v.heard),
        "of": len(verdicts),
    }
    return result


def _rates(group: Sequence[Verdict]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    made = [(v.case.text, v.heard.generated) for v in group if v.heard]
    return made, [(v.case.text, v.heard.original) for v in group if v.heard]


def _heard_right(case: Case, heard: str) -> bool:
    return closest(heard, [*case.others, case.text]) == len(case.others)


def _voice(verdicts: Sequence[Verdict]) -> dict[str, float]:
    result = {}
    for what in ("pitch", "centroid"):
        wanted, made, own = (
            _log([getattr(side, what) for side in sides])
            for sides in (
                [v.reference for v in verdicts],
                [v.generated for v in verdicts],
                [v.original for v in verdicts],
            )
        )
        result[f"{what}_correlation"] = correlation(wanted, made)
        result[f"{what}_correlation_of_espeak"] = correlation(wanted, own)
    adjusted = _log([v.adjusted_centroid for v in verdicts])
    voices = _log([v.voice_centroid for v in verdicts])
    result["voice_centroid_correlation"] = correlation(voices, adjusted)
    result["voice_centroid_correlation_of_espeak"] = 1.0
    return result


def _log(values: Sequence[float]) -> list[float]:
    return [float(np.log(value)) if value > 0 else float("nan") for value in values]
