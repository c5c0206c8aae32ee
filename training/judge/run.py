"""Judges a checkpoint that was trained on espeak-ng: `python -m training.judge.run --model DIR`.

Speaks unseen sentences with voices and pitches it has not heard, through the worker's own engine,
and measures what came out (`training.judge.verdict`). Writes `judge.json` and `judge.md`. Needs
espeak-ng and, for the word error rate, requirements/training.txt.

`--model espeak` judges espeak-ng's own speech instead, through the vocoder if one is given
(`griffin-lim` is one): the best that a checkpoint could reach.
"""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from engine.boot import EngineConfig
from engine.synthesizer import SpeechParameters
from engine.weights.demo import CFG_STRENGTH
from engine.weights.locate import GRIFFIN_LIM
from training.judge import recogniser
from training.judge.acoustics import speech_seconds
from training.judge.cases import SpokenCase, make_cases, speak_cases
from training.judge.report import table, write
from training.judge.speech import (
    EngineSpeech,
    OriginalSpeech,
    Speech,
    package_bytes,
    resynthesis,
)
from training.judge.verdict import Samples, Verdict, examine, summary

log = logging.getLogger("demo.judge")

ESPEAK = "espeak"
_DEFAULT_NFE = SpeechParameters().nfe_step


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("f5worker").setLevel(logging.WARNING)
    torch.set_num_threads(options.threads)
    recognise = _recogniser(options.no_words)
    cases = make_cases(options.sentences, others=options.others, seed=options.seed)
    with tqdm(total=len(cases), desc="espeak-ng", unit="case") as bar:
        spoken = speak_cases(cases, bar.update)
    speech = _speech(options)
    verdicts = []
    for one, samples in _generated(speech, spoken):
        verdicts.append(examine(one, samples, recognise))
        if options.audio:
            _keep(options.audio, len(verdicts), one, samples)
    figures = {**summary(verdicts), **_cost(options, speech, spoken)}
    figures["recogniser"] = recogniser.NAME if recognise else None
    command = shlex.join(["python", "-m", "training.judge.run", *(arguments or sys.argv[1:])])
    paths = write(options.out, figures, verdicts, command)
    print(table(figures))
    _show_worst(verdicts)
    print(f"written: {paths[0]} {paths[1]}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", required=True, help="checkpoint directory, or: espeak")
    parser.add_argument(
        "--vocoder", help="directory, or griffin-lim; default: vocos/ in the model, if it is there"
    )
    parser.add_argument("--sentences", type=int, default=50)
    parser.add_argument("--others", type=int, default=19, help="sentences to confuse each with")
    parser.add_argument("--nfe", type=int, default=_DEFAULT_NFE, help="sampling steps")
    parser.add_argument(
        "--cfg-strength", type=float, default=CFG_STRENGTH, help="guidance; default: the demo's"
    )
    parser.add_argument("--dtype", default="auto", help="as F5_DTYPE")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1, help="of the choice of sentences and voices")
    parser.add_argument("--no-words", action="store_true", help="without the recogniser")
    parser.add_argument("--out", type=Path, default=Path("data/demo-judge"))
    parser.add_argument("--audio", type=Path, help="keep the speech as WAV files here")
    return parser


def _recogniser(skipped: bool) -> recogniser.Recogniser | None:
    if skipped:
        return None
    try:
        return recogniser.load()
    except recogniser.Missing as exc:
        log.warning("word error rates are left out: %s", exc)
        return None


def _speech(options: argparse.Namespace) -> Speech:
    named = options.vocoder not in (None, GRIFFIN_LIM)
    vocoder = Path(options.vocoder) if named else None
    if options.model == ESPEAK:
        if options.vocoder is None:
            return OriginalSpeech()
        return OriginalSpeech(resynthesis(vocoder, torch.device("cpu")))
    model = Path(options.model)
    parameters = SpeechParameters(nfe_step=options.nfe, cfg_strength=options.cfg_strength)
    config = EngineConfig(device="cpu", dtype=options.dtype, threads=options.threads)
    griffin_lim = options.vocoder == GRIFFIN_LIM
    return EngineSpeech(model, vocoder, parameters, config, griffin_lim=griffin_lim)


def _generated(speech: Speech, spoken: list[SpokenCase]) -> Iterator[tuple[SpokenCase, Samples]]:
    with tqdm(total=len(spoken), desc="judging", unit="case") as bar:
        for pair in zip(spoken, speech.say(spoken), strict=True):
            yield pair
            bar.update()


def _cost(options: argparse.Namespace, speech: Speech, spoken: list[SpokenCase]) -> dict[str, Any]:
    if not isinstance(speech, EngineSpeech):
        return {}
    errors = [abs(speech.planned(one) / speech_seconds(one.original) - 1) for one in spoken]
    estimate = {"median_error": float(np.median(errors)), "worst_error": max(errors)}
    timing = vars(speech.time(spoken[0])) | {"threads": options.threads, "nfe": options.nfe}
    speech.close()
    directories = [Path(options.model)]
    if speech.files.vocoder:
        directories.append(speech.files.vocoder)
    return {
        "duration_estimate": estimate,
        "timing": timing,
        "package_mb": package_bytes(*directories) / 1e6,
    }


def _keep(directory: Path, number: int, one: SpokenCase, samples: Samples) -> None:
    import soundfile

    directory.mkdir(parents=True, exist_ok=True)
    for name, wave in (("said", samples), ("espeak", one.original), ("reference", one.reference)):
        soundfile.write(directory / f"{number:02d}-{name}.wav", wave, 24_000)


def _show_worst(verdicts: list[Verdict]) -> None:
    """The three cases with the smallest margins, to look at first."""
    for verdict in sorted(verdicts, key=lambda v: v.match.margin(0))[:3]:
        case, heard = verdict.case, verdict.heard
        print(f"{verdict.match.margin(0):+.1%} {case.voice} {case.pitch}: {case.text}")
        print(f"    heard: {heard.generated if heard else '-'}")


if __name__ == "__main__":
    main()
