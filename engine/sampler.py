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
from itertools import groupby

import torch
from torch import Tensor

from engine.dit.model import DiT, Modulation
from engine.dit.packing import Packing

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
    `frames` counts both as well. `seed` fixes the noise, which is drawn when the chunk starts: what
    waits in the queue holds no frames of its own.
    """

    cond: Tensor
    tokens: Tensor
    frames: int
    seed: int
    cfg_strength: float = 2.0

    def noise(self) -> Tensor:
        """(frames, mel_dim) standard normal, drawn on the CPU so that all devices agree."""
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randn(self.frames, self.cond.shape[1], generator=generator)

    @property
    def guided(self) -> bool:
        return self.cfg_strength >= NO_GUIDANCE


@dataclass(frozen=True)
class Course:
    """A schedule made ready for one model: length and AdaLN modulation of every step."""

    deltas: list[float]
    modulations: list[Modulation]

    @classmethod
    @torch.inference_mode()
    def of(cls, model: DiT, schedule: Schedule) -> Course:
        """Computes the modulations, which depend on time only: once a schedule, not once a job."""
        times = schedule.times().to(model.device)
        return cls((times[1:] - times[:-1]).tolist(), model.modulation(times[:-1]))

    def __len__(self) -> int:
        return len(self.deltas)


@dataclass(eq=False)
class Sequence:
    """A chunk on its way from noise to speech: `x` (frames, mel_dim) fp32 after `step` steps.

    `contexts` hold (frames, dim) of each branch, the conditional one first.
    """

    course: Course
    cond: Tensor
    contexts: list[Tensor]
    x: Tensor
    cfg_strength: float
    step: int = 0

    @property
    def done(self) -> bool:
        return self.step == len(self.course)

    @property
    def guided(self) -> bool:
        return len(self.contexts) == 2

    @property
    def mel(self) -> Tensor:
        """(frames, mel_dim), the reference frames put back as they were given."""
        return torch.cat((self.cond, self.x[self.cond.shape[0] :]))


class Flow:
    """Chunks that advance together, an Euler step at a time; they join and leave between steps.

    Each chunk is at its own step of its own schedule, guided or not. Its result does not depend on
    what it runs with.
    """

    def __init__(self, model: DiT) -> None:
        self.model = model
        self.sequences: list[Sequence] = []
        self._packed: _Pass | None = None

    @torch.inference_mode()
    def start(self, chunk: FlowInput, course: Course) -> Sequence:
        """A sequence at its noise, not yet part of the flow: text and reference are encoded."""
        device = self.model.device
        cond = torch.zeros(chunk.frames, chunk.cond.shape[1], device=device)
        cond[: chunk.cond.shape[0]] = chunk.cond
        tokens = chunk.tokens.to(device)
        drops = (False, True) if chunk.guided else (False,)
        contexts = [self.model.context(cond, tokens, drop=drop) for drop in drops]
        reference = chunk.cond.to(device)
        return Sequence(course, reference, contexts, chunk.noise().to(device), chunk.cfg_strength)

    def join(self, sequence: Sequence) -> None:
        """Takes a sequence along from the next step on."""
        self._unpack()
        self.sequences.append(sequence)

    def leave(self, sequence: Sequence) -> None:
        """Takes a sequence out as it stands; it may join again later."""
        self._unpack()
        self.sequences.remove(sequence)

    @torch.inference_mode()
    def step(self) -> None:
        """One Euler step of every chunk; if it raises, every chunk stands where it stood before."""
        now = self._packed = self._packed or _Pass(self.sequences, self.model.device)
        steps = [s.course.modulations[s.step] for s in now.leaders]
        v = self.model(now.x, now.context, steps, now.packing)
        if now.packing.guided:
            cond = v[now.packing.cond]
            v = cond + (cond - v[now.packing.uncond]) * now.strength
        for rows, leader in zip(now.packing.group_frames, now.leaders, strict=True):
            now.x[rows].add_(v[rows], alpha=leader.course.deltas[leader.step])
        for sequence in self.sequences:
            sequence.step += 1

    def _unpack(self) -> None:
        if self._packed is not None:
            self._packed.write_back()
            self._packed = None


class _Pass:
    """The tensors of one set of sequences, those at the same step of one schedule side by side."""

    def __init__(self, sequences: list[Sequence], device: torch.device) -> None:
        self.sequences = sorted(sequences, key=lambda s: (id(s.course), s.step))
        groups = [list(g) for _, g in groupby(self.sequences, lambda s: (id(s.course), s.step))]
        self.leaders = [group[0] for group in groups]
        self.packing = Packing(
            [s.x.shape[0] for s in self.sequences],
            [s.guided for s in self.sequences],
            device,
            [len(group) for group in groups],
        )
        self.x = torch.cat([s.x for s in self.sequences])
        self.context = torch.cat([c for s in self.sequences for c in s.contexts])
        self.strength = torch.cat(
            [s.x.new_full((s.x.shape[0], 1), s.cfg_strength) for s in self.sequences]
        )

    def write_back(self) -> None:
        """Gives every sequence its rows."""
        rows = self.x.split(self.packing.lengths)
        for sequence, x in zip(self.sequences, rows, strict=True):
            sequence.x = x


def sample(model: DiT, chunks: list[FlowInput], schedule: Schedule) -> list[Tensor]:
    """Mels (frames, mel_dim) of `chunks` in one batch; the simple path, used by tests and tools."""
    flow, course = Flow(model), Course.of(model, schedule)
    sequences = [flow.start(chunk, course) for chunk in chunks]
    for sequence in sequences:
        flow.join(sequence)
    for _ in range(len(course)):
        flow.step()
    for sequence in sequences:
        flow.leave(sequence)
    return [sequence.mel for sequence in sequences]
