"""Looks at every chunk as it is finished, and has a grossly wrong one spoken once more.

By sound alone nothing is spoken again: findings are told. With a recogniser configured, a chunk
whose words were not said gets one more try with a seed derived from its own, and the better of the
two is kept. What could not be checked is said to be unchecked, never to be good.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from engine.chunk import Chunk, SpokenChunk
from text.languages import base
from worker.log import get_logger
from worker.quality import expected, signals
from worker.quality.recogniser import ONE_AT_A_TIME, Recogniser
from worker.quality.words import OTHER_WORDS, Comparison, compare
from worker.threads import Lane, in_thread

log = get_logger("quality")

BY_SOUND = "sound"
_SECOND_TRY = 0x51B54A32D192ED03  # added to a chunk's seed; the engine's own steps never meet it
_SEEDS = 1 << 63
_SHOWN, _BEGINS = 8, 40  # chunks named in a warning, and letters of each

Speak = Callable[[Chunk], Awaitable[SpokenChunk]]


@dataclass(frozen=True)
class Report:
    """What was found about a chunk. `seed` is that of the try that was kept, `measures` what
    `worker.quality.signals` measured of it."""

    attempts: int
    checked_by: tuple[str, ...]
    findings: tuple[str, ...]
    seed: int
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Judged:
    spoken: SpokenChunk
    findings: tuple[str, ...]
    comparison: Comparison | None
    measures: Mapping[str, float]

    @property
    def badness(self) -> tuple[float, int]:
        words = self.comparison.error_rate if self.comparison else 0.0
        return words, len(self.findings)


class Guard:
    """Checks the chunks of one job.

    Args:
        recogniser: gives the recogniser when it is first needed; None for none.
        frames_per_s: mel frames a second of the model.
    """

    def __init__(
        self,
        recogniser: Callable[[], Recogniser] | None,
        *,
        sample_rate: int,
        frames_per_s: float,
    ) -> None:
        self._recogniser = recogniser
        self._rate, self._frames_per_s = sample_rate, frames_per_s
        self.reports: dict[int, Report] = {}

    async def checked(
        self, chunk: Chunk, spoken: SpokenChunk, speak: Speak | None = None
    ) -> SpokenChunk:
        """`spoken`, or a better try of it; what was found goes into `reports`.

        Args:
            speak: speaks a chunk; None where a second try is not wanted.
        """
        lane = Lane.COMPUTE if self._recogniser is None else Lane.LISTEN
        first = kept = await in_thread(lane, self._judge, chunk, spoken)
        attempts = 1
        if speak is not None and first.comparison is not None and first.comparison.gross:
            attempts = 2
            again = replace(chunk, seed=(chunk.seed + _SECOND_TRY) % _SEEDS)
            log.info("chunk %d is spoken again: %s", chunk.index, first.comparison.finding)
            second = await in_thread(lane, self._judge, again, await speak(again))
            if second.badness < first.badness:
                kept, chunk = second, again
        by = (BY_SOUND,) if kept.comparison is None else (BY_SOUND, self._name())
        self.reports[chunk.index] = Report(attempts, by, kept.findings, chunk.seed, kept.measures)
        return kept.spoken

    def _judge(self, chunk: Chunk, spoken: SpokenChunk) -> _Judged:
        found = list(expected.findings(chunk, self._frames_per_s))
        sound = signals.check(spoken.samples, self._rate)
        seconds = len(spoken.samples) / self._rate
        found += [
            finding
            for finding in sound.findings
            if finding != signals.REPETITION or not expected.says_twice(chunk.text, seconds)
        ]
        comparison = None
        if self._recogniser is not None:
            comparison = self._heard(self._recogniser, chunk, spoken, found)
        if comparison is not None and comparison.finding:
            found.append(comparison.finding)
        measures = {**sound.measures, "letters_per_s": expected.letters_per_s(chunk.text, seconds)}
        if comparison is not None:
            measures["words_wrong"] = round(comparison.error_rate, 3)
        return _Judged(spoken, tuple(found), comparison, measures)

    def _heard(
        self,
        load: Callable[[], Recogniser],
        chunk: Chunk,
        spoken: SpokenChunk,
        found: list[str],
    ) -> Comparison | None:
        try:
            recogniser = load()
            language = base(chunk.language)
            if recogniser.languages and language not in recogniser.languages:
                found.append(f"words not checked: {recogniser.name} does not know {language}")
                return None
            with ONE_AT_A_TIME:
                words = recogniser.recognise(spoken.samples, language)
        except Exception as exc:  # whatever a recogniser does, the speech is there
            log.warning("words not checked", exc_info=True)
            found.append(f"words not checked ({type(exc).__name__})")
            return None
        return compare(chunk.text, " ".join(word.text for word in words), language)

    def _name(self) -> str:
        return self._recogniser().name if self._recogniser is not None else ""


def heard_warnings(reports: Mapping[int, Report], written: Mapping[int, str]) -> list[str]:
    """One sentence for each kind of finding, with the chunks it was found in, by how they begin:
    `written` is what the user wrote for each."""
    places: dict[str, list[str]] = {}
    for index in sorted(reports):
        for finding in reports[index].findings:
            kind = OTHER_WORDS if finding.startswith(OTHER_WORDS) else finding
            places.setdefault(kind, []).append(_begun(written[index]))
    return [f"Listen to {_listed(found)}: {kind}." for kind, found in places.items()]


def _begun(text: str) -> str:
    return f"“{text}”" if len(text) <= _BEGINS else f"“{text[:_BEGINS].rstrip()}…”"


def _listed(texts: list[str]) -> str:
    shown = ", ".join(texts[:_SHOWN])
    return f"{shown} and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else shown
