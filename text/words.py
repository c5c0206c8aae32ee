"""The words of a script: which spoken letters stand for which written ones.

Written and spoken text are both cut at blanks; what is read together is one word. Every written
character outside markup and blanks lies in exactly one word, in order, and so does every spoken
one: what is written and not said (a sign the model lacks) belongs to the word before it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from text.runs import Run, merged_pause, without_text
from text.script import Line, Pauses, Word

_CJK = "\u2e80-\u2fff\u3005-\u3007\u3021-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_CJK}][，。！？；：、）」』》…”’,.!?]*|[^\s{_CJK}]+")


def words_of(
    runs: Iterable[Run],
    removed: Iterable[tuple[int, int]],
    written: str,
    source: int,
    pauses: Pauses,
) -> list[Line]:
    """The lines of `runs` with their words; runs that say nothing give their pause to the next."""
    kept = _speaking(runs)
    tokens = _written_tokens(written, removed)
    spoken = [[(m.start(), m.end()) for m in _TOKEN.finditer(run.text.text)] for run in kept]
    words = _match(kept, spoken, tokens)
    lines: list[Line] = []
    for run, found in zip(kept, words, strict=True):
        pause = run.pause_s if run.pause_s is not None else pauses.seconds(run.opens)
        lines.append(
            Line(
                run.text.text,
                run.voice,
                run.speed,
                run.language,
                pause,
                run.opens,
                tuple(found),
                source,
            )
        )
    return lines


def _speaking(runs: Iterable[Run]) -> list[Run]:
    kept: list[Run] = []
    waiting: Run | None = None
    for run in runs:
        if waiting is not None:
            opens = (
                waiting.opens
                if run.opens is None or (waiting.opens is not None and waiting.pause_s)
                else run.opens
            )
            run = replace(run, pause_s=merged_pause(waiting.pause_s, run.pause_s), opens=opens)
            waiting = None
        if without_text(run) and run.text.text:
            waiting = run
        else:
            kept.append(run)
    if waiting is not None and waiting.pause_s:
        kept.append(replace(waiting, text=waiting.text.part(0, 0)))
    return kept


def _written_tokens(written: str, removed: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where the written words lie: between blanks and markup."""
    plain = bytearray(b"\1") * len(written)
    for start, end in removed:
        plain[start:end] = b"\0" * (end - start)
    tokens: list[tuple[int, int]] = []
    for match in _TOKEN.finditer(written):
        start = match.start()
        while (start := plain.find(1, start, match.end())) >= 0:
            end = plain.find(0, start, match.end())
            end = match.end() if end < 0 else end
            tokens.append((start, end))
            start = end
    return tokens


def _match(
    runs: Sequence[Run], spoken: Sequence[Sequence[tuple[int, int]]], tokens: list[tuple[int, int]]
) -> list[list[Word]]:
    """Gives each spoken word the written tokens it came from; shared tokens join words."""
    result: list[list[list[int]]] = [[] for _ in runs]  # start, end, first token, last token
    starts = [start for start, _ in tokens]
    last = -1
    for number, (run, places) in enumerate(zip(runs, spoken, strict=True)):
        for start, end in places:
            first, final = _tokens_of(run, start, end, starts, tokens)
            words = result[number]
            if words and (final < 0 or first <= last):
                words[-1][1] = end
                words[-1][3] = max(words[-1][3], final)
            else:
                first = first if final >= 0 else last + 1
                words.append([start, end, max(first, last + 1), max(final, last)])
            last = max(last, words[-1][3])
    _claim_rest(result, len(tokens))
    return [[_word(item, tokens) for item in words] for words in result]


def _tokens_of(
    run: Run, start: int, end: int, starts: list[int], tokens: list[tuple[int, int]]
) -> tuple[int, int]:
    """First and last written token of a spoken word; (0, -1) if it came from none."""
    low, high = -1, -1
    for index in range(start, end):
        a, b = run.text.starts[index], run.text.ends[index]
        if a < b:
            low = a if low < 0 else min(low, a)
            high = max(high, b)
    if low < 0:
        return 0, -1
    first = max(0, bisect_right(starts, low) - 1)
    if tokens and tokens[first][1] <= low:
        first += 1
    final = bisect_right(starts, high - 1) - 1
    return (first, final) if first <= final else (0, -1)


def _claim_rest(result: list[list[list[int]]], count: int) -> None:
    """Written tokens nobody says go to the word before them, the first ones to the first word."""
    words = [word for line in result for word in line]
    if not words:
        return
    words[0][2] = 0
    for word, following in pairwise(words):
        word[3] = following[2] - 1
    words[-1][3] = count - 1


def _word(item: list[int], tokens: list[tuple[int, int]]) -> Word:
    start, end, first, last = item
    if last < first:  # said without being written, as an alias at a pause
        after = tokens[-1][1] if tokens else 0  # nothing but markup is written
        position = tokens[first][0] if first < len(tokens) else after
        return Word(start, end, position, position)
    return Word(start, end, tokens[first][0], tokens[last][1])
