"""(reference voice, text, parameters) to waveforms: what the rest of the worker calls.

`plan` cuts a text into chunks and decides how long each will be as f5-tts's `infer_process` does,
so the same weights and noise give the same waveform (tested). `plan_spoken` takes texts that are
cut already, and their length from what is said. `submit` hands a chunk to the shared batcher.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Lock

import numpy as np
import torch
from cachetools import LRUCache
from torch import Tensor

from engine.batcher import Batcher
from engine.chunk import Chunk, Reference, Samples, SpeechParameters, SpokenChunk
from engine.dit.layers import MAX_FRAMES
from engine.duration import Seconds, by_bytes, by_letters
from engine.mel import LogMel
from engine.meter import Meter
from engine.tokens import chunk_text, knows, max_chunk_bytes, spaced, token_ids, tokenize
from errors import InvalidInput

_PLANNED_S = 22.0  # of reference and new speech together, as f5-tts plans it
_LEAST_ROOM_S = 3.0  # beside a reference that leaves less: as f5-tts, the chunk is longer then
_SHORTEST_SPEECH_S = 0.1  # less is no speech, and too few frames for a vocoder
_SHORTEST_LINE_S = 0.5  # of new speech at speed 1: a word said alone is drawn out
_MELS_KEPT = 64
# 2^64 over the golden ratio: its multiples modulo a power of 2 are spread evenly.
_SEED_STRIDE = 0x9E3779B97F4A7C15
_SEEDS = 1 << 63


class Synthesizer:
    """The engine's front: plans chunks and keeps reference mels; thread-safe."""

    def __init__(
        self, batcher: Batcher, mel: LogMel, vocab: dict[str, int], longest_s: float = 30.0
    ) -> None:
        self.batcher = batcher
        self.knows = knows(vocab)
        self._longest_s = longest_s
        self.sample_rate = mel.config.sample_rate
        self.frames_per_s = mel.config.sample_rate / mel.config.hop_length
        self._mel = mel
        self._vocab = vocab
        self._mels: LRUCache[tuple[str, float], Tensor] = LRUCache(_MELS_KEPT)
        self._lock = Lock()

    def plan(
        self,
        voice: Reference,
        text: str,
        parameters: SpeechParameters,
        *,
        first_index: int = 0,
    ) -> list[Chunk]:
        """Chunks of `text` with their lengths, in speaking order.

        Args:
            first_index: number of chunks the job already has; it keeps their noise different.

        Raises:
            InvalidInput: a chunk would be longer than the model can position (87 s).
        """
        self._check_fixed(voice, parameters)
        limit = max_chunk_bytes(voice.ref_text, voice.seconds, parameters.speed)
        texts = chunk_text(text, limit)
        fixed = self._fixed_seconds(voice, texts, parameters)
        ref_frames, ref_text = self._ref_frames(voice), spaced(voice.ref_text)
        return [
            self._chunk(
                voice,
                piece,
                parameters,
                first_index + i,
                seconds,
                by_bytes(ref_text, ref_frames, piece, parameters.speed),
            )
            for i, (piece, seconds) in enumerate(zip(texts, fixed, strict=True))
        ]

    def plan_spoken(
        self,
        voice: Reference,
        texts: Sequence[str],
        parameters: SpeechParameters,
        *,
        first_index: int = 0,
    ) -> list[Chunk]:
        """A chunk for each of `texts`, which are spoken text and fit `room_s` by `pace`.

        Raises:
            InvalidInput: `fix_duration` leaves no room, or a chunk is longer than the model can
                position.
        """
        self._check_fixed(voice, parameters)
        pace = self.pace(voice, parameters)
        fixed = self._fixed_seconds(voice, texts, parameters, pace)
        return [
            self._chunk(
                voice, text, parameters, first_index + i, seconds,
                math.ceil(max(pace(text), _SHORTEST_LINE_S / parameters.speed) * self.frames_per_s),
            )
            for i, (text, seconds) in enumerate(zip(texts, fixed, strict=True))
        ]  # fmt: skip

    def pace(self, voice: Reference, parameters: SpeechParameters) -> Seconds:
        """Seconds that a spoken text takes in this voice, at the speed asked for."""
        seconds = self._ref_frames(voice) * self._mel.config.hop_length / self.sample_rate
        return by_letters(voice.ref_text, seconds, parameters.speed)

    def room_s(self, voice: Reference) -> float:
        """Seconds of new speech that a chunk may hold beside the reference."""
        seconds = len(voice.samples) / self.sample_rate
        return max(min(_PLANNED_S, self._longest_s) - seconds, _LEAST_ROOM_S)

    def submit(self, chunk: Chunk) -> Future[SpokenChunk]:
        """Queues the only chunk of a job, see `submit_job`."""
        return self.submit_job([chunk])[0]

    def submit_job(
        self, chunks: Sequence[Chunk], meter: Meter | None = None
    ) -> list[Future[SpokenChunk]]:
        """Queues the chunks of a job, in speaking order; their samples come at the model's level,
        see `restore_loudness`. `meter` counts what they take of the device.

        Cancelling a future takes its chunk out of its batch at the next step.
        """
        with_mels = [(chunk, self._reference_mel(chunk)) for chunk in chunks]
        return self.batcher.submit_job(with_mels, meter)

    def seconds(self, chunk: Chunk) -> float:
        """Expected length of the chunk's new speech."""
        hop = self._mel.config.hop_length
        return (chunk.frames - chunk.ref_frames) * hop / self.sample_rate

    @staticmethod
    def restore_loudness(chunk: Chunk, samples: Samples) -> Samples:
        """(n,) samples at the voice's own level: undoes the gain that a quiet voice was given."""
        rms, target = chunk.voice.rms, chunk.parameters.target_rms
        return samples * np.float32(rms / target) if rms < target else samples

    def _chunk(
        self,
        voice: Reference,
        text: str,
        parameters: SpeechParameters,
        index: int,
        fixed_s: float | None,
        natural_frames: int,
    ) -> Chunk:
        tokens = token_ids(tokenize(spaced(voice.ref_text) + text), self._vocab)
        hop, rate = self._mel.config.hop_length, self.sample_rate
        ref_frames = self._ref_frames(voice)
        fixed = None if fixed_s is None else int(fixed_s * rate / hop)
        frames = ref_frames + natural_frames if fixed is None else fixed
        # As CFM.sample: room for every token and for the whole reference mel, plus one frame.
        frames = max(frames, len(tokens) + 1, ref_frames + 2)
        if frames > MAX_FRAMES:
            raise InvalidInput(
                f"Chunk {index} would take {frames * hop / rate:.0f} s, the model ends at "
                f"{MAX_FRAMES * hop // rate} s.",
                "Raise `speed`, lower `fix_duration`, or put punctuation into the text.",
            )
        seed = _chunk_seed(parameters.seed, index)
        return Chunk(index, text, voice, parameters, tokens, frames, ref_frames, seed)

    def _fixed_seconds(
        self,
        voice: Reference,
        texts: Sequence[str],
        parameters: SpeechParameters,
        length: Callable[[str], float] = lambda text: len(text.encode()),
    ) -> list[float | None]:
        """`fix_duration` shared out by length, the reference's seconds in each chunk."""
        total = parameters.fix_duration
        if total is None or len(texts) == 1:
            return [total] * len(texts)
        hop, rate = self._mel.config.hop_length, self.sample_rate
        ref_seconds = self._ref_frames(voice) * hop / rate
        overlaps = parameters.cross_fade_duration * (len(texts) - 1)
        weights = [length(text) for text in texts]
        share = (total - ref_seconds + overlaps) / sum(weights)
        return [ref_seconds + share * weight for weight in weights]

    def _ref_frames(self, voice: Reference) -> int:
        return len(voice.samples) // self._mel.config.hop_length

    def _check_fixed(self, voice: Reference, parameters: SpeechParameters) -> None:
        """`fix_duration` must leave room for speech after the reference."""
        total, seconds = parameters.fix_duration, len(voice.samples) / self.sample_rate
        if total is not None and total < seconds + _SHORTEST_SPEECH_S:
            raise InvalidInput(
                f"fix_duration={total:g} s includes the reference, which has {seconds:.2f} s.",
                f"Give at least {seconds + _SHORTEST_SPEECH_S:.2f}, or leave it out.",
            )

    def _reference_mel(self, chunk: Chunk) -> Tensor:
        """(frames, n_mels) of the chunk's voice, a quiet one raised to the level asked for."""
        voice, target_rms = chunk.voice, chunk.parameters.target_rms
        key = (voice.content_hash, target_rms)
        with self._lock:
            if key in self._mels:
                return self._mels[key]
        gain = target_rms / voice.rms if voice.rms < target_rms else 1.0
        wave = torch.from_numpy(voice.samples * np.float32(gain))
        mel = self._mel(wave.to(self._mel.device))
        with self._lock:
            self._mels[key] = mel
        return mel


def _chunk_seed(seed: int, index: int) -> int:
    """The first chunk uses the job's seed itself; later ones differ from it and each other."""
    return (seed + index * _SEED_STRIDE) % _SEEDS
