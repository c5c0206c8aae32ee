"""The audio formats of results, one row each; whatever depends on a format is derived from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

_LEAST_RATE = 500  # bytes a second, below what any codec makes of speech


@dataclass(frozen=True)
class Encoding:
    """How a result is written.

    `extensions`: the first is written, a key may end in any of them; `container` and `subtype`:
    libsndfile's names; `rates`: the only ones the codec knows, Hz, rising; empty: any.
    """

    extensions: tuple[str, ...]
    content_type: str
    container: str
    subtype: str
    rates: tuple[int, ...] = ()

    def least_bytes(self, seconds: float, rate: int) -> int:
        """What a file of that length has at least, at `rate` Hz; of a compressed one little is
        known before it is made."""
        samples = {"PCM_16": 2, "FLOAT": 4} if self.container == "WAV" else {}
        return int(seconds * samples[self.subtype] * rate if samples else seconds * _LEAST_RATE)

    @property
    def extension(self) -> str:
        return self.extensions[0]

    def rate(self, wanted: int) -> int:
        """The rate a file gets, Hz: `wanted`, or the next one above that the codec knows."""
        if not self.rates:
            return wanted
        return next((rate for rate in self.rates if rate >= wanted), self.rates[-1])


_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)

AUDIO_FORMATS: Mapping[str, Encoding] = {
    "wav": Encoding(("wav",), "audio/wav", "WAV", "PCM_16"),
    "wav_f32": Encoding(("wav",), "audio/wav", "WAV", "FLOAT"),
    "flac": Encoding(("flac",), "audio/flac", "FLAC", "PCM_16"),
    "mp3": Encoding(("mp3",), "audio/mpeg", "MP3", "MPEG_LAYER_III", _MP3_RATES),
    "ogg": Encoding(("ogg", "opus"), "audio/ogg", "OGG", "OPUS", _OPUS_RATES),
}

if TYPE_CHECKING:
    AudioFormat: TypeAlias = str
else:
    AudioFormat = Literal[tuple(AUDIO_FORMATS)]  # what a job may name, for pydantic
