"""The words that are used of a voice, held against the other transcripts beside it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from errors import WorkerError
from worker.phrases import here
from worker.subtitles.read import parse
from worker.subtitles.spread import letters
from worker.voices.located import Located, TranscriptFile
from worker.voices.part import Words

_MOST = 4  # transcripts of one voice that are read
_WORDS_SHOWN = 6
_MOST_SHOWN = 60  # letters of each, where there are no spaces


def read_ahead(transcripts: Sequence[TranscriptFile]) -> Sequence[TranscriptFile]:
    """The first few, the preferred one first, read from where they are: it and the first with times
    may be needed, the others are to be compared with them."""
    wanted = [*transcripts[:1], *[one for one in transcripts if one.timed][:1]]
    read = {one.key: one.read() for one in wanted}
    return [*_kept(read), *_others([one for one in transcripts if one.key not in read], len(read))]


def known_beside(located: Located) -> Sequence[TranscriptFile]:
    """The transcripts that are known to be beside a voice whose words were given, read ahead."""
    return _others(located.noted(), 0)


def _others(transcripts: Sequence[TranscriptFile], already: int) -> list[TranscriptFile]:
    read: dict[str, bytes] = {}
    for one in transcripts[: _MOST - already]:
        with suppress(WorkerError, OSError):  # it is not needed
            read[one.key] = one.read()
    return _kept(read)


def _kept(read: dict[str, bytes]) -> list[TranscriptFile]:
    return [TranscriptFile(key, partial(bytes, body)) for key, body in read.items()]


def disagreements(
    name: str, used: str, words: Words, beside: Sequence[TranscriptFile], *, whole: bool
) -> list[str]:
    """A warning for each transcript of voice `name` that has other words than are `used`.

    Args:
        words: as `ref_text` gave them; or the transcripts beside the voice, one of them used.
        beside: with given words, the transcripts that are known to be there.
        whole: all of the recording is used; else its words must be somewhere in each.
    """
    texts: dict[str, str] = {}
    for file in beside if isinstance(words, str) else words:
        with suppress(WorkerError):  # one that cannot be read says nothing
            texts[file.key] = parse(file.read(), file.key).text
    said = letters(used)
    heard = {key: letters(text) for key, text in texts.items()}
    agree = [key for key, text in heard.items() if (said == text if whole else said in text)]
    source = here("`ref_text`") if isinstance(words, str) else next(iter(agree), "")
    if not source or not said:
        return []
    return [
        f"Voice {name}: {source} was used for its words; {key} has others"
        f"{_shown(used, text) if whole else ''}. Correct the wrong one, or delete {key}."
        for key, text in texts.items()
        if key not in agree
    ]


def _shown(words: str, other: str) -> str:
    """Where they begin to differ: ` (“a b” against “a c”)`."""
    ours, theirs = words.split(), other.split()
    pairs = enumerate(zip(ours, theirs, strict=False))
    at = next((n for n, pair in pairs if letters(pair[0]) != letters(pair[1])), None)
    at = min(len(ours), len(theirs)) if at is None else at
    first = max(0, at - 1)
    mine, its = (
        " ".join(each[first : first + _WORDS_SHOWN])[:_MOST_SHOWN] for each in (ours, theirs)
    )
    return f" (“{mine}” against “{its}”)"
