"""Which library reads a voice file, and where: soundfile where it can, FFmpeg for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from worker.audio.apart import may_be_mp3, opened_apart
from worker.audio.containers import container, installed, second_way
from worker.audio.source import Source, Undecodable, opened_here

_CONVERT = "Convert it, for example: ffmpeg -i FILE -ac 1 voice.wav."
_INSTALL = "Or install what reads it: pip install -r requirements/decode.txt."


def unreadable_kind(data: bytes) -> tuple[str, str] | None:
    """What `data` is if it needs FFmpeg and that is not installed, and what to do about it."""
    found = container(data)
    if found is None or installed():
        return None
    return found.what, f"{_CONVERT} {_INSTALL}"


@contextmanager
def opened(data: bytes) -> Iterator[Source]:
    """The voice file `data`.

    Raises:
        Undecodable: nothing here reads it; `blocks` raises it too.
        Unexpected, Abandoned, OSError: as `opened_apart` says.
    """
    with ExitStack() as stack:
        if found := container(data):
            yield stack.enter_context(opened_apart(data, found))
            return
        try:
            source = stack.enter_context(_by_soundfile(data))
        except Undecodable:
            found = second_way(data)
            if found is None or not installed():
                raise
            source = stack.enter_context(opened_apart(data, found))
        yield source


def _by_soundfile(data: bytes) -> AbstractContextManager[Source]:
    return opened_apart(data) if may_be_mp3(data) else opened_here(data)
