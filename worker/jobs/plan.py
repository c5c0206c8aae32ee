"""A script and its voices to chunks: where it is cut, how long each piece will be.

By `durations` the cut is the text's (sentences, clauses, words; balanced) and lengths follow what
is spoken; without, both are f5-tts's.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile, zip_longest

from engine.chunk import Chunk, Reference, SaidWord, SpeechParameters
from engine.synthesizer import Synthesizer
from engine.weights.card import ModelCard
from text.cut import chunks as cut
from text.cut import stopped
from text.script import Break, Line, Pauses, Script, Word
from worker.request.speech import SpeechInput


def speech_parameters(request: SpeechInput, job_id: str, card: ModelCard) -> SpeechParameters:
    """f5-tts's parameters of a job; the model's card may have a guidance strength of its own.

    Without a seed the job's id gives one: sent again, it sounds the same. -1 is f5-tts's word for
    "none".
    """
    strength = request.cfg_strength
    if card.cfg_strength is not None and "cfg_strength" not in request.model_fields_set:
        strength = card.cfg_strength
    seed = request.seed
    if seed is None or seed < 0:
        seed = int.from_bytes(hashlib.sha256(job_id.encode(errors="replace")).digest()[:4])
    return SpeechParameters(
        nfe_step=request.steps,
        cfg_strength=strength,
        sway_sampling_coef=request.sway_sampling_coef,
        speed=request.speed,
        seed=seed,
        target_rms=request.target_rms,
        fix_duration=request.fix_duration,
        cross_fade_duration=request.cross_fade_duration,
    )


OPENING_S = 1.2  # of a first chunk to be heard soon; less sounds like no part of what follows


class Planner:
    """Plans the chunks of one job.

    Args:
        voices: maps each line's `voice` to its reference.
        durations: see the module's docstring.
        pauses: seconds at each kind of break within a line.
        starts_soon: the first chunk is a clause or two, to be heard while the others are spoken; as
            f5-tts cuts, there is no such thing.
    """

    def __init__(
        self,
        synthesizer: Synthesizer,
        voices: Mapping[str | None, Reference],
        parameters: SpeechParameters,
        *,
        durations: bool,
        pauses: Pauses,
        starts_soon: bool = False,
    ) -> None:
        self._synthesizer, self._voices, self._parameters = synthesizer, voices, parameters
        self._durations, self._pauses = durations, pauses
        self._starts_soon = starts_soon

    def plan(self, script: Script) -> list[Chunk]:
        """Chunks in speaking order.

        Raises:
            InvalidInput: a chunk would be longer than the model can position.
        """
        chunks: list[Chunk] = []
        pause_s = 0.0
        for line, following in zip_longest(script.lines, script.lines[1:]):
            pause_s += line.pause_s
            ends = following is None or following.opens not in (Break.WORD, Break.CLAUSE)
            planned = self._line(script, line, len(chunks), ends) if line.text.strip() else []
            if planned:
                chunks += [replace(planned[0], pause_s=pause_s), *planned[1:]]
                pause_s = 0.0
        return chunks

    @staticmethod
    def tail_s(script: Script) -> float:
        """Seconds of silence that the script ends with, behind the last chunk."""
        silent = takewhile(lambda line: not line.text.strip(), reversed(script.lines))
        return sum(line.pause_s for line in silent)

    def _line(self, script: Script, line: Line, first_index: int, ends: bool) -> list[Chunk]:
        """A line's chunks. `ends`: its last sentence does not go on in the next line."""
        voice, speed = self._voices[line.voice], line.speed
        own = replace(self._parameters, speed=speed) if speed else self._parameters
        if not self._durations:
            planned = self._synthesizer.plan(voice, line.text, own, first_index=first_index)
            spans = spans_of([chunk.text for chunk in planned], line.text)
            return [
                _shown(chunk, script, line, *span)
                for chunk, span in zip(planned, spans, strict=True)
            ]
        opening = OPENING_S if self._starts_soon and not first_index else None
        room_s, pace = self._synthesizer.room_s(voice), self._synthesizer.pace(voice, own)
        cuts = cut(line, room_s, pace, opening=opening)
        ending = [ends and one is cuts[-1] for one in cuts]
        texts = [stopped(one.text, ends_line=last) for one, last in zip(cuts, ending, strict=True)]
        planned = self._synthesizer.plan_spoken(voice, texts, own, first_index=first_index)
        return [
            replace(
                _ended(_shown(chunk, script, line, one.start, one.end), ends_line=last),
                pause_s=self._pauses.seconds(one.opens),
            )
            for chunk, one, last in zip(planned, cuts, ending, strict=True)
        ]


def _shown(chunk: Chunk, script: Script, line: Line, start: int, end: int) -> Chunk:
    """`chunk`, which says `line.text[start:end]`, with what was written for it."""
    first = bisect_right(line.words, start, key=_end)
    words = [
        _part(word, start, end)
        for word in line.words[first : bisect_left(line.words, end, key=_start)]
    ]
    if not words:
        return replace(chunk, written="", language=line.language)
    whole = Word(0, 0, words[0].written_start, words[-1].written_end)
    return replace(
        chunk,
        language=line.language,
        written=_one_line(script.written(line, whole)),
        words=tuple(
            SaidWord(_one_line(script.written(line, word)), line.text[word.start : word.end])
            for word in words
        ),
    )


def _start(word: Word) -> int:
    return word.start


def _end(word: Word) -> int:
    return word.end


def _part(word: Word, start: int, end: int) -> Word:
    """What of a word lies between two cuts: as much of what is written as of what is said."""
    if start <= word.start and word.end <= end:
        return word
    said, written = word.end - word.start, word.written_end - word.written_start
    first, last = max(start, word.start), min(end, word.end)
    return Word(
        first,
        last,
        word.written_start + (first - word.start) * written // said,
        word.written_start + (last - word.start) * written // said,
    )


def _ended(chunk: Chunk, *, ends_line: bool) -> Chunk:
    """`chunk`, whose last word is said with the mark it is given: subtitles end a cue there."""
    if not chunk.words:
        return chunk
    *before, last = chunk.words
    said = SaidWord(last.written, stopped(last.spoken, ends_line=ends_line))
    return replace(chunk, words=(*before, said))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def spans_of(pieces: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """Where each of `pieces` lies in `text`, of which they hold every character but blanks."""
    places = [index for index, character in enumerate(text) if not character.isspace()]
    first = 0
    for piece in pieces:
        count = sum(not character.isspace() for character in piece)
        yield places[first], places[first + count - 1] + 1
        first += count
