"""Voice files of kinds that soundfile does not write, made with PyAV."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.worker.audio.signals import bursts

RATE = 24_000
PLAN = [(0.3, 0.0), (1.5, 0.5), (0.2, 0.0)]
SECONDS = 2.0


def speech(rate: int = RATE, channels: int = 1) -> NDArray[np.float64]:
    """(frames, channels) of 2 s, the middle 1.5 s of them sound."""
    return bursts(PLAN, rate, channels=channels)


def encoded(
    muxer: str,
    codec: str,
    samples: NDArray[np.floating],
    rate: int = RATE,
    *,
    film: bool = False,
    tracks: int = 1,
    options: dict[str, str] | None = None,
) -> bytes:
    """(frames, channels) within -1..1 as FFmpeg's `muxer` and `codec` write them.

    Args:
        film: with a picture track that lasts three times as long.
        tracks: so many of its sound tracks; all alike.
    """
    import av

    out = BytesIO()
    with av.open(out, "w", format=muxer, container_options=options or {}) as file:
        channels = samples.shape[1]
        layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
        picture: Any = file.add_stream("mpeg4", rate=10) if film else None
        sound: Any = file.add_stream(codec, rate=rate, layout=layout)
        others: Any = [file.add_stream(codec, rate=rate, layout=layout) for _ in range(1, tracks)]
        if film:
            picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
            _show(file, picture, round(30 * len(samples) / rate))
        if codec.startswith("wma"):
            sound.bit_rate = 64_000
        if codec == "dca":
            sound.codec_context.options = {"strict": "experimental"}
        sound.open(strict=False)
        whole = np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        fitting = av.AudioResampler(
            format=sound.format,
            layout=layout,
            rate=rate,
            frame_size=sound.codec_context.frame_size or 1024,
        )
        for piece in [*fitting.resample(frame), *fitting.resample(None), None]:
            for stream in (sound, *others):
                for packet in stream.encode(piece):
                    file.mux(packet)
    return out.getvalue()


def silent_film() -> bytes:
    """An mp4 with a picture track alone."""
    import av

    out = BytesIO()
    with av.open(out, "w", format="mp4") as file:
        picture: Any = file.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
        _show(file, picture, 20)
    return out.getvalue()


def _show(file: Any, picture: Any, count: int) -> None:
    import av

    for number in range(count):
        image = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        image.pts = number
        for packet in picture.encode(image):
            file.mux(packet)
    for packet in picture.encode(None):
        file.mux(packet)
