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
from functools import cache
from itertools import groupby

import torch
from cachetools import LRUCache
from torch import Tensor

from engine.dit.agreement import agrees
from engine.dit.model import DiT, Modulation
from engine.dit.packing import Packing
from engine.transfer import to_device

# Grid points kept of 32 even steps, by number of function evaluations (f5-tts's table).
EPSS_GRID: dict[int, tuple[int, ...]] = {
    5: (0, 2, 4, 8, 16, 32),
    6: (0, 2, 4, 6, 8, 16, 32),
    7: (0, 2, 4, 6, 8, 16, 24, 32),
    10: (0, 2, 4, 6, 8, 12, 16, 20, 24, 28, 32),
    12: (0, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32),
    16: (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32),
}
_CONTEXT_FRAMES = 16_384  # of unconditional contexts kept: 67 MB of the published size
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
class PreparedSchedule:
    """A schedule made ready for one model: length and AdaLN modulation of every step."""

    deltas: list[float]
    modulations: list[Modulation]

    @classmethod
    @torch.inference_mode()
    def of(cls, model: DiT, schedule: Schedule) -> PreparedSchedule:
        """Computes the modulations, which depend on time only: once per schedule, not per job."""
        times = schedule.times().to(model.device)
        return cls((times[1:] - times[:-1]).tolist(), model.modulation(times[:-1]))


@dataclass(eq=False)
class Trajectory:
    """A chunk on its way from noise to speech: `x` (frames, mel_dim) fp32 after `step` steps.

    `cond` (reference frames, mel_dim) is the reference's mel. `contexts` hold (frames, dim) of each
    branch, the conditional one first.
    """

    schedule: PreparedSchedule
    cond: Tensor
    contexts: list[Tensor]
    x: Tensor
    cfg_strength: float
    step: int = 0

    @property
    def done(self) -> bool:
        return self.step == len(self.schedule.deltas)

    @property
    def guided(self) -> bool:
        return len(self.contexts) == 2

    @property
    def mel(self) -> Tensor:
        """(frames, mel_dim), the reference frames put back as they were given."""
        return torch.cat((self.cond, self.x[self.cond.shape[0] :]))


def is_guided(cfg_strength: float) -> bool:
    """Whether a chunk has an unconditional branch as well."""
    return cfg_strength >= NO_GUIDANCE


def noise(frames: int, mel_dim: int, seed: int) -> Tensor:
    """(frames, mel_dim) standard normal, drawn on the CPU so that all devices agree."""
    return torch.randn(frames, mel_dim, generator=torch.Generator().manual_seed(seed))


class Flow:
    """Trajectories that advance together, one Euler step at a time; between steps they come and go.

    Each is at its own step of its own schedule, guided or not. Its result does not depend on what
    it runs with.
    """

    def __init__(self, model: DiT) -> None:
        self.model = model
        self.trajectories: list[Trajectory] = []
        self._contexts: LRUCache[tuple[int, int], Tensor] = LRUCache(_CONTEXT_FRAMES, len)
        self._packed: _Pass | None = None

    @torch.inference_mode()
    def start(
        self,
        cond: Tensor,
        tokens: Tensor,
        frames: int,
        schedule: PreparedSchedule,
        *,
        seed: int,
        cfg_strength: float = 2.0,
    ) -> Trajectory:
        """A chunk at its noise, not yet part of the flow: text and reference are encoded.

        Args:
            cond: (reference frames, mel_dim) the reference's mel, on any device.
            tokens: (text tokens,) of reference and new text together.
            frames: of reference and new speech together.
            seed: fixes the noise.
        """
        device = self.model.device
        cond, tokens = to_device(cond, device), to_device(tokens, device)
        padded = torch.zeros(frames, cond.shape[1], device=device)
        padded[: cond.shape[0]] = cond
        contexts = [self.model.context(padded, tokens, drop=False)]
        if is_guided(cfg_strength):
            contexts.append(self._unconditional(padded, tokens))
        x = to_device(noise(frames, cond.shape[1], seed), device)
        return Trajectory(schedule, cond, contexts, x, cfg_strength)

    def _unconditional(self, cond: Tensor, tokens: Tensor) -> Tensor:
        """(frames, dim) context of the branch that knows neither text nor reference: it depends on
        how many frames there are, and on how many tokens where those are spread or padding is
        masked. `cond` (frames, mel_dim), `tokens` (text tokens,)."""
        arch = self.model.arch
        counted = arch.text_mask_padding or arch.average_upsampling
        key = cond.shape[0], tokens.shape[0] if counted else 0
        if key not in self._contexts:
            self._contexts[key] = self.model.context(cond, tokens, drop=True)
        return self._contexts[key]

    def admit(self, trajectory: Trajectory) -> None:
        """Takes a trajectory along from the next step on."""
        self._unpack()
        self.trajectories.append(trajectory)

    def leave(self, trajectory: Trajectory) -> None:
        """Takes a trajectory out as it stands; it may be admitted again later."""
        self._unpack()
        self.trajectories.remove(trajectory)

    @torch.inference_mode()
    def step(self) -> None:
        """One Euler step of every trajectory; if it raises, none has moved."""
        now = self._packed = self._packed or _Pass(self.trajectories, self.model.device)
        steps = [leader.schedule.modulations[leader.step] for leader in now.leaders]
        v = self.model(now.x, now.context, steps, now.packing)
        if now.packing.guided:
            cond = v[now.packing.cond]
            v = cond + (cond - v[now.packing.uncond]) * now.strength
        _advance(now, v)
        for trajectory in self.trajectories:
            trajectory.step += 1

    def _unpack(self) -> None:
        if self._packed is not None:
            self._packed.write_back()
            self._packed = None


def _advance(now: _Pass, v: Tensor) -> None:
    """Adds to every trajectory its step's length times its velocity; `v` (frames, mel_dim) is not
    needed any more. On a GPU in two launches, however many groups there are."""
    deltas = [leader.schedule.deltas[leader.step] for leader in now.leaders]
    xs, vs = ([t[rows] for rows in now.packing.group_frames] for t in (now.x, v))
    if len(deltas) > 1 and v.device.type != "cpu" and _lists_usable():
        _add_lists(xs, vs, deltas)
        return
    for x, velocity, delta in zip(xs, vs, deltas, strict=True):
        x.add_(velocity, alpha=delta)


def _add_lists(xs: list[Tensor], vs: list[Tensor], deltas: list[float]) -> None:
    """Adds to each of `xs` its delta times its one of `vs`, which is written over. PyTorch's two
    calls are private."""
    torch._foreach_mul_(vs, deltas)
    torch._foreach_add_(xs, vs)


@cache
def _lists_usable() -> bool:
    """Whether `_add_lists` is there and does what it says; as well on a CPU as on a GPU."""
    x, v, deltas = torch.arange(6.0), torch.ones(6), [2.0, 3.0]
    expected = x + torch.tensor(deltas).repeat_interleave(3)

    def run() -> Tensor:
        _add_lists(list(x.split(3)), list(v.split(3)), deltas)
        return x

    return agrees("sum of lists of tensors", run, expected, 1e-6)


class _Pass:
    """The tensors of trajectories in one pass, those at the same step of a schedule side by side.

    `x` (frames, mel_dim) and `strength` (frames, 1) follow the frames of all of them, `context`
    (tokens, dim) the packing's tokens. The `leaders` are the first of each group.
    """

    def __init__(self, trajectories: list[Trajectory], device: torch.device) -> None:
        self.trajectories = sorted(trajectories, key=_step_of_schedule)
        groups = [list(group) for _, group in groupby(self.trajectories, _step_of_schedule)]
        self.leaders = [group[0] for group in groups]
        self.packing = Packing(
            [t.x.shape[0] for t in self.trajectories],
            [t.guided for t in self.trajectories],
            device,
            [len(group) for group in groups],
        )
        self.x = torch.cat([t.x for t in self.trajectories])
        self.context = torch.cat([c for t in self.trajectories for c in t.contexts])
        self.strength = torch.cat(
            [t.x.new_full((t.x.shape[0], 1), t.cfg_strength) for t in self.trajectories]
        )

    def write_back(self) -> None:
        """Gives every trajectory its rows."""
        rows = self.x.split(self.packing.lengths)
        for trajectory, x in zip(self.trajectories, rows, strict=True):
            trajectory.x = x


def _step_of_schedule(trajectory: Trajectory) -> tuple[int, int]:
    return id(trajectory.schedule), trajectory.step
