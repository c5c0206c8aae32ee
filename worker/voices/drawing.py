"""The picture of a voice, `NAME.voice.png` beside its audio, made when it is asked for."""

from __future__ import annotations

from worker.audio.decode import decode
from worker.audio.picture import picture
from worker.settings.groups import VoiceConfig
from worker.threads import Lane, in_turn
from worker.voices.located import Located


def drawn(located: Located, used: tuple[float, float], config: VoiceConfig) -> bytes:
    """The picture of a voice, PNG, with the part of it that is `used`, seconds.

    Raises:
        VoiceNotFound, VoiceUnusable, StorageError: as reading it does.
    """
    return in_turn(Lane.DECODE, _draw, located.read(), used, config)


def _draw(data: bytes, used: tuple[float, float], config: VoiceConfig) -> bytes:
    # Of a file whose end is missing what is there: its report has said whether it can be used.
    recording = decode(
        data, max_seconds=config.max_seconds, max_bytes=config.max_bytes, partial=True
    )
    return picture(recording, used)
