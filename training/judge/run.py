"""Judges a checkpoint that was trained on espeak-ng.

Speaks unseen sentences with voices and pitches it has not heard, through the worker's own engine,
and measures what came out (`training.judge.verdict`). Writes `judge.json` and `judge.md`. Needs
espeak-ng and, for the word error rate, requirements/training.txt.

espeak-ng's own speech can be judged instead, through a vocoder or as it is: the best that a
checkpoint could reach.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from engine.arch import MelConfig
from engine.chunk import SpeechParameters
from engine.config import EngineConfig
from engine.weights.locate import GRIFFIN_LIM
from training import CFG_STRENGTH, Samples
from training.judge import recogniser
from training.judge.acoustics import speech_seconds
from training.judge.cases import SpokenCase, make_cases, speak_cases
from training.judge.options import ESPEAK, JudgeOptions
from training.judge.report import table, write
from training.judge.speech import (
    EngineSpeech,
    OriginalSpeech,
    Speech,
    package_bytes,
    resynthesis,
)
from training.judge.verdict import Verdict, examine, summary

log = logging.getLogger(__name__)


def run(options: JudgeOptions, command: str) -> str:
    """Speaks, listens and writes the figures, with `command` above them; returns what to show.

    Raises:
        RuntimeError: espeak-ng is missing.
    """
    logging.getLogger("f5worker").setLevel(logging.WARNING)
    torch.set_num_threads(options.threads)
    recognise = _recogniser() if options.words else None
    cases = make_cases(options.sentences, others=options.others, seed=options.seed)
    spoken = list(tqdm(speak_cases(cases), total=len(cases), desc="espeak-ng", unit="case"))
    speech = _speech(options)
    verdicts = []
    pairs = zip(spoken, speech.say(spoken), strict=True)
    for one, samples in tqdm(pairs, total=len(spoken), desc="judging", unit="case"):
        verdicts.append(examine(one, samples, recognise))
        if options.audio:
            _keep(options.audio, len(verdicts), one, samples)
    figures = {**summary(verdicts), **_cost(options, speech, spoken)}
    figures["recogniser"] = recogniser.NAME if recognise else None
    paths = write(options.out, figures, verdicts, command)
    return f"{table(figures)}\n{_worst(verdicts)}\nwritten: {paths[0]} {paths[1]}"


def _recogniser() -> recogniser.Recogniser | None:
    try:
        return recogniser.load()
    except recogniser.Missing as exc:
        log.warning("word error rates are left out: %s", exc)
        return None


def _speech(options: JudgeOptions) -> Speech:
    named = options.vocoder not in (None, GRIFFIN_LIM)
    vocoder = Path(str(options.vocoder)) if named else None
    if options.model == ESPEAK:
        if options.vocoder is None:
            return OriginalSpeech()
        return OriginalSpeech(resynthesis(vocoder, torch.device("cpu")))
    config = EngineConfig(device="cpu", dtype=options.dtype, threads=options.threads)
    griffin_lim = options.vocoder == GRIFFIN_LIM
    return EngineSpeech(
        Path(options.model), vocoder, _parameters(options), config, griffin_lim=griffin_lim
    )


def _parameters(options: JudgeOptions) -> SpeechParameters:
    guidance = CFG_STRENGTH if options.cfg_strength is None else options.cfg_strength
    steps = SpeechParameters.nfe_step if options.nfe is None else options.nfe
    return SpeechParameters(nfe_step=steps, cfg_strength=guidance)


def _cost(options: JudgeOptions, speech: Speech, spoken: list[SpokenCase]) -> dict[str, Any]:
    """Figures that only a checkpoint has: of its planned durations, its speed and its size."""
    if not isinstance(speech, EngineSpeech):
        return {}
    errors = [abs(speech.planned(one) / speech_seconds(one.original) - 1) for one in spoken]
    timing = {"threads": options.threads, "nfe": speech.parameters.nfe_step}
    timing |= asdict(speech.time(spoken[0]))
    speech.close()
    directories = [Path(options.model)]
    if speech.files.vocoder:
        directories.append(speech.files.vocoder)
    return {
        "duration_estimate": {"median_error": float(np.median(errors)), "worst_error": max(errors)},
        "timing": timing,
        "package_mb": package_bytes(*directories) / 1e6,
    }


def _keep(directory: Path, number: int, one: SpokenCase, samples: Samples) -> None:
    import soundfile

    directory.mkdir(parents=True, exist_ok=True)
    for name, wave in (("said", samples), ("espeak", one.original), ("reference", one.reference)):
        path = directory / f"{number:02d}-{name}.wav"
        soundfile.write(path, wave, MelConfig.sample_rate)


def _worst(verdicts: list[Verdict]) -> str:
    """The three cases with the smallest margins, to look at first."""
    lines = []
    for verdict in sorted(verdicts, key=lambda v: v.match.margin(0))[:3]:
        case, heard = verdict.case, verdict.heard
        lines.append(f"{verdict.match.margin(0):+.1%} {case.voice} {case.pitch}: {case.text}")
        lines.append(f"    heard: {heard.generated if heard else '-'}")
    return "\n".join(lines)
