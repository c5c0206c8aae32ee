"""(reference voice, text, parameters) to waveforms: what the rest of the worker calls.

`plan` cuts the text into chunks and decides how long each will be, `submit` hands a chunk to the
shared batcher. Both follow f5-tts's `infer_process`, so the same weights and noise give the same
waveform (tested).
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.batcher import Batcher, ChunkJob, Speech
from engine.dit.layers import MAX_FRAMES
from engine.mel import LogMel
from engine.sampler import FlowInput, Schedule
from engine.tokens import chunk_text, max_chunk_bytes, token_ids, tokenize
from errors import InvalidInput

_SHORT_TEXT_BYTES = 10  # f5-tts speaks shorter texts at speed 0.3, or they come out cut
_SHORT_TEXT_SPEED = 0.3
_SHORTEST_SPEECH_S = 0.1  # less is no speech, and too few frames for a vocoder


class Reference(Protocol):
    """A prepared reference voice.

    `samples` (n,) fp32 mono at 24 kHz at its natural level; `rms` and `seconds` as measured before
    resampling; `ref_text` ends with ". " or "。"; `content_hash` identifies the audio.
    """

    @property
    def samples(self) -> NDArray[np.float32]: ...
    @property
    def rms(self) -> float: ...
    @property
    def seconds(self) -> float: ...
    @property
    def ref_text(self) -> str: ...
    @property
    def content_hash(self) -> str: ...


@dataclass(frozen=True)
class SpeechParameters:
    """f5-tts's inference parameters under its names and with its defaults.

    `fix_duration`: total seconds including the reference; `seed` fixes the noise.
    """

    nfe_step: int = 32
    cfg_strength: float = 2.0
    sway_sampling_coef: float | None = -1.0
    speed: float = 1.0
    seed: int = 0
    target_rms: float = 0.1
    fix_duration: float | None = None
    cross_fade_duration: float = 0.15


@dataclass(frozen=True)
class Chunk:
    """One piece of text to speak. `frames` counts reference and new speech together."""

    index: int
    text: str
    tokens: list[int]
    frames: int
    ref_frames: int
    seed: int

    @property
    def seconds(self) -> float:
        """Expected length of the new speech."""
        return (self.frames - self.ref_frames) * 256 / 24000


class Synthesizer:
    """The engine's front: plans chunks and keeps reference mels; thread-safe."""

    def __init__(
        self, batcher: Batcher, mel: LogMel, vocab: dict[str, int], *, cached_mels: int = 64
    ) -> None:
        self.batcher = batcher
        self.sample_rate = mel.config.sample_rate
        self._mel = mel
        self._vocab = vocab
        self._mels: OrderedDict[tuple[str, float], Tensor] = OrderedDict()
        self._cached_mels = cached_mels
        self._lock = Lock()

    def plan(
        self, reference: Reference, text: str, parameters: SpeechParameters, *, first_index: int = 0
    ) -> list[Chunk]:
        """Chunks of `text` with their lengths, in speaking order.

        Args:
            first_index: number of chunks the job already has; it keeps their noise different.

        Raises:
            InvalidInput: a chunk would be longer than the model can position (87 s).
        """
        self._check_fixed(reference, parameters)
        limit = max_chunk_bytes(reference.ref_text, reference.seconds, parameters.speed)
        texts = chunk_text(text, limit)
        fixed = self._fixed_seconds(reference, texts, parameters)
        return [
            self._chunk(reference, piece, parameters, first_index + i, seconds)
            for i, (piece, seconds) in enumerate(zip(texts, fixed, strict=True))
        ]

    def submit(
        self, chunk: Chunk, reference: Reference, parameters: SpeechParameters
    ) -> Future[Speech]:
        """Queues a chunk; the future gives 24 kHz samples at the reference's loudness.

        Cancelling the future takes the chunk out of its batch at the next step.
        """
        flow = FlowInput(
            self._reference_mel(reference, parameters.target_rms),
            torch.tensor(chunk.tokens),
            chunk.frames,
            chunk.seed,
            parameters.cfg_strength,
        )
        schedule = Schedule(parameters.nfe_step, parameters.sway_sampling_coef)
        return self.batcher.submit(ChunkJob(flow, schedule, chunk.ref_frames, chunk.index))

    @staticmethod
    def restore_loudness(
        samples: NDArray[np.float32], reference: Reference, parameters: SpeechParameters
    ) -> NDArray[np.float32]:
        """Undoes the gain that a quiet reference was given before inference."""
        if reference.rms < parameters.target_rms:
            return samples * np.float32(reference.rms / parameters.target_rms)
        return samples

    def close(self) -> None:
        """Stops the inference thread."""
        self.batcher.close()

    def _chunk(
        self,
        reference: Reference,
        text: str,
        parameters: SpeechParameters,
        index: int,
        fixed_s: float | None,
    ) -> Chunk:
        ref_text = _spaced(reference.ref_text)
        tokens = token_ids(tokenize(ref_text + text), self._vocab)
        hop, rate = self._mel.config.hop_length, self.sample_rate
        ref_frames = len(reference.samples) // hop
        if fixed_s is not None:
            frames = int(fixed_s * rate / hop)
        else:
            short = len(text.encode()) < _SHORT_TEXT_BYTES
            speed = _SHORT_TEXT_SPEED if short else parameters.speed
            ratio = ref_frames / len(ref_text.encode())
            frames = ref_frames + int(ratio * len(text.encode()) / speed)
        # As CFM.sample: room for every token and for the whole reference mel, plus one frame.
        frames = max(frames, len(tokens) + 1, ref_frames + 2)
        if frames > MAX_FRAMES:
            raise InvalidInput(
                f"Chunk {index} would take {frames * hop / rate:.0f} s, the model ends at "
                f"{MAX_FRAMES * hop // rate} s.",
                "Raise `speed`, lower `fix_duration`, or put punctuation into the text.",
            )
        return Chunk(index, text, tokens, frames, ref_frames, _chunk_seed(parameters.seed, index))

    def _fixed_seconds(
        self, reference: Reference, texts: list[str], parameters: SpeechParameters
    ) -> list[float | None]:
        """`fix_duration` shared out by text length, the reference's seconds in each chunk."""
        total = parameters.fix_duration
        if total is None or len(texts) == 1:
            return [total] * len(texts)
        hop, rate = self._mel.config.hop_length, self.sample_rate
        ref_seconds = len(reference.samples) // hop * hop / rate
        overlaps = parameters.cross_fade_duration * (len(texts) - 1)
        weights = [len(text.encode()) for text in texts]
        share = (total - ref_seconds + overlaps) / sum(weights)
        return [ref_seconds + share * weight for weight in weights]

    def _check_fixed(self, reference: Reference, parameters: SpeechParameters) -> None:
        """`fix_duration` must leave room for speech after the reference."""
        total, seconds = parameters.fix_duration, len(reference.samples) / self.sample_rate
        if total is not None and total < seconds + _SHORTEST_SPEECH_S:
            raise InvalidInput(
                f"fix_duration={total:g} s includes the reference, which has {seconds:.2f} s.",
                f"Give at least {seconds + _SHORTEST_SPEECH_S:.2f}, or leave it out.",
            )

    def _reference_mel(self, reference: Reference, target_rms: float) -> Tensor:
        key = (reference.content_hash, target_rms)
        with self._lock:
            if key in self._mels:
                self._mels.move_to_end(key)
                return self._mels[key]
        gain = target_rms / reference.rms if reference.rms < target_rms else 1.0
        wave = torch.from_numpy(reference.samples * np.float32(gain))
        mel = self._mel(wave.to(self._mel.window.device))
        with self._lock:
            self._mels[key] = mel
            while len(self._mels) > self._cached_mels:
                self._mels.popitem(last=False)
        return mel


def _spaced(ref_text: str) -> str:
    """f5-tts puts a space after a reference text that ends in a one-byte character."""
    return ref_text + " " if len(ref_text[-1].encode()) == 1 else ref_text


def _chunk_seed(seed: int, index: int) -> int:
    """The first chunk uses the job's seed itself; later ones differ from it and each other."""
    return (seed + index * 0x9E3779B97F4A7C15) % (1 << 63)
