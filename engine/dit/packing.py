"""How sequences of different lengths share one pass without padding.

All frames of all sequences lie along one token axis. A chunk with classifier-free guidance is
there twice, its conditional and its unconditional branch next to each other; linear layers see one
long matrix, attention works inside each sequence only. Chunks at the same step of the same
schedule are neighbours, so that a step's modulation is applied to a group of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby, pairwise

import torch
from torch import Tensor

CONV_RADIUS = 15  # of ConvPositionEmbedding's kernel of 31; also the gap between sequences


@dataclass(frozen=True)
class Run:
    """`count` neighbouring sequences of equal `length`, from token `start` on."""

    start: int
    count: int
    length: int

    @property
    def stop(self) -> int:
        return self.start + self.count * self.length


class Packing:
    """Index tables for one set of chunks.

    Args:
        lengths: frames of each chunk.
        guided: for each chunk, whether it has an unconditional branch as well.
        device: where the tables live.
        groups: number of chunks of each group, in order; all in one when left out.

    `frame_of_token` (tokens,) maps a token to its frame in the unduplicated axis (sum of lengths);
    `cond` and `uncond` (frames,) map back, to the same token where a chunk has one branch only.
    `positions` (tokens,) count from 0 in each sequence. `spans` are (start, stop) tokens of each
    sequence, `sequence_ends` (sequences + 1,) int32 the same on the device. `group_tokens` and
    `group_frames` are each group's part of the two axes.
    """

    def __init__(
        self,
        lengths: list[int],
        guided: list[bool],
        device: torch.device,
        groups: list[int] | None = None,
    ) -> None:
        self.lengths = lengths
        self.branches = [2 if both else 1 for both in guided]
        self.guided = any(guided)
        self.frames = sum(lengths)
        sizes = [n for n, count in zip(lengths, self.branches, strict=True) for _ in range(count)]
        self.tokens = sum(sizes)
        self.longest = max(sizes)
        self.spans = _spans(sizes)
        self.runs = _runs(sizes)
        self.chunk_tokens = _spans([n * b for n, b in zip(lengths, self.branches, strict=True)])
        self.group_tokens = _grouped(self.chunk_tokens, groups or [len(lengths)])
        self.group_frames = _grouped(_spans(lengths), groups or [len(lengths)])
        self._index(sizes, device)
        self._lay_out_convolution(sizes, device)

    def _index(self, sizes: list[int], device: torch.device) -> None:
        frames_of = torch.arange(self.frames).split(self.lengths)
        tokens_of = [torch.arange(start, stop) for start, stop in self.spans]
        first = list(accumulate(self.branches, initial=0))[:-1]
        last = [i + count - 1 for i, count in zip(first, self.branches, strict=True)]
        duplicated = [
            f for f, count in zip(frames_of, self.branches, strict=True) for _ in range(count)
        ]
        self.frame_of_token = torch.cat(duplicated).to(device)
        self.positions = torch.cat([torch.arange(n) for n in sizes]).to(device)
        self.cond = torch.cat([tokens_of[i] for i in first]).to(device)
        self.uncond = torch.cat([tokens_of[i] for i in last]).to(device)
        ends = torch.tensor([0, *accumulate(sizes)], dtype=torch.int32)
        self.sequence_ends: Tensor = ends.to(device)

    @cached_property
    def group_of_token(self) -> Tensor:
        """(tokens,) int32, which group a token's chunk is in."""
        rows = torch.tensor([group.stop - group.start for group in self.group_tokens])
        groups = torch.arange(len(rows), dtype=torch.int32).repeat_interleave(rows)
        return groups.to(self.positions.device)

    def _lay_out_convolution(self, sizes: list[int], device: torch.device) -> None:
        starts = list(accumulate((size + CONV_RADIUS for size in sizes), initial=0))
        slots = [
            torch.arange(start, start + n) for start, n in zip(starts[:-1], sizes, strict=True)
        ]
        self.conv_length = starts[-1] - CONV_RADIUS
        self.conv_slots: Tensor = torch.cat(slots).to(device)
        self.conv_mask: Tensor = torch.zeros(self.conv_length, device=device)
        self.conv_mask[self.conv_slots] = 1.0


def _spans(sizes: list[int]) -> list[tuple[int, int]]:
    return list(pairwise(accumulate(sizes, initial=0)))


def _grouped(spans: list[tuple[int, int]], groups: list[int]) -> list[slice]:
    return [
        slice(spans[first][0], spans[last - 1][1])
        for first, last in pairwise(accumulate(groups, initial=0))
    ]


def _runs(sizes: list[int]) -> list[Run]:
    runs: list[Run] = []
    for length, equal in groupby(sizes):
        runs.append(Run(runs[-1].stop if runs else 0, len(list(equal)), length))
    return runs
