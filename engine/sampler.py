"""The flow-matching sampler: Euler steps from noise (t = 0) to speech (t = 1).

    x <- x + (t_{k+1} - t_k) * u(x, t_k),   u = v_cond + w (v_cond - v_uncond)

where v is the DiT's velocity and w the classifier-free guidance strength. The times t_k are an
even grid or, for few steps, the empirically pruned one (EPSS), bent by sway sampling
t + s (cos(pi t / 2) - 1 + t). Sources: "F5-TTS" (arXiv 2410.06885), "Fast F5-TTS" (EPSS, arXiv
2505.19931); f5-tts's `CFM.sample`, to which the tests compare.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.model import DiT, Modulation
from engine.packing import Packing

# Grid points kept of 32 even steps, per number of function evaluations (f5-tts's table).
EPSS_GRID: dict[int, tuple[int, ...]] = {
    5: (0, 2, 4, 8, 16, 32),
    6: (0, 2, 4, 6, 8, 16, 32),
    7: (0, 2, 4, 6, 8, 16, 24, 32),
    10: (0, 2, 4, 6, 8, 12, 16, 20, 24, 28, 32),
    12: (0, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32),
    16: (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32),
}
NO_GUIDANCE = 1e-5  # below this strength f5-tts skips the unconditional branch


@dataclass(frozen=True)
class Schedule:
    """Which times the solver visits: `nfe` steps, bent by `sway` (None leaves them even)."""

    nfe: int
    sway: float | None = -1.0
    epss: bool = True

    def times(self) -> Tensor:
        """(nfe + 1,) increasing times from 0 to 1, fp32."""
        if self.epss and self.nfe in EPSS_GRID:
            t = torch.tensor(EPSS_GRID[self.nfe], dtype=torch.float32) / 32
        else:
            t = torch.linspace(0, 1, self.nfe + 1)
        if self.sway is None:
            return t
        return t + self.sway * (torch.cos(math.pi / 2 * t) - 1 + t)


@dataclass(frozen=True)
class FlowInput:
    """One chunk to sample.

    `cond` (reference frames, mel_dim); `tokens` (text tokens,) of reference and new text together;
    `noise` (frames, mel_dim), whose length is the chunk's total number of frames.
    """

    cond: Tensor
    tokens: Tensor
    noise: Tensor
    cfg_strength: float = 2.0

    @property
    def frames(self) -> int:
        return self.noise.shape[0]

    @property
    def guided(self) -> bool:
        return self.cfg_strength >= NO_GUIDANCE


@dataclass
class _Sequence:
    index: int
    cond: Tensor
    contexts: list[Tensor]
    x: Tensor
    cfg_strength: float


class Flow:
    """The sampling of one batch of chunks, a step at a time; chunks can leave between steps.

    All chunks share the schedule, and are all guided or all unguided. The result of a chunk does
    not depend on what it is batched with.
    """

    def __init__(self, model: DiT, modulations: list[Modulation], times: Tensor) -> None:
        self.model = model
        self.modulations = modulations
        self.deltas = (times[1:] - times[:-1]).tolist()
        self.step_index = 0
        self._sequences: list[_Sequence] = []
        self._packed: tuple[Packing, Tensor, Tensor] | None = None

    @property
    def done(self) -> bool:
        return self.step_index == len(self.deltas) or not self._sequences

    def add(self, chunk: FlowInput) -> int:
        """Adds a chunk before the first step; returns its index."""
        device = self.model.device
        cond = torch.zeros(chunk.frames, chunk.noise.shape[1], device=device)
        cond[: chunk.cond.shape[0]] = chunk.cond
        tokens = chunk.tokens.to(device)
        drops = (False, True) if chunk.guided else (False,)
        contexts = [self.model.context(cond, tokens, drop=drop) for drop in drops]
        index = len(self._sequences)
        x = chunk.noise.to(device)
        self._sequences.append(_Sequence(index, chunk.cond, contexts, x, chunk.cfg_strength))
        return index

    def drop(self, index: int) -> None:
        """Takes a chunk out; its memory is free from the next step on."""
        self._unpack()
        self._sequences = [s for s in self._sequences if s.index != index]

    @torch.inference_mode()
    def step(self) -> None:
        """One Euler step of every chunk."""
        packing, context, strength = self._pack()
        x = torch.cat([s.x for s in self._sequences])
        v = self.model(x, context, self.modulations[self.step_index], packing)
        if packing.branches == 2:
            cond = v[packing.cond]
            v = cond + (cond - v[packing.uncond]) * strength
        x = x + self.deltas[self.step_index] * v
        for sequence, rows in zip(self._sequences, x.split(packing.lengths), strict=True):
            sequence.x = rows
        self.step_index += 1

    def results(self) -> dict[int, Tensor]:
        """Mel (frames, mel_dim) of each chunk, its reference frames put back as they were given."""
        return {s.index: torch.cat((s.cond, s.x[s.cond.shape[0] :])) for s in self._sequences}

    def _pack(self) -> tuple[Packing, Tensor, Tensor]:
        if self._packed is None:
            lengths = [s.x.shape[0] for s in self._sequences]
            branches = len(self._sequences[0].contexts)
            packing = Packing(lengths, branches, self.model.device)
            context = torch.cat([c for s in self._sequences for c in s.contexts])
            strength = torch.cat(
                [s.x.new_full((s.x.shape[0], 1), s.cfg_strength) for s in self._sequences]
            )
            self._packed = packing, context, strength
        return self._packed

    def _unpack(self) -> None:
        self._packed = None


@torch.inference_mode()
def sample(model: DiT, chunks: list[FlowInput], schedule: Schedule) -> list[Tensor]:
    """Mels (frames, mel_dim) of `chunks` in one batch; the simple path, used by tests and tools."""
    times = schedule.times().to(model.device)
    flow = Flow(model, model.modulation(times[:-1]), times)
    for chunk in chunks:
        flow.add(chunk)
    while not flow.done:
        flow.step()
    return list(flow.results().values())
