"""A voice file to the reference f5-tts would use: at most about 12 s, edges trimmed, 50 ms of rest.

Equal sample for sample to f5-tts's `preprocess_ref_audio_text` and the first lines of
`infer_batch_process`, which use pydub (tested on 8 and 16-bit files). Intended differences:
- below 11025 Hz pydub raises the rate to 11025 Hz by linear interpolation; here it stays;
- 24-bit negative samples differ by 2**-23 of full scale: pydub fills their low byte with ones;
- a clip with no sound in it is an error, where f5-tts goes on with 50 ms of silence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.chunk import Samples
from errors import VoiceUnusable
from worker.audio.decode import MIN_SECONDS, Audio, Pcm, to_mono
from worker.audio.silence import (
    LONG_PAUSES,
    SHORT_PAUSES,
    Interval,
    Levels,
    Piece,
    crop,
    intervals,
    leading_silence,
    length_ms,
    one_frame,
    split,
    take,
)

MAX_CLIP_MS = 12_000
MIN_CLIP_MS = 6_000
EDGE_DB = -42.0
_REST_FRAMES = 551  # 50 ms of pydub's silence at its own rate, int(0.05 * 11025)
_REST_RATE = 11025


@dataclass(frozen=True, eq=False)
class Clip:
    """A reference clip.

    `samples` (n,) fp32 mono at `sample_rate` Hz, natural level, with 50 ms of silence at its end;
    `kept`: seconds of the source that it was taken from; `share`: how much of the source's
    sound, pauses removed, it holds (1.0: nothing was clipped).
    """

    samples: Samples
    sample_rate: int
    kept: tuple[Interval, ...]
    share: float

    @property
    def clipped(self) -> bool:
        return self.share < 1.0

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate

    @property
    def rms(self) -> float:
        """Root mean square of the samples, measured as f5-tts does, before resampling."""
        return float(np.sqrt(np.mean(np.square(self.samples))))


def reference_clip(audio: Audio, *, end_s: float | None = None) -> Clip:
    """Clips `audio` as f5-tts does.

    Args:
        end_s: end the clip at this instant of the source at the latest, seconds.

    Raises:
        VoiceUnusable: nothing in it is louder than silence, or under 0.3 s of it.
    """
    rate = audio.sample_rate
    pieces, whole = _select(audio)
    if end_s is not None:
        last = int(end_s * rate)
        pieces = [(begin, min(end, last)) for begin, end in pieces if begin < last]
    share = _frames(pieces) / whole if whole else 0.0
    # pydub joins pieces to a 16-bit segment, so 8-bit samples are widened here.
    pcm, width = take(audio.pcm, pieces), audio.width
    if width == 1:
        pcm, width = pcm << np.int16(8), 2
    begin, end = _edges(pcm, width, rate)
    sound = take(pcm, [(begin, end)])
    if len(sound) < MIN_SECONDS * rate:
        raise VoiceUnusable(
            f"The voice file holds {len(sound) / rate:.2f} s of sound above silence; at least "
            f"{MIN_SECONDS} s are needed.",
            "Record louder speech, 5 to 12 s of it.",
        )
    # As many frames as audioop.ratecv makes of pydub's silence.
    rest = np.zeros((_REST_FRAMES - 1) * rate // _REST_RATE + 1, dtype=np.float32)
    samples = np.concatenate((to_mono(sound, width), rest))
    kept = intervals(crop(pieces, begin, end), rate, len(audio.pcm))
    return Clip(samples, rate, kept, share)


def _select(audio: Audio) -> tuple[list[Piece], int]:
    """The pieces to keep, and how many frames of sound there were to choose from."""
    rate = audio.sample_rate
    levels = Levels(audio.pcm, audio.width, rate)
    everything = split(levels, LONG_PAUSES)
    pieces = _first_seconds(everything, rate)
    if length_ms(_frames(pieces), rate) > MAX_CLIP_MS:
        everything = split(levels, SHORT_PAUSES)
        pieces = _first_seconds(everything, rate)
    if length_ms(_frames(pieces), rate) > MAX_CLIP_MS:
        pieces = crop(pieces, 0, one_frame(MAX_CLIP_MS, rate))
    return pieces, _frames(everything)


def _first_seconds(pieces: list[Piece], rate: int) -> list[Piece]:
    """Whole pieces from the start until over 6 s, as long as they fit into 12 s."""
    total = 0
    for i, (begin, end) in enumerate(pieces):
        longer = total + end - begin
        if length_ms(total, rate) > MIN_CLIP_MS and length_ms(longer, rate) > MAX_CLIP_MS:
            return pieces[:i]
        total = longer
    return pieces


def _edges(pcm: Pcm, width: int, rate: int) -> Piece:
    """Frames between silent edges (f5-tts remove_silence_edges); may end past `pcm` by < 1 ms."""
    levels = Levels(pcm, width, rate)
    begin = one_frame(leading_silence(levels, EDGE_DB), rate)
    end = max(begin, one_frame(levels.ms, rate))
    sound = take(pcm, [(begin, end)])
    backwards = Levels(sound[::-1], width, rate)
    trailing = leading_silence(backwards, EDGE_DB)
    if trailing:
        end = begin + one_frame(backwards.ms - trailing, rate)
    return begin, end


def _frames(pieces: list[Piece]) -> int:
    return sum(end - begin for begin, end in pieces)
