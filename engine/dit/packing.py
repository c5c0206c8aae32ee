"""How sequences of different lengths share one pass without padding.

All frames of all sequences lie along one token axis. A chunk with classifier-free guidance is
there twice, its conditional and its unconditional branch next to each other; linear layers see one
long matrix, attention works inside each sequence only. Chunks at the same step of the same
schedule are neighbours, so that a step's modulation is applied to a group of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

import torch
from torch import Tensor

from engine.transfer import to_device

CONV_RADIUS = 15  # of ConvPositionEmbedding's kernel of 31
# A GPU may compute the position convolutions in blocks of so many frames (engine.dit.convolution).
# Sequences begin with a block and leave a gap that no block sees beyond, so that what is no number
# in one sequence reaches no other: 0 times that would be no number either.
CONV_BLOCK = 8
CONV_GAP = -(-CONV_RADIUS // CONV_BLOCK) * CONV_BLOCK
# A GPU looks for a plan for each new length of a convolution's row: 1.3 ms of host time on average,
# 1.5 s reported of one (pytorch#187212, cudnn-frontend#1066). Each join and leave makes a length.
ROW_STEP = 256


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
    `group_frames` are each group's part of the two axes, `group_of_token` (tokens,) int32 says the
    same. `conv_slots` (tokens,) place the tokens in a row of `conv_length` with gaps between
    sequences and after the last, where `conv_gaps` (conv_length,) is true; at `conv_end` one more
    sequence could begin.
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

    def _index(self, sizes: list[int], device: torch.device) -> None:
        frames_of = torch.arange(self.frames).split(self.lengths)
        tokens_of = [torch.arange(start, stop) for start, stop in self.spans]
        first = list(accumulate(self.branches, initial=0))[:-1]
        last = [i + count - 1 for i, count in zip(first, self.branches, strict=True)]
        duplicated = [
            f for f, count in zip(frames_of, self.branches, strict=True) for _ in range(count)
        ]
        reserved = (steady(size, CONV_BLOCK) + CONV_GAP for size in sizes)
        starts = list(accumulate(reserved, initial=0))
        self.conv_end = starts[-1]
        self.conv_length = steady(starts[-1] - CONV_GAP)
        rows = [group.stop - group.start for group in self.group_tokens]
        tables = [
            torch.cat(duplicated),
            torch.cat([torch.arange(n) for n in sizes]),
            torch.cat([tokens_of[i] for i in first]),
            torch.cat([tokens_of[i] for i in last]),
            torch.cat([torch.arange(a, a + n) for a, n in zip(starts, sizes, strict=False)]),
            torch.tensor([0, *accumulate(sizes)]),
            torch.arange(len(rows)).repeat_interleave(torch.tensor(rows)),
        ]
        # All in one copy: each would cost a launch of its own.
        moved = to_device(torch.cat(tables), device).split([len(table) for table in tables])
        self.frame_of_token, self.positions, self.cond, self.uncond, self.conv_slots = moved[:5]
        self.sequence_ends, self.group_of_token = moved[5].int(), moved[6].int()
        gaps = torch.ones(self.conv_length, dtype=torch.bool, device=device)
        self.conv_gaps: Tensor = gaps.index_fill_(0, self.conv_slots, False)


def steady(length: int, step: int = ROW_STEP) -> int:
    """The next multiple of `step` that holds `length`, frames of a row of convolutions if left out:
    one of few."""
    return -(-length // step) * step


def longest_row(tokens: int, sequences: int) -> int:
    """`conv_length` that holds so many tokens in so many sequences, whatever their lengths."""
    return steady(tokens + sequences * (CONV_GAP + CONV_BLOCK - 1))


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
