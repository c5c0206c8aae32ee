"""Small passes by CUDA graphs: what is recorded gives what the model gives. Without a GPU a
recording is the run itself, on the kernels that a GPU would be given."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.dit import graphs, kernels
from engine.dit.attention import KERNELS
from engine.dit.convolution import ConvPositionEmbedding
from engine.dit.graphs import CHUNKS, MOST_TOKENS, FixedPacking, Graphs
from engine.dit.model import DiT, Modulation
from engine.dit.packing import Packing
from engine.sampler import Flow, PreparedSchedule, Schedule
from standins.random_weights import ARCH, random_dit

CPU = torch.device("cpu")
SMALL = replace(ARCH, depth=2)
Run = Callable[[], None]


def by_ends(q: Tensor, k: Tensor, v: Tensor, packing: Packing) -> Tensor:
    """As FlashAttention, which is told where sequences end by a table on the device."""
    parts = []
    for start, stop in pairwise(packing.sequence_ends.tolist()):
        heads = [t[start:stop].transpose(0, 1) for t in (q, k, v)]
        parts.append(F.scaled_dot_product_attention(*heads).transpose(0, 1).flatten(1))
    return torch.cat(parts)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> DiT:
    """On the CPU, by a GPU's ways."""
    monkeypatch.setattr(ConvPositionEmbedding, "forward", ConvPositionEmbedding.in_one_row)
    monkeypatch.setattr(kernels, "_in_one_launch", lambda _, table: len(table) > 1)
    made = random_dit(SMALL, torch.float32)
    made.use_attention(by_ends)
    return made


class Recorder:
    """Counts recordings; `run` again is the run itself."""

    def __init__(self) -> None:
        self.recorded = self.replayed = 0

    def __call__(self, run: Run) -> Run:
        self.recorded += 1

        def again() -> None:
            self.replayed += 1
            run()

        return again


def graphed(model: DiT, record: graphs.Record) -> Graphs:
    return Graphs(model.forward, model.arch, CPU, torch.float32, record)


PASSES = 10
Pass = tuple[Tensor, Tensor, list[Modulation], Packing]


def passes(model: DiT, count: int, chunks: int, longest: int) -> Iterator[Pass]:
    """Random passes: lengths, guidance and groups."""
    chance, generator = random.Random(0), torch.Generator().manual_seed(0)
    steps = PreparedSchedule.of(model, Schedule(7)).modulations
    for _ in range(count):
        lengths = [chance.randint(20, longest) for _ in range(chance.randint(1, chunks))]
        guided = [chance.random() < 0.7 for _ in lengths]
        first = chance.randint(1, len(lengths))
        groups = [first, *([1] * (len(lengths) - first))]
        packing = Packing(lengths, guided, CPU, groups)
        x = torch.randn(packing.frames, 100, generator=generator)
        context = torch.randn(packing.tokens, SMALL.dim, generator=generator)
        yield x, context, chance.sample(steps * 2, len(groups)), packing


def test_every_pass_gives_what_the_model_gives(model: DiT) -> None:
    record = Recorder()
    run = graphed(model, record)
    for x, context, steps, packing in passes(model, PASSES, 4, 150):
        for _ in range(2):  # two steps of one pass: only x and the modulations change
            x, steps = x + 0.1, steps[::-1]
            expected = model.forward(x, context, steps, packing)
            torch.testing.assert_close(
                run(x, context, steps, packing), expected, rtol=1e-4, atol=1e-5
            )
    assert record.recorded <= 2 * 5  # 1,200 tokens at most, for few chunks and for more
    assert record.replayed == PASSES * 2


def test_what_is_left_of_a_broken_pass_reaches_no_other(model: DiT) -> None:
    run = graphed(model, Recorder())
    sound = list(passes(model, 6, 3, 80))
    for x, context, steps, packing in sound:
        expected = run(x, context, steps, packing).clone()
        broken = torch.full_like(x, torch.nan), torch.full_like(context, torch.nan)
        other = Packing(packing.lengths, [count == 2 for count in packing.branches], CPU)
        run(*broken, steps[:1], other)
        torch.testing.assert_close(run(x, context, steps, packing), expected)


def test_a_pass_that_is_no_number_ends_no_recordings(model: DiT) -> None:
    """One broken reference would else slow all later jobs down."""
    record = Recorder()
    run = graphed(model, record)
    for x, context, steps, packing in passes(model, 1, 1, 60):
        broken = run(torch.full_like(x, torch.nan), context, steps, packing)
        assert not broken.isfinite().any() and record.recorded == 0
        expected = model.forward(x, context, steps, packing)
        for _ in range(2):
            torch.testing.assert_close(run(x, context, steps, packing), expected)
    assert record.recorded == 1 and record.replayed == 2  # one to compare, one for a pass


@pytest.mark.parametrize(
    ("lengths", "guided"),
    [([MOST_TOKENS // 2 + 1], [True]), ([20] * (CHUNKS[-1] + 1), [False] * (CHUNKS[-1] + 1))],
    ids=["tokens", "chunks"],
)
def test_a_larger_pass_runs_as_without(model: DiT, lengths: list[int], guided: list[bool]) -> None:
    record = Recorder()
    packing = Packing(lengths, guided, CPU)
    x, context = torch.zeros(packing.frames, 100), torch.zeros(packing.tokens, SMALL.dim)
    steps = PreparedSchedule.of(model, Schedule(1)).modulations
    run = graphed(replace_forward(model), record)
    assert run(x, context, steps, packing).shape == (packing.tokens, 100)
    assert record.recorded == 0


def replace_forward(model: DiT) -> DiT:
    """Quick at thousands of tokens."""
    model.forward = lambda x, context, steps, packing: torch.zeros(packing.tokens, 100)  # type: ignore[method-assign]
    return model


@pytest.mark.parametrize("fault", ["cannot be recorded", "gives something else"])
def test_a_recording_that_fails_ends_all_of_them(model: DiT, fault: str) -> None:
    calls = []

    def record(run: Run) -> Run:
        calls.append(run)
        if fault == "cannot be recorded":
            raise RuntimeError("CUDA error: operation not permitted when stream is capturing")
        return lambda: None  # leaves what was there

    run = graphed(model, record)
    for x, context, steps, packing in passes(model, 5, 4, 100):
        found = run(x, context, steps, packing)
        assert torch.equal(found, model.forward(x, context, steps, packing))
    assert len(calls) == 1


def test_a_recording_without_memory_is_tried_again_later(
    model: DiT, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "_RESTS", 3)
    record, room = Recorder(), [True, False, True]

    def short(run: Run) -> Run:
        if not room.pop(0):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return record(run)

    run = graphed(model, short)
    for x, context, steps, packing in passes(model, 1, 1, 40):
        run(x, context, steps, packing)  # this one stays
    sizes = []
    for x, context, steps, packing in passes(model, 30, 3, 200):
        if packing.tokens > 256:
            expected = model.forward(x, context, steps, packing)
            found = run(x, context, steps, packing)
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
            sizes.append(record.recorded)
        if not room:
            break
    assert sizes == [1, 1, 1, 1, 2]


def test_a_recorded_step_asks_for_no_value() -> None:
    """On meta tensors, as in test_devices.py: a recording refuses whatever waits for the device."""
    meta = torch.device("meta")
    model = random_dit(SMALL, torch.float16, device="meta")
    model.use_attention(KERNELS["varlen"])
    memory = [
        torch.zeros(*shape, device=meta)
        for shape in ((512, 100), (512, 256), (512, 100), (8, 2, 6, 256), (8, 2, 256))
    ]
    bucket = graphs._Bucket(512, 8, memory)
    packing = Packing([100, 90], [True, True], meta, [1, 1])
    bucket.fill(torch.zeros(packing.tokens, 256, device=meta), packing)
    steps = model.modulation(torch.zeros(2, device=meta))
    bucket.set_step(torch.zeros(packing.frames, 100, device=meta), steps)
    bucket.run(model.forward)


def test_the_tables_are_those_of_a_packing_with_a_filler() -> None:
    fixed = FixedPacking(512, 2, CPU)
    for lengths, guided in (([100, 90], [True, True]), ([60], [False]), ([256], [True])):
        packing = Packing(lengths, guided, CPU, [1] * len(lengths))
        fixed.fill(packing)
        rest = 512 - packing.tokens
        filled = Packing([*lengths, rest], [*guided, False], CPU) if rest else packing
        assert torch.equal(fixed.positions, filled.positions)
        assert torch.equal(fixed.conv_slots, filled.conv_slots)
        ends = fixed.sequence_ends.tolist()
        assert ends[: len(filled.spans) + 1] == filled.sequence_ends.tolist()
        assert set(ends[len(filled.spans) :]) == {512}
        assert torch.equal(fixed.frame_of_token[: packing.tokens], packing.frame_of_token)
        assert not rest or set(fixed.frame_of_token[packing.tokens :].tolist()) == {packing.frames}


def test_without_a_gpu_the_setting_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    model = random_dit(SMALL, torch.float32)
    graphs.use(model, True)
    assert "forward" not in vars(model)
    assert not caplog.messages


@pytest.mark.gpu
def test_on_a_gpu_a_chunk_by_graphs_is_the_chunk_without() -> None:
    device = torch.device("cuda")
    model = random_dit(ARCH, torch.float16, device="cuda")
    model.use_attention(KERNELS["varlen"])
    mels = []
    for wanted in (False, True):
        graphs.use(model, wanted)
        flow, schedule = Flow(model), PreparedSchedule.of(model, Schedule(16))
        chunks = [(torch.zeros(60, 100), torch.arange(1, 40), n) for n in (300, 411, 300)]
        started = [flow.start(*chunk, schedule, seed=i) for i, chunk in enumerate(chunks)]
        for trajectory in started:  # each joins a step after the one before
            flow.admit(trajectory)
            flow.step()
        while not all(trajectory.done for trajectory in started):
            for trajectory in [t for t in flow.trajectories if t.done]:
                flow.leave(trajectory)
            flow.step()
        for trajectory in list(flow.trajectories):
            flow.leave(trajectory)
        mels.append(torch.cat([trajectory.mel for trajectory in started]))
    assert mels[0].device.type == device.type and "forward" in vars(model)
    assert float((mels[1] - mels[0]).norm() / mels[0].norm()) < 1e-2
