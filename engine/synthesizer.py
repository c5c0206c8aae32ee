"""(reference voice, text, parameters) to waveforms: what the rest of the worker calls.

`plan` cuts the text into chunks and decides how long each will be, `submit` hands a chunk to the
shared batcher. Both follow f5-tts's `infer_process`, so the same weights and noise give the same
waveform (tested).
"""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock

import numpy as np
import torch
from cachetools import LRUCache
from torch import Tensor

from engine.batcher import Batcher
from engine.chunk import Chunk, Reference, Samples, SpeechParameters, SpokenChunk
from engine.dit.layers import MAX_FRAMES
from engine.mel import LogMel
from engine.tokens import chunk_text, max_chunk_bytes, token_ids, tokenize
from errors import InvalidInput

_SHORT_TEXT_BYTES = 10  # f5-tts speaks shorter texts at speed 0.3, or they come out cut
_SHORT_TEXT_SPEED = 0.3
_SHORTEST_SPEECH_S = 0.1  # less is no speech, and too few frames for a vocoder
_MELS_KEPT = 64
# 2^64 over the golden ratio: its multiples modulo a power of 2 are spread evenly.
_SEED_STRIDE = 0x9E3779B97F4A7C15
_SEEDS = 1 << 63


class Synthesizer:
    """The engine's front: plans chunks and keeps reference mels; thread-safe."""

    def __init__(self, batcher: Batcher, mel: LogMel, vocab: dict[str, int]) -> None:
        self.batcher = batcher
        self.sample_rate = mel.config.sample_rate
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
        pause_s: float = 0.0,
    ) -> list[Chunk]:
        """Chunks of `text` with their lengths, in speaking order.

        Args:
            first_index: number of chunks the job already has; it keeps their noise different.
            pause_s: seconds of silence before the first one.

        Raises:
            InvalidInput: a chunk would be longer than the model can position (87 s).
        """
        self._check_fixed(voice, parameters)
        limit = max_chunk_bytes(voice.ref_text, voice.seconds, parameters.speed)
        texts = chunk_text(text, limit)
        fixed = self._fixed_seconds(voice, texts, parameters)
        return [
            self._chunk(voice, piece, parameters, first_index + i, seconds, 0.0 if i else pause_s)
            for i, (piece, seconds) in enumerate(zip(texts, fixed, strict=True))
        ]

    def submit(self, chunk: Chunk) -> Future[SpokenChunk]:
        """Queues a chunk; its samples come at the model's level, see `restore_loudness`.

        Cancelling the future takes the chunk out of its batch at the next step.
        """
        return self.batcher.submit(chunk, self._reference_mel(chunk))

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
        pause_s: float,
    ) -> Chunk:
        tokens = token_ids(tokenize(_spaced(voice.ref_text) + text), self._vocab)
        hop, rate = self._mel.config.hop_length, self.sample_rate
        ref_frames = len(voice.samples) // hop
        if fixed_s is not None:
            frames = int(fixed_s * rate / hop)
        else:
            frames = ref_frames + _natural_frames(voice, ref_frames, text, parameters.speed)
        # As CFM.sample: room for every token and for the whole reference mel, plus one frame.
        frames = max(frames, len(tokens) + 1, ref_frames + 2)
        if frames > MAX_FRAMES:
            raise InvalidInput(
                f"Chunk {index} would take {frames * hop / rate:.0f} s, the model ends at "
                f"{MAX_FRAMES * hop // rate} s.",
                "Raise `speed`, lower `fix_duration`, or put punctuation into the text.",
            )
        seed = _chunk_seed(parameters.seed, index)
        return Chunk(index, text, voice, parameters, tokens, frames, ref_frames, seed, pause_s)

    def _fixed_seconds(
        self, voice: Reference, texts: list[str], parameters: SpeechParameters
    ) -> list[float | None]:
        """`fix_duration` shared out by text length, the reference's seconds in each chunk."""
        total = parameters.fix_duration
        if total is None or len(texts) == 1:
            return [total] * len(texts)
        hop, rate = self._mel.config.hop_length, self.sample_rate
        ref_seconds = len(voice.samples) // hop * hop / rate
        overlaps = parameters.cross_fade_duration * (len(texts) - 1)
        weights = [len(text.encode()) for text in texts]
        share = (total - ref_seconds + overlaps) / sum(weights)
        return [ref_seconds + share * weight for weight in weights]

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


def _spaced(ref_text: str) -> str:
    """f5-tts puts a space after a reference text that ends in a one-byte character."""
    return ref_text + " " if len(ref_text[-1].encode()) == 1 else ref_text


def _natural_frames(voice: Reference, ref_frames: int, text: str, speed: float) -> int:
    """Frames of `text` at the reference's pace: as many for each byte (f5-tts `infer_process`)."""
    if len(text.encode()) < _SHORT_TEXT_BYTES:
        speed = _SHORT_TEXT_SPEED
    pace = ref_frames / len(_spaced(voice.ref_text).encode())
    return int(pace * len(text.encode()) / speed)


def _chunk_seed(seed: int, index: int) -> int:
    """The first chunk uses the job's seed itself; later ones differ from it and each other."""
    return (seed + index * _SEED_STRIDE) % _SEEDS
