"""Sound to bytes while it is made: every format of the HTTP face, piece by piece.

What was sent cannot be corrected, so a header says that the length is unknown where a format's
header has one. A whole file is made by `worker.audio.encode`.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from engine.chunk import Samples
from worker.audio.formats import AUDIO_FORMATS

_UNKNOWN = 0xFFFFFFFF  # bytes, where the length comes later
# Of MP3 at a constant rate, about 4 bits a sample: readers estimate the length from the rate, which
# they cannot where it varies and no header says it.
_MP3: Mapping[str, Any] = {"bitrate_mode": "CONSTANT", "compression_level": 0.42}
_BLOCK = 1 << 14  # libsndfile's opus encoder overflows the stack on one long write


class Encoder(Protocol):
    """Takes (n,) mono samples within -1..1 and gives the bytes that are ready."""

    def add(self, samples: Samples) -> bytes: ...

    def end(self) -> bytes:
        """What is left; after it the encoder is done."""
        ...


class Pcm:
    """16-bit samples, little endian, without any header."""

    def __init__(self, rate: int) -> None: ...

    def add(self, samples: Samples) -> bytes:
        return (np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes()

    def end(self) -> bytes:
        return b""


class Wav(Pcm):
    """The same behind a header without a length."""

    def __init__(self, rate: int) -> None:
        fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
        data = struct.pack("<4sI", b"data", _UNKNOWN)
        self._header = struct.pack("<4sI4s", b"RIFF", _UNKNOWN, b"WAVE") + fmt + data

    def add(self, samples: Samples) -> bytes:
        header, self._header = self._header, b""
        return header + super().add(samples)


class _Tap(io.RawIOBase):
    """A file of which whatever is written once is taken away: a later correction has no effect."""

    mode = "w"

    def __init__(self) -> None:
        self._at = self._end = 0
        self._ready = bytearray()

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._end)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        fresh = bytes(data)[max(0, self._end - self._at) :]
        self._ready += fresh
        self._at += len(data)
        self._end = max(self._end, self._at)
        return len(data)

    def take(self) -> bytes:
        ready, self._ready = bytes(self._ready), bytearray()
        return ready


class _Sndfile:
    """A format that libsndfile writes."""

    def __init__(self, fmt: str, rate: int, **options: Any) -> None:
        import soundfile  # loads libsndfile; the worker starts without it

        row = AUDIO_FORMATS[fmt]
        self._tap = _Tap()
        self._file = soundfile.SoundFile(
            self._tap, "w", rate, 1, format=row.container, subtype=row.subtype, **options
        )

    def add(self, samples: Samples) -> bytes:
        for i in range(0, len(samples), _BLOCK):
            self._file.write(samples[i : i + _BLOCK])
        return self._tap.take()

    def end(self) -> bytes:
        self._file.close()
        return self._tap.take()


class Aac:
    """AAC in ADTS frames, by FFmpeg (requirements/decode.txt)."""

    def __init__(self, rate: int) -> None:
        import av
        from av.audio.frame import AudioFrame

        self._frame, self._rate, self._time = AudioFrame, rate, 0
        self._tap = _Tap()
        self._file = av.open(self._tap, "w", format="adts")
        self._stream = self._file.add_stream("aac", rate=rate, layout="mono", bit_rate=4 * rate)

    def add(self, samples: Samples) -> bytes:
        if len(samples):
            plane = np.ascontiguousarray(samples[None], dtype=np.float32)
            frame = self._frame.from_ndarray(plane, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = self._rate, self._time
            self._time += len(samples)
            self._file.mux(self._stream.encode(frame))
        return self._tap.take()

    def end(self) -> bytes:
        self._file.mux(self._stream.encode(None))
        self._file.close()
        return self._tap.take()


# By the names of OpenAI's `response_format`.
ENCODERS: Mapping[str, Callable[[int], Encoder]] = {
    "mp3": lambda rate: _Sndfile("mp3", rate, **_MP3),
    "opus": lambda rate: _Sndfile("ogg", rate),
    "aac": Aac,
    "flac": lambda rate: _Sndfile("flac", rate),
    "wav": Wav,
    "pcm": Pcm,
}
