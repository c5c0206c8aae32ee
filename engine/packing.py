"""How sequences of different lengths share one pass without padding.

All frames of all sequences lie along one token axis. With classifier-free guidance every chunk
is there twice, its conditional and its unconditional branch next to each other; linear layers see
one long matrix, attention works inside each sequence only.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    """Index tables for one set of chunk lengths.

    Args:
        lengths: frames of each chunk.
        branches: 2 with classifier-free guidance (conditional, unconditional), else 1.
        device: where the tables live.

    `frame_of_token` (tokens,) maps a token to its frame in the unduplicated axis (sum of lengths);
    `cond` and `uncond` (frames,) map back. `positions` (tokens,) count from 0 in each sequence.
    """

    def __init__(self, lengths: list[int], branches: int, device: torch.device) -> None:
        self.lengths = lengths
        self.branches = branches
        self.frames = sum(lengths)
        self.tokens = self.frames * branches
        frames_of = list(torch.arange(self.frames).split(lengths))
        sequences = [rows for rows in frames_of for _ in range(branches)]
        sizes = [len(rows) for rows in sequences]
        token_rows = list(torch.arange(self.tokens).split(sizes))
        self.frame_of_token = torch.cat(sequences).to(device)
        self.positions = torch.cat([torch.arange(n) for n in sizes]).to(device)
        self.cond = torch.cat(token_rows[0::branches]).to(device)
        self.uncond = torch.cat(token_rows[branches - 1 :: branches]).to(device)
        self.runs = _runs(sizes)
        self._lay_out_convolution(sizes, device)

    def _lay_out_convolution(self, sizes: list[int], device: torch.device) -> None:
        slots, offset = [], 0
        for size in sizes:
            slots.append(torch.arange(offset, offset + size))
            offset += size + CONV_RADIUS
        self.conv_length = offset - CONV_RADIUS
        self.conv_slots: Tensor = torch.cat(slots).to(device)
        self.conv_mask: Tensor = torch.zeros(self.conv_length, device=device)
        self.conv_mask[self.conv_slots] = 1.0


def _runs(sizes: list[int]) -> list[Run]:
    runs: list[Run] = []
    start = 0
    for size in sizes:
        if runs and runs[-1].length == size:
            last = runs[-1]
            runs[-1] = Run(last.start, last.count + 1, size)
        else:
            runs.append(Run(start, 1, size))
        start += size
    return runs
