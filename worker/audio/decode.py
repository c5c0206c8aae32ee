"""Voice files to samples, with soundfile alone: wav, flac, mp3, ogg (opus, vorbis), aiff, and more.

Everything is bounded before it is in memory: bytes by the source's size, seconds by the header, and
because headers can lie, by counting while blocks are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples
from errors import VoiceUnusable
from worker.audio.sniff import missing_audio, other_kind

Pcm = NDArray[np.integer[Any]]

MIN_SECONDS = 0.3
MAX_CHANNELS = 16
MIN_RATE, MAX_RATE = 4_000, 384_000
MAX_DECODED_BYTES = 1 << 28
SILENCE_PEAK = 1e-4  # of full scale, -80 dB

_BLOCK_FRAMES = 1 << 16
_UNKNOWN_FRAMES = 1 << 40
_LOSSY_SLACK = 0.98  # mp3 headers count encoder padding that the decoder drops


@dataclass(frozen=True, eq=False)
class Audio:
    """Decoded audio.

    `pcm` (frames, channels): integers of `width` bytes, as pydub would hold them: 8-bit files have
    width 1 (in an int16 array), 24 and 32-bit files width 4, all others, lossy ones too, width 2.
    """

    pcm: Pcm
    width: int
    sample_rate: int
    extension: str = "wav"

    @property
    def seconds(self) -> float:
        return len(self.pcm) / self.sample_rate


def to_mono(pcm: Pcm, width: int) -> Samples:
    """(frames, channels) integers of `width` bytes to (frames,) fp32, the mean of all channels,
    within -1..1 as `torchaudio.load` scales."""
    scaled = pcm.astype(np.float32) * np.float32(1 / (1 << (8 * width - 1)))
    return scaled[:, 0] if scaled.shape[1] == 1 else scaled.mean(axis=1, dtype=np.float32)


def quantise(samples: NDArray[np.floating]) -> NDArray[np.int16]:
    """Samples to 16 bits as soundfile writes them: clipped, rounded down."""
    scaled = np.clip(np.rint(samples.astype(np.float64) * 2**31), -(2**31), 2**31 - 1)
    return (scaled.astype(np.int64) >> 16).astype(np.int16)


def decode(data: bytes, *, max_seconds: float, max_bytes: int) -> Audio:
    """Decodes a voice file.

    Raises:
        VoiceUnusable: empty, larger or longer than allowed, not audio, cut off, silent, too short,
            or with NaN or infinite samples.
    """
    if len(data) > max_bytes:
        raise VoiceUnusable(
            f"The voice file has {len(data)} bytes; at most {max_bytes} are allowed.",
            "Give a shorter or compressed file, or raise MAX_VOICE_BYTES.",
        )
    if not data:
        raise VoiceUnusable("The voice file is empty (0 bytes).", "Upload it again.")
    if other := other_kind(data):
        what, hint = other
        raise VoiceUnusable(f"The voice file is {what}, which cannot be read as audio.", hint)
    if missing := missing_audio(data):
        raise _cut_off(missing)
    audio = _decode(data, max_seconds)
    if audio.seconds < MIN_SECONDS:
        raise VoiceUnusable(
            f"The voice file holds {audio.seconds:.2f} s of audio; at least {MIN_SECONDS} s are "
            "needed.",
            "Record 5 to 12 s of speech.",
        )
    peak = max(-int(audio.pcm.min()), int(audio.pcm.max())) / (1 << (8 * audio.width - 1))
    if peak < SILENCE_PEAK:
        raise VoiceUnusable("The voice file is silent.", "Check the recording and upload it again.")
    return audio


def _decode(data: bytes, max_seconds: float) -> Audio:
    import soundfile  # loads libsndfile; the worker starts without it

    try:
        file = soundfile.SoundFile(BytesIO(data))
    except soundfile.LibsndfileError as exc:
        raise VoiceUnusable(
            f"The voice file cannot be read as audio ({exc.error_string.strip(' .')}).",
            "Accepted are wav, flac, mp3, ogg (opus, vorbis) and aiff.",
        ) from exc
    with file:
        try:
            return _decode_open(file, max_seconds)
        except soundfile.LibsndfileError as exc:
            # A flac that a program streamed without noting its length ends here, too.
            raise VoiceUnusable(
                f"The voice file is damaged or cut off ({exc.error_string.strip(' .')}).",
                "Upload the whole file again, or convert it: ffmpeg -i FILE voice.wav.",
            ) from exc


def _decode_open(file: Any, max_seconds: float) -> Audio:
    rate, channels, frames = file.samplerate, file.channels, file.frames
    subtype, form = file.subtype, file.format
    if not MIN_RATE <= rate <= MAX_RATE or not 0 < channels <= MAX_CHANNELS:
        raise VoiceUnusable(
            f"The voice file has {channels} channels at {rate} Hz.",
            f"Accepted are 1 to {MAX_CHANNELS} channels at {MIN_RATE} to {MAX_RATE} Hz.",
        )
    known = frames < _UNKNOWN_FRAMES
    limit = int(max_seconds * rate)
    if known and frames > limit:
        raise _too_long(frames / rate, max_seconds)
    dtype, width = _sample_type(subtype)
    most = min(limit, MAX_DECODED_BYTES // (4 * channels))
    if known and frames > most:
        raise VoiceUnusable(
            f"The voice file would take {frames * channels * 4} bytes of memory.",
            "Give a shorter file, in mono.",
        )
    parts: list[Pcm] = []
    total = 0
    while total <= most:
        block = file.read(_BLOCK_FRAMES, dtype=dtype, always_2d=True)
        if not len(block):
            break
        total += len(block)
        parts.append(_integers(block, width))
    if total > most:
        raise _too_long(total / rate, max_seconds)
    least = frames if subtype.startswith("PCM") else int(frames * _LOSSY_SLACK)
    if known and total < least:
        raise _cut_off(f"{total / rate:.2f} of {frames / rate:.2f} s are there")
    pcm = np.concatenate(parts) if parts else np.zeros((0, channels), dtype=np.int16)
    return Audio(pcm, width, rate, _extension(form, subtype))


def _sample_type(subtype: str) -> tuple[str, int]:
    """The type in which soundfile reads a subtype, and the width in bytes it is kept in."""
    if subtype in ("PCM_U8", "PCM_S8"):
        return "int16", 1
    if subtype in ("PCM_24", "PCM_32", "ALAC_24", "ALAC_32"):
        return "int32", 4
    if subtype in ("PCM_16", "ULAW", "ALAW", "ALAC_16"):
        return "int16", 2
    return "float32", 2


def _integers(block: NDArray[Any], width: int) -> Pcm:
    if width == 1:
        narrow: Pcm = block.astype(np.int16) >> np.int16(8)
        return narrow
    if np.issubdtype(block.dtype, np.integer):
        return block.astype(np.int32 if width == 4 else np.int16, copy=False)
    floats = block.astype(np.float32, copy=False)
    if not np.isfinite(floats).all():
        raise VoiceUnusable(
            "The voice file holds NaN or infinite samples.", "Export it again as 16-bit wav."
        )
    rounded: Pcm = np.clip(np.rint(floats * np.float32(32768)), -32768, 32767).astype(np.int16)
    return rounded


def _too_long(seconds: float, max_seconds: float) -> VoiceUnusable:
    return VoiceUnusable(
        f"The voice file lasts {seconds:.1f} s or more; at most {max_seconds:g} s are allowed.",
        "Cut it; about 12 s are used. Or raise MAX_VOICE_SECONDS.",
    )


def _cut_off(detail: str) -> VoiceUnusable:
    return VoiceUnusable(f"The voice file is cut off: {detail}.", "Upload the whole file again.")


def _extension(form: str, subtype: str) -> str:
    if form == "OGG":
        return "opus" if subtype == "OPUS" else "ogg"
    known = {"WAV": "wav", "WAVEX": "wav", "FLAC": "flac", "MP3": "mp3", "AIFF": "aiff"}
    return known.get(form, form.lower())
