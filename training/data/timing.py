"""When espeak-ng starts each word and each sound, from the events of its library.

Training stretches the speech word by word to where f5-tts shows its characters
(`training.flow.rhythm`), and learns on the side which sound belongs in which frame
(`training.data.sounds`). Only espeak-ng's library tells these times; its program does not.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data import espeak

_SYNCHRONOUS, _UTF8, _BY_CHARACTER = 2, 1, 1
_RATE, _PITCH = 1, 3
_END, _WORD, _PHONEME = 0, 1, 7
_PHONEME_EVENTS = 1  # an option of espeak_Initialize


@dataclass
class Events:
    """`words`: (character index, seconds) of their starts; `sounds`: (espeak-ng's name, seconds).

    Seconds count in the audio that `espeak.speak` returns.
    """

    words: list[tuple[int, float]] = field(default_factory=list)
    sounds: list[tuple[str, float]] = field(default_factory=list)


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def events(text: str, voice: str, pitch: int, speed: int, data: Path | None = None) -> Events:
    """When each word and each sound of `text` begins; the arguments are those of `espeak.speak`.

    A process has to use the same `data` throughout.

    Raises:
        RuntimeError: espeak-ng's library is missing or does not know the voice.
    """
    library, rate = _library(data)
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise RuntimeError(f"espeak-ng has no voice {voice}")
    library.espeak_SetParameter(_RATE, speed, 0)
    library.espeak_SetParameter(_PITCH, pitch, 0)
    pieces: list[NDArray[np.int16]] = []
    found = Events()

    def receive(wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            pieces.append(np.ctypeslib.as_array(wave, shape=(count,)).copy())
        index = 0
        while events[index].type != _END:
            event, seconds = events[index], events[index].audio_position / 1000
            if event.type == _WORD:
                found.words.append((event.text_position - 1, seconds))
            elif event.type == _PHONEME:
                found.sounds.append((bytes(event.id).decode(), seconds))
            index += 1
        return 0

    callback = _CALLBACK(receive)
    library.espeak_SetSynthCallback(callback)
    characters = text.encode()
    library.espeak_Synth(characters, len(characters) + 1, 0, _BY_CHARACTER, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    raw = np.concatenate(pieces).astype(np.float32) / espeak.FULL_SCALE
    cut = espeak.leading_cut(espeak.resample(raw, rate)) / espeak.SAMPLE_RATE
    return Events(
        [(character, max(0.0, seconds - cut)) for character, seconds in found.words],
        [(name, max(0.0, seconds - cut)) for name, seconds in found.sounds],
    )


@cache
def _library(data: Path | None) -> tuple[Any, int]:
    """espeak-ng's library, made ready, and the rate of its samples in Hz."""
    import scipy.signal  # noqa: F401 - its import hung once when it came after espeak-ng's library

    name = ctypes.util.find_library("espeak-ng")
    if name is None:
        raise RuntimeError("libespeak-ng is missing: apt-get install espeak-ng")
    library = ctypes.CDLL(name)
    path = str(data).encode() if data else None
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, path, _PHONEME_EVENTS)
    return library, int(rate)
