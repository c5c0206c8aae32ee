"""The voices of one job, prepared side by side: a few at once, and none after the first failure."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from errors import InvalidInput
from worker.request.clips import asked_voices
from worker.request.speech import SpeechInput
from worker.settings.load import Settings
from worker.threads import Lane, in_thread
from worker.voices.asked import Asked
from worker.voices.library import PreparedVoice, VoiceLibrary
from worker.voices.wish import USUAL, Wish

_AT_ONCE = 4  # of one job: what it holds of hosts, threads and memory stays small


Wanted = Mapping[str | None, Sequence[Asked]]


def wanted_voices(
    names: Sequence[str | None], request: SpeechInput, settings: Settings
) -> dict[str | None, tuple[Asked, ...]]:
    """What each of `names` is made of; None is the job's own voice.

    A name means what the job's `voices` say, else a voice of the library, a key or a link.

    Raises:
        InvalidInput: there are more than MAX_JOB_VOICES.
    """
    own = request.voice or settings.voices.default_voice
    wanted: dict[str | None, tuple[Asked, ...]] = {}
    for name in names:
        voice, words = name or own, None if name else request.ref_text
        if isinstance(voice, str) and voice in request.voices:
            named = asked_voices(request.voices[voice], words)
            wanted[name] = tuple(replace(each, label=voice) for each in named)
        else:
            wanted[name] = asked_voices(voice, words)
    most = settings.jobs.max_voices
    if len(wanted) > most:
        raise InvalidInput(
            f"The script uses {len(wanted)} different voices; at most {most} are allowed.",
            "Split it into several jobs, or raise MAX_JOB_VOICES.",
        )
    return wanted


async def prepare_voices(
    library: VoiceLibrary,
    wanted: Wanted,
    wish: Wish = USUAL,
) -> dict[str | None, PreparedVoice]:
    """Prepares them; the first failure, or cancelling, ends the others and their downloads.

    Args:
        wish: how they are prepared.

    Raises:
        WorkerError: of the voice that failed first.
    """
    gate = asyncio.Semaphore(_AT_ONCE)
    prepare = partial(library.prepare_all, wish=wish)

    async def prepared(asked: Sequence[Asked]) -> PreparedVoice:
        async with gate:
            return await in_thread(Lane.VOICE, prepare, asked)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(prepared(asked)) for name, asked in wanted.items()}
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return {name: task.result() for name, task in tasks.items()}
