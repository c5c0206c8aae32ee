"""What a GPU would find, without one: everything lies on the model's device and nothing waits.

A meta tensor has a shape, a dtype and a device but no values: as on a GPU it cannot be mixed with
the CPU's, and whatever asks for a value, which on a GPU would wait until all launched work is
done, raises here. The kernels themselves are not run; that takes a GPU (`make bench-gpu`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from engine import sampler
from engine.arch import Arch, MelConfig
from engine.dit import attention
from engine.dit.packing import ROW_STEP
from engine.mel import LogMel
from engine.sampler import Flow, PreparedSchedule, Trajectory
from engine.vocoder.vocos import Vocos, VocosConfig
from standins.random_weights import ARCH, random_dit

META = torch.device("meta")
UPSAMPLED = replace(ARCH, average_upsampling=True, text_mask_padding=True)


def start(
    flow: Flow, frames: int, strength: float, schedule: PreparedSchedule, cond_device: str = "meta"
) -> Trajectory:
    cond = torch.zeros(60, 100, device=cond_device)
    tokens = torch.arange(1, 40)
    return flow.start(cond, tokens, frames, schedule, seed=1, cfg_strength=strength)


@pytest.mark.parametrize("arch", [ARCH, UPSAMPLED], ids=["padded text", "spread text"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kernel", ["varlen", "sdpa"])
def test_steps_stay_on_the_device(arch: Arch, dtype: torch.dtype, kernel: str) -> None:
    model = random_dit(arch, dtype, device="meta")
    model.use_attention(attention.KERNELS[kernel])
    modulations = model.modulation(torch.linspace(0, 1, 3, device=META))
    early = PreparedSchedule([0.5, 0.5], modulations[:2])
    late = PreparedSchedule([1.0], modulations[2:])
    flow = Flow(model)
    first = start(flow, 300, 2.0, early)
    flow.admit(first)
    flow.step()
    # Another schedule, no guidance; a reference mel that was made elsewhere.
    second = start(flow, 211, 0.0, late, cond_device="cpu")
    flow.admit(second)
    flow.step()
    for trajectory in (first, second):
        flow.leave(trajectory)
        assert trajectory.done and trajectory.mel.device == META
    assert first.mel.shape == (300, 100) and second.mel.shape == (211, 100)


def test_reference_mel_and_vocoder_stay_on_the_device() -> None:
    mel = LogMel(MelConfig(), META)(torch.zeros(24_000, device=META))
    vocos = Vocos(VocosConfig(100, 64, 128, 2, 1024, 256, "center")).to(META)
    waves = vocos([mel, mel[:40]])
    assert [wave.shape[0] for wave in waves] == [93 * 256, 39 * 256]
    assert all(wave.device == META for wave in waves)


class ConvolvedLengths(TorchDispatchMode):
    """The lengths of the rows that convolutions are given while it is active, by their kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: dict[int, set[int]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        if func.overloadpacket in (torch.ops.aten.convolution, torch.ops.aten.conv1d):
            row, weight = args[:2]
            self.lengths.setdefault(weight.shape[-1], set()).add(row.shape[-1])
        return func(*args, **(kwargs or {}))


def test_rows_of_convolutions_have_few_lengths_whatever_the_mix() -> None:
    """A GPU looks for a plan for each new one."""
    model = random_dit(replace(ARCH, depth=1, conv_layers=0), torch.float16, device="meta")
    schedule = PreparedSchedule([1.0], model.modulation(torch.zeros(1, device=META)))
    vocos = Vocos(VocosConfig(100, 64, 128, 2, 1024, 256, "center")).to(META)
    flow, sizes, frames = Flow(model), random.Random(0), set()
    with ConvolvedLengths() as seen:
        for _ in range(12):
            mix = [start(flow, sizes.randint(400, 600), 2.0, schedule) for _ in range(3)]
            for trajectory in mix:
                flow.admit(trajectory)
            flow.step()
            for trajectory in mix:
                flow.leave(trajectory)
            frames.add(sum(trajectory.x.shape[0] for trajectory in mix))
            vocos([trajectory.mel for trajectory in mix])
    assert len(frames) > 10
    position, vocoder = seen.lengths[31], seen.lengths[7]
    assert len(position) <= 5 and len(vocoder) <= 3  # 2,475 to 3,675 and 1,200 to 1,800 frames
    assert all(length % ROW_STEP == 0 for length in position | vocoder)


def test_a_value_that_is_asked_for_is_noticed() -> None:
    """These tests can fail: the CPU's own attention looks at its sums, and is refused."""
    model = random_dit(ARCH, torch.bfloat16, device="meta")
    model.use_attention(attention.matmul)
    flow = Flow(model)
    schedule = PreparedSchedule([1.0], model.modulation(torch.zeros(1, device=META)))
    flow.admit(start(flow, 128, 0.0, schedule))
    with pytest.raises(RuntimeError, match="meta"):
        flow.step()


def raises_type_error(*_: object) -> None:
    raise TypeError("_foreach_mul_() takes 3 positional arguments")


def does_nothing(*_: object) -> None: ...


@pytest.fixture
def other_release() -> Iterator[None]:
    """Nothing is known of PyTorch's private calls before, nor after."""
    sampler._lists_usable.cache_clear()
    yield
    sampler._lists_usable.cache_clear()


@pytest.mark.parametrize("call", [None, raises_type_error, does_nothing])
def test_a_pytorch_without_sums_of_lists_is_served_one_by_one(
    monkeypatch: pytest.MonkeyPatch, other_release: None, call: Any
) -> None:
    if call is None:
        monkeypatch.delattr(torch, "_foreach_mul_")
    else:
        monkeypatch.setattr(torch, "_foreach_mul_", call)
    assert not sampler._lists_usable()
    model = random_dit(ARCH, torch.float16, device="meta")
    schedule = PreparedSchedule([0.5, 0.5], model.modulation(torch.zeros(2, device=META)))
    flow = Flow(model)
    for step in (0, 1):
        flow.admit(replace(start(flow, 80, 0.0, schedule), step=step))
    flow.step()
    assert [trajectory.step for trajectory in flow.trajectories] == [1, 2]


def test_sums_of_lists_are_taken_where_they_are_right(other_release: None) -> None:
    assert sampler._lists_usable()
