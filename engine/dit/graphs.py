"""A step of a small pass in one launch on a GPU: CUDA graphs, in buckets of tokens.

A fast card computes a small pass in less time than the host takes to launch its kernels. A graph is
those launches, recorded once and started together. It records sizes and addresses as well, so a
pass is brought to one of few sizes: one more sequence, which nobody looks at, fills its tokens up
to the next multiple of `TOKEN_STEP`, and all that a step reads lies in the same memory every time.
On an H200 a job of one short chunk takes a fifth of its time so (docs/engine.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from engine.arch import Arch
from engine.dit.agreement import agrees
from engine.dit.model import DiT, Modulation
from engine.dit.packing import Packing, longest_row, steady
from engine.memory import ran_out

log = logging.getLogger("f5worker.engine")

TOKEN_STEP = 256
MOST_TOKENS = 4096  # beyond, a step takes the fastest card longer than the host
CHUNKS = (2, 8)  # most chunks of a bucket; attention starts blocks for as many
_AGREES = {torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 5e-2}
_WARM_UPS = 2
_RESTS = 256
ATTENTION = ("varlen",)  # kernels that find the sequences by a table on the device

Velocity = Callable[[Tensor, Tensor, list[Modulation], Packing], Tensor]  # `DiT.forward`
Record = Callable[[Callable[[], None]], Callable[[], None]]  # what to run, to what runs it again


class FixedPacking(Packing):
    """A packing of `tokens` in up to `chunks` chunks and a filler, whose tables stay where they are
    while passes come and go. For a GPU only: of the lists on the host there are none."""

    def __init__(self, tokens: int, chunks: int, device: torch.device) -> None:
        sequences = 2 * chunks + 1
        self.tokens = self.longest = tokens
        self.chunk_tokens = [(0, tokens)]
        self.conv_length = longest_row(tokens, sequences)
        tables = torch.zeros(3, tokens, dtype=torch.int64, device=device)
        self.frame_of_token, self.positions, self.conv_slots = tables
        self.conv_gaps = torch.ones(self.conv_length, dtype=torch.bool, device=device)
        self.sequence_ends = torch.zeros(sequences + 1, dtype=torch.int32, device=device)
        self.group_of_token = torch.zeros(tokens, dtype=torch.int32, device=device)
        self._counted = torch.arange(tokens, device=device)

    def fill(self, packing: Packing) -> None:
        """Takes over a pass's tables. The filler's tokens read the first frame after the pass's."""
        used, sequences = packing.tokens, len(packing.spans)
        counted = self._counted[: self.tokens - used]
        self.frame_of_token.fill_(packing.frames)[:used] = packing.frame_of_token
        self.positions[:used], self.positions[used:] = packing.positions, counted
        self.conv_slots[:used] = packing.conv_slots
        self.conv_slots[used:] = counted + packing.conv_end
        self.conv_gaps.fill_(True).index_fill_(0, self.conv_slots, False)
        self.sequence_ends.fill_(self.tokens)[: sequences + 1] = packing.sequence_ends
        self.group_of_token.zero_()[:used] = packing.group_of_token


class _Bucket:
    """What a recorded step reads and writes: the first rows of memory that all buckets share.

    `x` and `out` (tokens, mel_dim), `context` (tokens, dim), `blocks` (chunks, depth, 6, dim) and
    `final` (chunks, 2, dim) of the groups' modulations.
    """

    def __init__(self, tokens: int, chunks: int, memory: list[Tensor]) -> None:
        x, context, out, blocks, final = memory
        self.x, self.context, self.out = x[:tokens], context[:tokens], out[:tokens]
        self.blocks, self.final = blocks[:chunks], final[:chunks]
        self.packing = FixedPacking(tokens, chunks, x.device)
        self.again: Callable[[], None] | None = None

    def run(self, velocity: Velocity) -> None:
        """The step that is recorded."""
        steps = [Modulation(*terms) for terms in zip(self.blocks, self.final, strict=True)]
        self.out.copy_(velocity(self.x, self.context, steps, self.packing))

    def fill(self, context: Tensor, packing: Packing) -> None:
        """Takes over what a pass keeps for all its steps. What is left of others is overwritten: if
        it were no number, the convolution would carry that over to the neighbour."""
        self.packing.fill(packing)
        self.x.zero_()
        self.context.zero_()[: packing.tokens] = context

    def set_step(self, x: Tensor, steps: list[Modulation]) -> None:
        """Takes over what changes with every step."""
        self.x[: len(x)] = x
        torch.stack([step.blocks for step in steps], out=self.blocks[: len(steps)])
        torch.stack([step.final for step in steps], out=self.final[: len(steps)])


class Graphs:
    """A model's velocity, recorded for each bucket at its first pass; called as it is. A recording
    that fails or gives another result ends all of it: passes then run as without. One for which
    there is no memory is tried again later, and those that are there stay.

    Args:
        velocity: the model's `forward`.
        dtype: of its products.
        record: what records a run, see `record`.
    """

    def __init__(
        self,
        velocity: Velocity,
        arch: Arch,
        device: torch.device,
        dtype: torch.dtype,
        record: Record,
    ) -> None:
        self._velocity, self._record, self._tolerance = velocity, record, _AGREES[dtype]
        self._buckets: dict[tuple[int, int], _Bucket] = {}
        self._filled: tuple[_Bucket, Packing] | None = None
        self._works = True
        self._rests = 0  # passes that are not recorded, after one for which there was no memory
        mel, dim, most = (MOST_TOKENS, arch.mel_dim), arch.dim, CHUNKS[-1]
        shapes = (mel, (MOST_TOKENS, dim), mel, (most, arch.depth, 6, dim), (most, 2, dim))
        self._memory = [torch.zeros(*shape, device=device) for shape in shapes]

    @torch.inference_mode()
    def __call__(
        self, x: Tensor, context: Tensor, steps: list[Modulation], packing: Packing
    ) -> Tensor:
        """As `DiT.forward`; what comes back is overwritten at the next call."""
        chunks = next((most for most in CHUNKS if len(packing.lengths) <= most), 0)
        if not (self._works and chunks and packing.tokens <= MOST_TOKENS):
            return self._velocity(x, context, steps, packing)
        tokens = steady(packing.tokens, TOKEN_STEP)
        if bucket := self._buckets.get((tokens, chunks)):
            return self._run(bucket, x, context, steps, packing)
        expected = self._velocity(x, context, steps, packing)
        if self._rests:
            self._rests -= 1
            return expected
        if not expected.isfinite().all():
            return expected  # an overflow, or a broken reference, is no recording's fault
        bucket = _Bucket(tokens, chunks, self._memory)
        what = f"CUDA graph of {tokens} tokens"
        try:
            self._load(bucket, x, context, steps, packing)
            bucket.again = self._record(lambda: bucket.run(self._velocity))
        except Exception as exc:  # the pass has its result
            if ran_out(exc):
                self._rests = _RESTS
                log.info("no memory for a %s: tried again %d passes later", what, _RESTS)
            else:
                self._end(what, exc)
            return expected
        if agrees(
            what, lambda: self._run(bucket, x, context, steps, packing), expected, self._tolerance
        ):
            self._buckets[tokens, chunks] = bucket
        else:
            self._end(what, "it gives another result")
        return expected

    def _end(self, what: str, why: object) -> None:
        log.warning("no %s: passes run without graphs from now on (%s)", what, why)
        self._works = False
        self._buckets.clear()

    def _run(
        self,
        bucket: _Bucket,
        x: Tensor,
        context: Tensor,
        steps: list[Modulation],
        packing: Packing,
    ) -> Tensor:
        assert bucket.again is not None
        self._load(bucket, x, context, steps, packing)
        bucket.again()
        return bucket.out[: packing.tokens]

    def _load(
        self,
        bucket: _Bucket,
        x: Tensor,
        context: Tensor,
        steps: list[Modulation],
        packing: Packing,
    ) -> None:
        if self._filled != (bucket, packing):
            bucket.fill(context, packing)
            self._filled = bucket, packing
        bucket.set_step(x, steps)


def record(device: torch.device) -> Record:
    """Records CUDA graphs on `device`, all in one pool of memory: they never run at once."""
    pool: list[Any] = []

    def recorded(run: Callable[[], None]) -> Callable[[], None]:
        with torch.cuda.device(device):
            aside = torch.cuda.Stream()
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(_WARM_UPS):  # libraries set themselves up outside of the recording
                    run()
            torch.cuda.current_stream().wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            given = pool[0] if pool else None
            with torch.cuda.graph(graph, pool=given, capture_error_mode="thread_local"):
                run()
            pool[:] = [graph.pool()]
        return graph.replay

    return recorded


def use(model: DiT, wanted: bool) -> None:
    """Lets a model's small passes run by graphs if `wanted` and it is on a CUDA device."""
    if not wanted or model.device.type != "cuda":
        return
    graphs = Graphs(
        model.forward, model.arch, model.device, model.input_x.dtype, record(model.device)
    )
    model.forward = graphs  # type: ignore[method-assign]
