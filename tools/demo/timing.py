"""When espeak-ng starts each word, from the events of its library.

Training begins with every frame showing the character that is spoken at that moment, and moves on
to f5-tts's even spread only by and by (`tools.demo.samples`). The library says what the program
cannot: at which sample it begins a word.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.demo import espeak

_SYNCHRONOUS, _UTF8, _BY_CHARACTER = 2, 1, 1
_RATE, _PITCH = 1, 3
_WORD, _END = 1, 0


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


def word_starts(text: str, voice: str, pitch: int, speed: int) -> list[tuple[int, float]]:
    """(character index, seconds) of every word, in the audio that `espeak.speak` returns.

    Raises:
        RuntimeError: espeak-ng's library is missing or does not know the voice.
    """
    library, rate = _library()
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise RuntimeError(f"espeak-ng has no voice {voice}")
    library.espeak_SetParameter(_RATE, speed, 0)
    library.espeak_SetParameter(_PITCH, pitch, 0)
    pieces: list[NDArray[np.int16]] = []
    words: list[tuple[int, float]] = []

    def receive(wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            pieces.append(np.ctypeslib.as_array(wave, shape=(count,)).copy())
        index = 0
        while events[index].type != _END:
            if events[index].type == _WORD:
                position, at = events[index].text_position, events[index].audio_position
                words.append((position - 1, at / 1000))
            index += 1
        return 0

    callback = _CALLBACK(receive)
    library.espeak_SetSynthCallback(callback)
    data = text.encode()
    library.espeak_Synth(data, len(data) + 1, 0, _BY_CHARACTER, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    raw = np.concatenate(pieces).astype(np.float32) / np.float32(32768)
    cut = espeak.leading_cut(espeak.resample(raw, rate)) / espeak.SAMPLE_RATE
    return [(character, max(0.0, seconds - cut)) for character, seconds in words]


@cache
def _library() -> tuple[Any, int]:
    import scipy.signal  # noqa: F401 - imported after espeak-ng's library it once hung

    name = ctypes.util.find_library("espeak-ng")
    if name is None:
        raise RuntimeError("libespeak-ng is missing: apt-get install espeak-ng")
    library = ctypes.CDLL(name)
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, None, 0)
    return library, int(rate)
