"""The guard: what is found is told, a gross failure is spoken once more, the better one kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from engine.chunk import Chunk, Reference, Samples, SpeechParameters, SpokenChunk
from engine.synthesizer import _chunk_seed
from worker.quality.guard import BY_SOUND, Guard, heard_warnings
from worker.quality.recogniser import Heard

RATE = 24_000
VOICE = Reference("v", np.zeros(RATE * 3, np.float32), 0.1, 3.0, "This is what it says. ", "h")


def chunk(text: str = "The weather is nice today.", language: str = "en") -> Chunk:
    return Chunk(
        0, text, VOICE, SpeechParameters(), [1] * 40, 281 + 330, 281, seed=5, language=language
    )  # fmt: skip


def sound(seconds: float = 1.8) -> Samples:
    """Voice-like, with soft edges, never the same twice within itself."""
    count = int(seconds * RATE)
    noise = np.random.default_rng(1).normal(size=count).astype(np.float32) * np.float32(0.1)
    edge = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 2000)
    return (noise * edge).astype(np.float32)


class Listener:
    """A recogniser that hears what it is told to, one text a call."""

    name = "listener"
    languages = frozenset({"en"})
    has_times = False

    def __init__(self, *heard: str | Exception) -> None:
        self.heard = list(heard)

    def recognise(self, samples: Samples, language: str | None = None) -> list[Heard]:
        heard = self.heard.pop(0)
        if isinstance(heard, Exception):
            raise heard
        return [Heard(word) for word in heard.split()]


def run(
    listener: Listener | None,
    one: Chunk,
    *,
    may_repeat: bool = True,
    said: Samples | None = None,
) -> tuple[Guard, SpokenChunk, list[Chunk]]:
    again: list[Chunk] = []

    async def speak(wanted: Chunk) -> SpokenChunk:
        again.append(wanted)
        return SpokenChunk(wanted.index, sound() * np.float32(0.5), inference_s=1.0)

    guard = Guard(
        (lambda: listener) if listener else None, sample_rate=RATE, frames_per_s=RATE / 256
    )
    first = SpokenChunk(0, sound() if said is None else said, inference_s=1.0)
    kept = asyncio.run(guard.checked(one, first, speak if may_repeat else None))
    return guard, kept, again


def test_without_a_recogniser_a_chunk_is_checked_by_sound_alone() -> None:
    guard, _, again = run(None, chunk())
    assert guard.reports[0].checked_by == (BY_SOUND,)
    assert (guard.reports[0].attempts, guard.reports[0].findings, again) == (1, (), [])


def test_a_loop_is_found_unless_the_words_say_it() -> None:
    looped = np.tile(sound(0.5), 6)
    for text, found in (("The weather is nice today.", True), ("No no, no no no no.", False)):
        guard, _, _ = run(None, chunk(text), said=looped)
        assert ("repetition" in guard.reports[0].findings) is found


def test_what_was_heard_right_is_not_spoken_again() -> None:
    guard, _, again = run(Listener("the weather is nice today"), chunk())
    assert guard.reports[0].checked_by == (BY_SOUND, "listener")
    assert (guard.reports[0].findings, again) == ((), [])


def test_a_gross_failure_is_spoken_once_more_with_another_seed_and_the_better_one_is_kept() -> None:
    guard, kept, again = run(Listener("", "the weather is nice today"), chunk())
    report = guard.reports[0]
    assert (report.attempts, report.findings) == (2, ())
    assert [one.seed for one in again] == [report.seed] != [5]
    assert report.seed not in {_chunk_seed(5, index) for index in range(1000)}
    assert np.abs(kept.samples).max() < 0.5 * np.abs(sound()).max() + 1e-6


def test_a_worse_second_try_is_not_kept() -> None:
    guard, kept, _ = run(Listener("the weather", ""), chunk())
    assert (guard.reports[0].attempts, guard.reports[0].seed) == (2, 5)
    assert np.array_equal(kept.samples, sound())
    assert guard.reports[0].findings == ("other words heard: 'the weather'",)


def test_very_short_lines_are_only_told_of() -> None:
    guard, _, again = run(Listener("no"), chunk("Yes."))
    assert again == []
    assert "other words heard: 'no'" in guard.reports[0].findings


@pytest.mark.parametrize(
    ("listener", "language", "said"),
    [
        (Listener(RuntimeError("out of memory")), "en", "words not checked (RuntimeError)"),
        (Listener(), "de", "words not checked: listener does not know de"),
    ],
)
def test_what_could_not_be_checked_is_never_called_good(
    listener: Listener, language: str, said: str
) -> None:
    guard, _, again = run(listener, chunk(language=language))
    report = guard.reports[0]
    assert report.checked_by == (BY_SOUND,)
    assert said in report.findings
    assert again == []


def test_a_chunk_of_an_interrupted_run_is_checked_and_not_spoken_again() -> None:
    guard, _, again = run(Listener(""), chunk(), may_repeat=False)
    assert (guard.reports[0].findings, again) == (("no words heard",), [])


def test_warnings_name_the_chunks_of_each_kind() -> None:
    guard, _, _ = run(Listener(""), chunk(), may_repeat=False)
    report = guard.reports[0]
    many = dict.fromkeys(range(20), report)
    written = {index: f"{index} is said." for index in many} | {1: "A long sentence. " * 9}
    assert heard_warnings({0: report}, written) == ["Listen to “0 is said.”: no words heard."]
    (warning,) = heard_warnings(many, written)
    other = {
        i: replace(report, findings=(f"other words heard: {said!r}",))
        for i, said in enumerate(["it's", "no"])
    }
    assert heard_warnings(other, written) == [
        "Listen to “0 is said.”, “A long sentence. A long sentence. A long…”: other words heard."
    ]
    assert "and 12 more" in warning
