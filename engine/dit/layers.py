"""The parts of the DiT around its blocks: text encoder, time embedding, rotary.

Parameter names are those of f5-tts, so published checkpoints load without renaming.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.arch import Arch
from engine.dit.linear import Linear

MAX_FRAMES = 8192  # positions f5-tts's text encoder knows, 87 s
TIME_FREQUENCIES = 256


class GRN(nn.Module):
    """Global response normalisation over the frames of one sequence (ConvNeXt V2)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1, 1, dim))
        self.beta = nn.Parameter(torch.zeros(1, 1, dim))

    def forward(self, x: Tensor) -> Tensor:
        """(1, frames, dim) to the same shape."""
        energy = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        return self.gamma * (x * (energy / (energy.mean(-1, keepdim=True) + 1e-6))) + self.beta + x


class ConvNeXtV2Block(nn.Module):
    """Depthwise convolution and a gated MLP over text embeddings."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv1d(dim, dim, kernel_size=7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1 = Linear(dim, hidden, gelu="none")
        self.grn = GRN(hidden)
        self.pwconv2 = Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(1, frames, dim) to the same shape."""
        h = self.dwconv(x.transpose(1, 2)).transpose(1, 2)
        h = self.pwconv2(self.grn(self.pwconv1(self.norm(h))))
        return x + h


def _text_positions(dim: int, frames: int) -> Tensor:
    """Sinusoids (frames, dim): cosines then sines (f5-tts `precompute_freqs_cis`)."""
    freqs = 1.0 / (10000.0 ** (torch.arange(0, dim, 2)[: dim // 2].float() / dim))
    angles = torch.outer(torch.arange(frames), freqs).float()
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def spread_index(n_tokens: int, frames: int, device: torch.device | None = None) -> Tensor:
    """(frames,) the token each frame shows: evenly, later ones take the remainder (f5-tts)."""
    base, remainder = divmod(frames, n_tokens)
    repeats = torch.full((n_tokens,), base, device=device)
    repeats[n_tokens - remainder :] += 1
    tokens = torch.arange(n_tokens, device=device)
    # With its size given a GPU need not be waited for.
    return tokens.repeat_interleave(repeats, output_size=frames)


class TextEmbedding(nn.Module):
    """Characters, laid out one per frame from the left, encoded by ConvNeXt blocks. Follows f5-tts
    `TextEmbedding` for one sequence. It runs once per chunk, not at every step."""

    def __init__(self, arch: Arch, vocab_size: int) -> None:
        super().__init__()
        dim = arch.text_dim
        self.text_embed = nn.Embedding(vocab_size + 1, dim)  # index 0 is the filler
        blocks = [ConvNeXtV2Block(dim, dim * 2) for _ in range(arch.conv_layers)]
        self.text_blocks = nn.ModuleList(blocks)
        self.mask_padding = arch.text_mask_padding
        self.upsample = arch.average_upsampling

    def forward(self, tokens: Tensor, frames: int, *, drop_text: bool = False) -> Tensor:
        """(tokens,) vocabulary indices to (frames, text_dim); `drop_text` gives the CFG branch."""
        ids = F.pad(tokens[:frames] + 1, (0, max(0, frames - tokens.shape[0])))
        filler = (ids == 0)[None, :, None]
        x = self.text_embed(torch.zeros_like(ids) if drop_text else ids)[None]
        if self.text_blocks:
            x = x + _text_positions(x.shape[-1], frames).to(x)
            x = self._blocks(x, filler)
        if self.upsample:
            x = x[:, spread_index(min(tokens.shape[0], frames), frames, x.device)]
        return x[0]

    def _blocks(self, x: Tensor, filler: Tensor) -> Tensor:
        """(1, frames, text_dim) to the same shape; `filler` (1, frames, 1) marks padding."""
        if self.mask_padding:
            x = x.masked_fill(filler, 0.0)
        for block in self.text_blocks:
            x = block(x)
            if self.mask_padding:
                x = x.masked_fill(filler, 0.0)
        return x


class TimestepEmbedding(nn.Module):
    """Flow time in [0, 1] to a vector of size dim: sinusoids, then an MLP."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.time_mlp = nn.ModuleDict({"0": Linear(TIME_FREQUENCIES, dim), "2": Linear(dim, dim)})

    def forward(self, times: Tensor) -> Tensor:
        """(steps,) to (steps, dim)."""
        half = TIME_FREQUENCIES // 2
        rate = math.log(10000) / (half - 1)
        freqs = torch.exp(torch.arange(half, device=times.device).float() * -rate)
        angles = 1000.0 * times.float()[:, None] * freqs[None]
        hidden = torch.cat([angles.sin(), angles.cos()], dim=-1)
        return self.time_mlp["2"](F.silu(self.time_mlp["0"](hidden)))


class Rotary:
    """Rotary position table of the longest sequence; rows are gathered by frame position. `turns`
    (2, MAX_FRAMES, dim_head / 2) are unit complex numbers, and those a quarter turn further."""

    def __init__(self, inv_freq: Tensor) -> None:
        angles = torch.outer(torch.arange(MAX_FRAMES, device=inv_freq.device), inv_freq.float())
        self.turns = with_a_quarter_more(torch.polar(torch.ones_like(angles), angles))

    def rows(self, positions: Tensor) -> Tensor:
        """Unit complex numbers (2, tokens, 1, 1, dim_head / 2), as `turns`."""
        return self.turns.index_select(1, positions)[:, :, None, None]


def with_a_quarter_more(turns: Tensor) -> Tensor:
    """Unit complex numbers (...) and those a quarter turn further, (2, ...)."""
    return torch.stack((turns, turns * 1j))


def rotate(x: Tensor, turns: Tensor) -> Tensor:
    """Rotates neighbouring pairs of (tokens, 2, heads, dim_head) in fp32 (x-transformers' layout).

    A pair is a complex number and its rotation one product: a third of the passes over memory
    that sines and cosines take. `turns` from `Rotary.rows`.
    """
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turns[0]).flatten(-2).to(x.dtype)


def rotate_in_two_launches(x: Tensor, turns: Tensor) -> Tensor:
    """`rotate` for a GPU, whose kernels cast what they read and write:

    (a + i b) e^(i t)  =  a e^(i t)  +  b i e^(i t)
    """
    a, b = x.unflatten(-1, (-1, 2)).split(1, dim=-1)
    turn, further = torch.view_as_real(turns).unbind(0)  # the two parts of each pair side by side
    made = x.new_empty(x.shape).unflatten(-1, (-1, 2))
    return torch.addcmul(a * turn, b, further, out=made).flatten(-2)
