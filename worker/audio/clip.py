"""A voice file to the reference f5-tts would use: at most about 12 s, edges trimmed, 50 ms of rest.

Equal sample for sample to f5-tts's `preprocess_ref_audio_text` and the first lines of
`infer_batch_process`, which use pydub (tested on 8 and 16-bit files). Intended differences:
- below 11025 Hz pydub raises the rate to 11025 Hz by linear interpolation; here it stays;
- 24-bit negative samples differ by 2**-23 of full scale: pydub fills their low byte with ones;
- a clip with no sound in it is an error, where f5-tts goes on with 50 ms of silence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.chunk import Samples
from errors import VoiceUnusable
from worker.audio.decode import MIN_SECONDS, SILENCE_PEAK
from worker.audio.joins import softened
from worker.audio.levels import length_ms, one_frame
from worker.audio.pieces import Interval, Piece, crop, intervals
from worker.audio.recording import Recording, Sound
from worker.audio.silence import LONG_PAUSES, SHORT_PAUSES, leading_silence, split

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


def reference_clip(recording: Recording, *, end_s: float | None = None) -> Clip:
    """Clips `recording` as f5-tts does.

    Args:
        end_s: end the clip at this instant of the source at the latest, seconds.

    Raises:
        VoiceUnusable: nothing in it is louder than silence, or under 0.3 s of it, or its channels
            cancel.
    """
    pieces, whole = _select(recording)
    if end_s is not None:
        last = int(end_s * recording.sample_rate)
        pieces = [(begin, min(end, last)) for begin, end in pieces if begin < last]
    return _clip(recording, pieces, _frames(pieces) / whole if whole else 0.0)


def stretch_clip(recording: Recording, start_s: float, end_s: float) -> Clip:
    """The clip from `start_s` to `end_s`, seconds, its edges trimmed as f5-tts trims them.

    Raises:
        VoiceUnusable: nothing in it is louder than silence, or under 0.3 s of it.
    """
    rate = recording.sample_rate
    begin, end = int(start_s * rate), min(int(end_s * rate), recording.frames)
    return _clip(recording, [(begin, end)], (end - begin) / recording.frames)


def exact_clip(recording: Recording, start_s: float, end_s: float) -> Clip:
    """As `stretch_clip`, for places that need not lie in pauses: it begins and ends softly."""
    clip = stretch_clip(recording, start_s, end_s)
    rest = (_REST_FRAMES - 1) * recording.sample_rate // _REST_RATE + 1
    sound = softened(clip.samples[:-rest], recording.sample_rate)
    return replace(clip, samples=np.concatenate((sound, clip.samples[-rest:])))


def _clip(recording: Recording, pieces: list[Piece], share: float) -> Clip:
    rate = recording.sample_rate
    joined = recording.take(pieces)
    begin, end = _edges(joined, rate)
    sound = joined.pieces([(begin, end)]).samples
    if len(sound) < MIN_SECONDS * rate:
        raise VoiceUnusable(
            f"The voice file holds {len(sound) / rate:.2f} s of sound above silence; at least "
            f"{MIN_SECONDS} s are needed.",
            "Record louder speech, 5 to 12 s of it.",
        )
    if np.abs(sound).max() < SILENCE_PEAK:
        raise VoiceUnusable(
            "The voice file's channels cancel each other when they are mixed: nothing is left.",
            "Export one channel as mono; or let the worker do it: without `mend_voice: false` and "
            "`processing: f5-tts` it takes the louder channel.",
        )
    # As many frames as audioop.ratecv makes of pydub's silence.
    rest = np.zeros((_REST_FRAMES - 1) * rate // _REST_RATE + 1, dtype=np.float32)
    samples = np.concatenate((sound, rest))
    kept = intervals(crop(pieces, begin, end), rate, recording.frames)
    return Clip(samples, rate, kept, share)


def _select(recording: Recording) -> tuple[list[Piece], int]:
    """The pieces to keep, and how many frames of sound there were to choose from."""
    rate, levels = recording.sample_rate, recording.levels
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


def _edges(joined: Sound, rate: int) -> Piece:
    """Frames between silent edges (f5-tts remove_silence_edges); may end past it by < 1 ms."""
    levels = joined.levels(rate)
    begin = one_frame(leading_silence(levels, EDGE_DB), rate)
    end = max(begin, one_frame(levels.ms, rate))
    backwards = joined.pieces([(begin, end)]).levels(rate, backwards=True)
    trailing = leading_silence(backwards, EDGE_DB)
    if trailing:
        end = begin + one_frame(backwards.ms - trailing, rate)
    return begin, end


def _frames(pieces: list[Piece]) -> int:
    return sum(end - begin for begin, end in pieces)
