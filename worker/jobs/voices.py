"""The voices of one job, prepared side by side: a few at once, and none after the first failure."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from errors import InvalidInput
from worker.request.speech import SpeechInput
from worker.settings.load import Settings
from worker.threads import Lane, in_thread
from worker.voices.library import PreparedVoice, VoiceInput, VoiceLibrary
from worker.voices.wish import USUAL, Wish

_AT_ONCE = 4  # of one job: what it holds of hosts, threads and memory stays small


def wanted_voices(
    names: Sequence[str | None], request: SpeechInput, settings: Settings
) -> dict[str | None, tuple[VoiceInput, str | None]]:
    """The voice behind each of `names` and its words, if given; None is the job's own.

    Raises:
        InvalidInput: there are more than MAX_JOB_VOICES.
    """
    own = request.voice or settings.voices.default_voice
    wanted: dict[str | None, tuple[VoiceInput, str | None]] = {
        name: (name or own, None if name else request.ref_text) for name in names
    }
    most = settings.jobs.max_voices
    if len(wanted) > most:
        raise InvalidInput(
            f"The script uses {len(wanted)} different voices; at most {most} are allowed.",
            "Split it into several jobs, or raise MAX_JOB_VOICES.",
        )
    return wanted


async def prepare_voices(
    library: VoiceLibrary,
    wanted: Mapping[str | None, tuple[VoiceInput, str | None]],
    wish: Wish = USUAL,
) -> dict[str | None, PreparedVoice]:
    """Prepares them; the first failure, or cancelling, ends the others and their downloads.

    Args:
        wish: how they are prepared.

    Raises:
        WorkerError: of the voice that failed first.
    """
    gate = asyncio.Semaphore(_AT_ONCE)
    prepare = partial(library.prepare, wish=wish)

    async def prepared(voice: VoiceInput, words: str | None) -> PreparedVoice:
        async with gate:
            return await in_thread(Lane.VOICE, prepare, voice, words)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = {
                name: group.create_task(prepared(voice, words))
                for name, (voice, words) in wanted.items()
            }
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return {name: task.result() for name, task in tasks.items()}
