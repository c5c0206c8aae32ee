"""Catch and false alarms of the checks of `worker/quality`, on chunks of the demo.

    python -m tools.checks [--good 300] [--bad 6] [--nfe 7] [--words]

Good chunks are everyday sentences with several seeds; bad ones are made bad on purpose, in a dozen
ways. `--words` also listens (requirements/listen.txt). Prints a table in Markdown, and the largest
value of each measure among the good ones, which is where the limits come from.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.boot import load_engine
from engine.chunk import Chunk, Reference, Samples, SpeechParameters
from engine.config import EngineConfig
from engine.synthesizer import Synthesizer
from engine.weights.locate import ModelRequest, locate
from tools.listen.cases import cases
from worker.app import BUNDLED_VOICES
from worker.quality import expected, signals
from worker.quality.recogniser import Moonshine
from worker.quality.words import compare
from worker.settings.groups import VoiceConfig
from worker.voices.located import bundled_voice
from worker.voices.reference import prepare_voice

_AT_ONCE = 16


@dataclass(frozen=True)
class Trial:
    """A chunk to be judged as `kind`, what should be heard, and what is done to its sound."""

    kind: str
    chunk: Chunk
    said: str
    spoil: Callable[[Samples], Samples] = lambda samples: samples


def main() -> None:
    """Speaks, checks and prints."""
    parser = argparse.ArgumentParser(prog="python -m tools.checks", description=__doc__)
    parser.add_argument("--good", type=int, default=300)
    parser.add_argument("--bad", type=int, default=6, help="of each kind")
    parser.add_argument("--nfe", type=int, default=7)
    parser.add_argument("--words", action="store_true")
    options = parser.parse_args()
    engine = load_engine(locate(ModelRequest(model="demo")), EngineConfig())
    path = BUNDLED_VOICES / "demo.flac"
    voice = prepare_voice(
        bundled_voice(path),
        path.read_bytes(),
        (BUNDLED_VOICES / "demo.txt").read_text().strip(),
        VoiceConfig(),
    )
    make = Maker(engine.synthesizer, voice, options.nfe)
    trials = [*make.good(options.good), *make.bad(options.bad)]
    found = list(judged(engine.synthesizer, trials, Moonshine() if options.words else None))
    sys.stdout.write(table(found) + "\n" + largest(found))
    engine.close()


class Maker:
    """Makes trials with one voice."""

    def __init__(self, synthesizer: Synthesizer, voice: Reference, nfe: int) -> None:
        self._synthesizer, self._voice = synthesizer, voice
        self._parameters = SpeechParameters(nfe_step=nfe, cfg_strength=1.0)
        self._texts = [case.text for case in cases() if case.group == "everyday sentences"]
        self._texts += [case.words for case in cases(10) if case.group == "figures, in words"]

    def good(self, count: int) -> Iterator[Trial]:
        """Sentences as they should be, each with seeds of its own."""
        for number in range(count):
            text = self._texts[number % len(self._texts)]
            yield Trial("good", self._chunk(text, seed=number), text)

    def bad(self, each: int) -> Iterator[Trial]:
        """Every kind `each` times."""
        other = "Nobody has seen the keeper of the old lighthouse since the storm in October."
        words = self._voice.ref_text
        for seed in range(each):
            text = self._texts[seed % len(self._texts)]
            plain = self._chunk(text, seed=seed)
            half = " ".join(text.split()[: len(text.split()) // 2])
            figures = "In 1987 it cost $5.30, 4,200 km away at 9:30 on 03/04/25 & 17%."
            yield Trial("figures unread", self._chunk(figures, seed=seed), text)
            yield Trial("nothing to say", self._chunk("......", seed=seed, like=plain), text)
            unknown = "გამარჯობა მსოფლიო ეს არის ტექსტი"
            yield Trial("unknown letters", self._chunk(unknown, seed=seed), text)
            looped = "very " * 14
            yield Trial("looped text", self._chunk(looped, seed=seed), text)
            yield Trial("half of the text", self._chunk(half, seed=seed, like=plain), text)
            for factor in (0.5, 0.7, 1.6, 2.5):
                yield Trial(f"time x {factor}", self._stretched(plain, factor), text)
            for kind, ref_text in (
                ("wrong reference words", f"{other} "),
                ("too many reference words", f"{words}{other} "),
                ("half the reference words", words[: len(words) // 2].rstrip() + ". "),
            ):
                yield Trial(kind, self._chunk(text, seed=seed, ref_text=ref_text), text)
            yield Trial("cut off at the end", plain, text, lambda s: s[: int(len(s) * 0.55)])
            yield Trial("clipped", plain, text, lambda s: np.clip(s * 8, -1, 1))
            yield Trial("silent", plain, text, np.zeros_like)
            yield Trial("broken", plain, text, lambda s: s * np.float32(np.nan))

    def _chunk(
        self, text: str, *, seed: int, like: Chunk | None = None, ref_text: str | None = None
    ) -> Chunk:
        voice = self._voice if ref_text is None else replace(self._voice, ref_text=ref_text)
        parameters = replace(self._parameters, seed=seed)
        (chunk,) = self._synthesizer.plan_spoken(voice, [text], parameters)
        return chunk if like is None else replace(chunk, frames=like.frames)

    @staticmethod
    def _stretched(chunk: Chunk, factor: float) -> Chunk:
        new = int((chunk.frames - chunk.ref_frames) * factor)
        return replace(chunk, frames=max(chunk.ref_frames + new, len(chunk.tokens) + 1))


@dataclass(frozen=True)
class Judged:
    """What the checks say of a trial."""

    kind: str
    before: tuple[str, ...]
    checked: signals.Checked
    wrong_words: bool | None


def judged(
    synthesizer: Synthesizer, trials: Sequence[Trial], listen: Moonshine | None
) -> Iterator[Judged]:
    """Speaks each trial and judges it."""
    for first in range(0, len(trials), _AT_ONCE):
        some = trials[first : first + _AT_ONCE]
        futures = [synthesizer.submit(trial.chunk) for trial in some]
        for trial, future in zip(some, futures, strict=True):
            samples = trial.spoil(future.result().samples)
            before = expected.findings(trial.chunk, synthesizer.frames_per_s)
            voice = trial.chunk.voice
            said = expected.reference_warning(voice.name, voice.ref_text, voice.seconds)
            before += ("reference",) if said else ()
            wrong: bool | None = None
            if listen is not None and np.isfinite(samples).all():
                heard = " ".join(word.text for word in listen.recognise(samples))
                wrong = compare(trial.said, heard).finding is not None
            yield Judged(trial.kind, before, signals.check(samples, synthesizer.sample_rate), wrong)


def table(found: Sequence[Judged]) -> str:
    """How many of each kind are found, by which check."""
    lines = [
        "| kind | chunks | before | by sound | either | by words | findings |",
        "|" + "---|" * 7,
    ]
    for kind in dict.fromkeys(one.kind for one in found):
        some = [one for one in found if one.kind == kind]
        before = sum(bool(one.before) for one in some)
        sound = sum(bool(one.checked.findings) for one in some)
        either = sum(bool(one.before or one.checked.findings) for one in some)
        heard = [one.wrong_words for one in some if one.wrong_words is not None]
        names = dict.fromkeys(name for one in some for name in one.checked.findings)
        lines.append(
            f"| {kind} | {len(some)} | {before} | {sound} | {either} | "
            f"{f'{sum(heard)} of {len(heard)}' if heard else '-'} | {', '.join(names)} |"
        )
    return "\n".join(lines) + "\n"


def largest(found: Sequence[Judged]) -> str:
    """The largest values among the good chunks, beside the limits."""
    good = [one.checked.measures for one in found if one.kind == "good"]
    lines = ["| measure | median | largest of the good | limit |", "|---|---|---|---|"]
    for limit in signals.LIMITS:
        values = [measures[limit.measure] for measures in good]
        lines.append(
            f"| {limit.measure} | {np.median(values):.3f} | {max(values):.3f} | {limit.most} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
