"""An open voice file, read block by block with FFmpeg (PyAV): for the process behind `apart` only.

Of FFmpeg's many readers one is named by the caller; it gets bytes, never a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import av

# PyAV would load these when a file first has such a track: then nothing can be opened any more.
import av.audio.codeccontext
import av.audio.stream
import av.subtitles.codeccontext
import av.subtitles.stream
import av.video.codeccontext
import av.video.stream
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from worker.audio.containers import Container
from worker.audio.source import UNKNOWN_FRAMES, Header, Undecodable

_BLOCK = 1 << 16  # frames sent at once; decoders give a thousand
_MOST_FAULTS = 20  # packets that cannot be decoded; then it is another kind of file
# How far FFmpeg reads before it must know what there is: bytes and microseconds.
_PROBING = {"probesize": "2000000", "analyzeduration": "5000000"}
_LATE_S = 0.15
_DURATION = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")  # of a track, as Matroska's tags give it
_TYPES = {"u8": "U8", "s16": "S16", "s32": "S32", "flt": "FLT", "dbl": "FLT"}


@contextmanager
def opened_by_ffmpeg(data: bytes, container: Container) -> Iterator[_Ffmpeg]:
    """The first sound track of the file `data`.

    Raises:
        Undecodable: it is none of that kind, or holds no sound; `blocks` raises it too.
    """
    try:
        file = av.open(
            BytesIO(data),
            "r",
            format=container.demuxer,
            metadata_errors="replace",
            container_options=_PROBING,
        )
    except (av.FFmpegError, ValueError) as exc:
        raise Undecodable(_reason(exc), opened=False) from exc
    with file:
        yield _Ffmpeg(file, container)


class _Ffmpeg:
    """A file that this process decodes."""

    gaps = False

    def __init__(self, file: InputContainer, container: Container) -> None:
        stream = file.streams.best("audio")
        if not isinstance(stream, AudioStream):
            raise Undecodable("it has no sound track", opened=False)
        if stream.codec_context is None:
            raise Undecodable("FFmpeg does not know how its sound is packed", opened=False)
        stream.codec_context.thread_count = 1
        self._file, self._stream = file, stream
        self._frames = self._decoded()
        first = next(self._frames, None)
        if first is None:
            raise Undecodable("it holds no sound", opened=False)
        self._first = first
        kind = _TYPES.get(first.format.packed.name)
        if kind is None:
            raise Undecodable(f"its samples are {first.format.name}", opened=False)
        channels = first.layout.nb_channels
        self._late = self._begins(container)
        frames = self._declared(first.sample_rate) if container.timed else UNKNOWN_FRAMES
        sounds = [each.index for each in file.streams.audio]
        self.header = Header(
            first.sample_rate,
            channels,
            frames,
            container.extension,
            kind,
            track=sounds.index(stream.index) + 1,
            tracks=len(sounds),
            late=self._late if self._late > _LATE_S else 0.0,
        )

    def blocks(self) -> Iterator[NDArray[Any]]:
        """(frames, channels) as `sample_type` of the header's subtype says."""
        waiting, count = [_array(self._first)], self._first.samples
        for frame in self._frames:
            self._compare(frame)
            waiting.append(_array(frame))
            count += frame.samples
            if count >= _BLOCK:
                yield np.concatenate(waiting)
                waiting, count = [], 0
        if waiting:
            yield np.concatenate(waiting)

    def _decoded(self) -> Iterator[AudioFrame]:
        """All frames with sound in them, without those that cannot be decoded."""
        faults = 0
        packets = self._file.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                frames = packet.decode() if packet else []
            except av.EOFError:
                return
            except (av.FFmpegError, ValueError) as exc:
                faults += 1
                if faults > _MOST_FAULTS:
                    raise Undecodable(f"{faults} faults, {_reason(exc)}", opened=True) from exc
                continue
            if packet is None:
                return
            sound = [each for each in frames if isinstance(each, AudioFrame) and each.samples]
            self.gaps = self.gaps or bool(faults and sound)
            yield from sound

    def _compare(self, frame: AudioFrame) -> None:
        first = self._first
        if frame.sample_rate != first.sample_rate:
            raise Undecodable(f"its rate changes to {frame.sample_rate} Hz on the way", opened=True)
        if frame.layout.nb_channels != first.layout.nb_channels:
            channels = frame.layout.nb_channels
            raise Undecodable(f"it changes to {channels} channels on the way", opened=True)
        if frame.format.name != first.format.name:
            raise Undecodable(f"its samples become {frame.format.name}", opened=True)

    def _begins(self, container: Container) -> float:
        """How many seconds of the file pass before its sound begins."""
        base = 0.0 if container.timed else (self._file.start_time or 0) / av.time_base
        return max(0.0, (self._first.time or 0.0) - base)

    def _declared(self, rate: int) -> int:
        """How many frames the track should have by what the file says."""
        stream, alone = self._stream, len(self._file.streams) == 1
        noted = _DURATION.match(stream.metadata.get("DURATION", ""))
        if stream.duration and stream.time_base:
            seconds = float(stream.duration * stream.time_base)
        elif noted:
            hours, minutes, rest = noted.groups()
            seconds = int(hours) * 3600 + int(minutes) * 60 + float(rest) - self._late
        elif alone and self._file.duration:
            seconds = self._file.duration / av.time_base - self._late
        else:
            return UNKNOWN_FRAMES
        return min(UNKNOWN_FRAMES, max(0, round(seconds * rate)))


def _array(frame: AudioFrame) -> NDArray[Any]:
    values: NDArray[Any] = frame.to_ndarray()
    channels = frame.layout.nb_channels
    values = values.T if frame.format.is_planar else values.reshape(-1, channels)
    if values.dtype == np.uint8:
        signed: NDArray[np.int16] = (values.astype(np.int16) - np.int16(128)) << np.int16(8)
        return signed
    if values.dtype == np.float64:
        return values.astype(np.float32)
    return np.ascontiguousarray(values)


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text.strip(" .").lower()
