"""A chunk's mel does not depend on what it runs with: random mixes of lengths, texts, schedules,
guidance and moments of joining and leaving, in fp32, in bf16 and with products in int8."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dit import attention, int8
from engine.dit.model import DiT
from engine.dit.packing import Packing
from engine.precision import around_products
from engine.sampler import Flow, PreparedSchedule, Schedule
from engine.vocoder.vocos import Vocos, VocosConfig
from standins.random_weights import ARCH, random_dit
from standins.sampling import sample
from tests.examples import examples

TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 3e-2, torch.int8: 3e-2}


@dataclass(frozen=True)
class Mixed:
    """A chunk and when it joins: after that many steps of the flow."""

    frames: int
    tokens: int
    seed: int
    cfg: float
    schedule: Schedule
    joins: int
    leaves: bool

    def given(self) -> tuple[torch.Tensor, torch.Tensor, int]:
        """Its reference's mel, its tokens and its frames."""
        generator = torch.Generator().manual_seed(self.seed)
        cond = torch.randn(self.frames // 3, 100, generator=generator)
        return cond, torch.arange(self.tokens) % 60, self.frames


mixes = st.lists(
    st.builds(
        Mixed,
        frames=st.integers(20, 100),
        tokens=st.integers(1, 40),
        seed=st.integers(0, 99),
        cfg=st.sampled_from([0.0, 1.0, 2.0]),
        schedule=st.sampled_from([Schedule(2), Schedule(3), Schedule(4, sway=None), Schedule(5)]),
        joins=st.integers(0, 4),
        leaves=st.just(False),
    )
    | st.builds(
        Mixed,
        frames=st.integers(20, 100),
        tokens=st.integers(1, 40),
        seed=st.integers(0, 99),
        cfg=st.sampled_from([0.0, 2.0]),
        schedule=st.just(Schedule(5)),
        joins=st.integers(0, 2),
        leaves=st.just(True),
    ),
    min_size=1,
    max_size=5,
)


@cache
def model(dtype: torch.dtype) -> DiT:
    dit = random_dit(ARCH, dtype)
    if dtype == torch.int8:
        assert all(layer.dtype == torch.int8 for layer in dit.large_products())
    around = around_products(dtype)
    dit.use_attention(attention.pick("auto", torch.device("cpu"), around)[1])
    return dit


@cache
def prepared(dtype: torch.dtype, schedule: Schedule) -> PreparedSchedule:
    return PreparedSchedule.of(model(dtype), schedule)


@cache
def alone(dtype: torch.dtype, chunk: Mixed) -> torch.Tensor:
    return sample(
        model(dtype), *chunk.given(), chunk.schedule, seed=chunk.seed, cfg_strength=chunk.cfg
    )


def together(dtype: torch.dtype, mix: list[Mixed]) -> list[torch.Tensor | None]:
    """Each chunk's mel; None for one that left before its end."""
    flow = Flow(model(dtype))
    trajectories = [
        flow.start(*c.given(), prepared(dtype, c.schedule), seed=c.seed, cfg_strength=c.cfg)
        for c in mix
    ]
    for step in range(20):
        for chunk, trajectory in zip(mix, trajectories, strict=True):
            if chunk.joins == step:
                flow.admit(trajectory)
            if chunk.leaves and chunk.joins + 1 == step:
                flow.leave(trajectory)
        for trajectory in [t for t in flow.trajectories if t.done]:
            flow.leave(trajectory)
        if flow.trajectories:
            flow.step()
    assert not flow.trajectories
    return [t.mel if t.done else None for t in trajectories]


NEEDS_INT8 = pytest.mark.skipif(int8.usable() is None, reason="this CPU has no products in int8")


@pytest.mark.parametrize(
    "dtype",
    [
        pytest.param(torch.float32, id="fp32"),
        pytest.param(torch.bfloat16, id="bf16"),
        pytest.param(torch.int8, id="int8", marks=NEEDS_INT8),
    ],
)
@settings(deadline=None, max_examples=examples(25))
@given(mix=mixes)
def test_a_chunk_in_any_mix_is_the_chunk_alone(dtype: torch.dtype, mix: list[Mixed]) -> None:
    for chunk, mel in zip(mix, together(dtype, mix), strict=True):
        if chunk.leaves:
            assert mel is None
            continue
        assert mel is not None
        expected = alone(dtype, chunk)
        assert float((mel - expected).norm() / expected.norm()) < TOLERANCE[dtype]
        assert torch.equal(mel, expected)  # on a CPU: what a resumed job counts on


@pytest.mark.parametrize("frames", [5, 64, 333, 3000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_every_attention_kernel_gives_the_same(dtype: torch.dtype, frames: int) -> None:
    packing = Packing([frames, 40], [True, False], torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, packing.tokens, 3, 64, generator=generator).to(dtype).unbind(0)
    expected = attention.sdpa(q.float(), k.float(), v.float(), packing)
    found = attention.matmul(q, k, v, packing).float()
    tolerance = 1e-5 if dtype == torch.float32 else 1e-2
    assert float((found - expected).norm() / expected.norm()) < tolerance


@pytest.mark.parametrize("padding", ["center", "same"])
@settings(deadline=None, max_examples=examples(20))
@given(lengths=st.lists(st.integers(10, 80), min_size=1, max_size=5))
def test_waveforms_made_in_one_pass_are_those_made_alone(padding: str, lengths: list[int]) -> None:
    """GPUs decode in one pass, CPUs one mel after the other."""
    torch.manual_seed(0)
    vocos = Vocos(VocosConfig(100, 16, 32, 2, 1024, 256, padding)).eval()
    mels = [torch.randn(n, 100) for n in lengths]
    with torch.inference_mode():
        found = vocos.one_pass(mels)
    for wave, mel in zip(found, mels, strict=True):
        torch.testing.assert_close(wave, vocos([mel])[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("padding", ["center", "same"])
def test_a_mel_that_is_no_number_leaves_its_neighbours_in_the_pass_alone(padding: str) -> None:
    """One chunk's overflow costs no other chunk its waveform."""
    torch.manual_seed(0)
    vocos = Vocos(VocosConfig(100, 16, 32, 2, 1024, 256, padding)).eval()
    mels = [torch.randn(30, 100), torch.full((20, 100), torch.nan), torch.randn(40, 100)]
    with torch.inference_mode():
        first, broken, last = vocos.one_pass(mels)
    assert not broken.isfinite().any()
    for wave, mel in ((first, mels[0]), (last, mels[2])):
        torch.testing.assert_close(wave, vocos([mel])[0], rtol=1e-4, atol=1e-5)
