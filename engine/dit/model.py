"""The DiT of F5-TTS: it predicts the velocity that carries noise to speech.

    h   = W [x_t ; cond ; text] + b          input projection, cond and text parts once per chunk
    h  += ConvPos(h)
    for each block:                          alpha, beta, gamma: AdaLN modulation, from t only
        h += gate_1 * Attention(LN(h) (1 + scale_1) + shift_1)
        h += gate_2 * MLP      (LN(h) (1 + scale_2) + shift_2)
    v   = W_out (LN(h) (1 + scale) + shift)

Sources: "F5-TTS" (arXiv 2410.06885); f5-tts's `DiT`, to which the tests compare. Everything that
depends only on t (`modulation`) or only on the chunk (`context`) is computed once, not every step.
The residual stream `h` stays in fp32; matrix products run in the weights' dtype.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.arch import Arch
from engine.dit.attention import Attend, sdpa
from engine.dit.layers import (
    ConvPositionEmbedding,
    Rotary,
    TextEmbedding,
    TimestepEmbedding,
    rotate,
)
from engine.dit.linear import Linear
from engine.dit.packing import Packing


def modulated_norm(
    x: Tensor, scales_plus_one: Sequence[Tensor], shifts: Sequence[Tensor], groups: list[slice]
) -> Tensor:
    """LN(x) * (1 + scale) + shift; all tokens of a group share scale and shift (dim,). One kernel
    per group: the layer norm's own weight and bias do the modulation."""
    parts = [
        F.layer_norm(x[rows], x.shape[-1:], scale, shift, eps=1e-6)
        for rows, scale, shift in zip(groups, scales_plus_one, shifts, strict=True)
    ]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def gated_sum(h: Tensor, gates: Sequence[Tensor], x: Tensor, groups: list[slice]) -> Tensor:
    """h + gate * x in fp32; all tokens of a group share the gate (dim,)."""
    parts = [
        torch.addcmul(h[rows], gate, x[rows].float())
        for rows, gate in zip(groups, gates, strict=True)
    ]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


@dataclass(frozen=True)
class Modulation:
    """AdaLN terms of one time step, fp32: `blocks` (depth, 6, dim), `final` (2, dim).

    The six rows: shift_1, 1 + scale_1, gate_1, shift_2, 1 + scale_2, gate_2; the two: 1 + scale,
    shift (f5-tts's order).
    """

    blocks: Tensor
    final: Tensor


class Attention(nn.Module):
    """Self-attention inside each packed sequence; query, key and value from one product."""

    def __init__(self, arch: Arch) -> None:
        super().__init__()
        inner = arch.heads * arch.dim_head
        self.heads, self.dim_head = arch.heads, arch.dim_head
        # F5TTS_Base rotates its first head only.
        self.rotary_heads = arch.pe_attn_head or arch.heads
        self.to_qkv = Linear(arch.dim, 3 * inner)
        self.to_out = Linear(inner, arch.dim)
        normed = arch.qk_norm == "rms_norm"
        self.q_norm = nn.RMSNorm(arch.dim_head, eps=1e-6) if normed else None
        self.k_norm = nn.RMSNorm(arch.dim_head, eps=1e-6) if normed else None
        self.attend: Attend = sdpa

    def forward(self, x: Tensor, packing: Packing, turns: Tensor) -> Tensor:
        """(tokens, dim) to (tokens, dim); `turns` from `Rotary.rows`."""
        qkv = self.to_qkv(x).unflatten(-1, (3, self.heads, self.dim_head))
        q, k = self._rotate(self._normed(qkv[:, :2]), turns).unbind(1)
        return self.to_out(self.attend(q, k, qkv[:, 2], packing))

    def _normed(self, qk: Tensor) -> Tensor:
        if self.q_norm is None or self.k_norm is None:
            return qk
        return torch.stack((self.q_norm(qk[:, 0]), self.k_norm(qk[:, 1])), dim=1)

    def _rotate(self, qk: Tensor, turns: Tensor) -> Tensor:
        if self.rotary_heads == self.heads:
            return rotate(qk, turns)
        turned = rotate(qk[:, :, : self.rotary_heads], turns)
        return torch.cat((turned, qk[:, :, self.rotary_heads :]), dim=2)


class Block(nn.Module):
    """One DiT block; its AdaLN projection is applied in `DiT.modulation`."""

    def __init__(self, arch: Arch) -> None:
        super().__init__()
        hidden = int(arch.dim * arch.ff_mult)
        self.attn_norm = Linear(arch.dim, 6 * arch.dim)
        self.attn = Attention(arch)
        self.ff_in = Linear(arch.dim, hidden, gelu="tanh")
        self.ff_out = Linear(hidden, arch.dim)

    def forward(
        self, h: Tensor, modulations: list[Tensor], packing: Packing, turns: Tensor
    ) -> Tensor:
        """(tokens, dim) fp32 to the same; `modulations` holds (6, dim) of each group."""
        shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = zip(*modulations, strict=True)
        groups = packing.group_tokens
        attended = self.attn(modulated_norm(h, scale_1, shift_1, groups), packing, turns)
        h = gated_sum(h, gate_1, attended, groups)
        hidden = self.ff_in(modulated_norm(h, scale_2, shift_2, groups))
        return gated_sum(h, gate_2, self.ff_out(hidden), groups)


class DiT(nn.Module):
    """The velocity field v(x_t, t | cond, text) over packed sequences."""

    def __init__(self, arch: Arch, vocab_size: int) -> None:
        super().__init__()
        self.arch = arch
        self.time_embed = TimestepEmbedding(arch.dim)
        self.text_embed = TextEmbedding(arch, vocab_size)
        self.input_x = Linear(arch.mel_dim, arch.dim, bias=False)
        self.input_context = Linear(arch.mel_dim + arch.text_dim, arch.dim)
        self.conv_pos_embed = ConvPositionEmbedding(arch.dim)
        self.blocks = nn.ModuleList([Block(arch) for _ in range(arch.depth)])
        skips = arch.long_skip_connection
        self.skip = Linear(2 * arch.dim, arch.dim, bias=False) if skips else None
        self.norm_out = Linear(arch.dim, 2 * arch.dim)
        self.proj_out = Linear(arch.dim, arch.mel_dim)
        self.rotary: Rotary | None = None  # set when the checkpoint is loaded, from its inv_freq

    @property
    def device(self) -> torch.device:
        return self.norm_out.bias.device

    def modulation(self, times: Tensor) -> list[Modulation]:
        """AdaLN terms of every step of a schedule: (steps,) times in [0, 1] to one entry each."""
        t = F.silu(self.time_embed(times))
        projections: list[Linear] = [block.attn_norm for block in self.blocks]  # type: ignore[misc]
        blocks = torch.stack([layer(t).float() for layer in projections], dim=1)
        blocks = blocks.unflatten(-1, (6, self.arch.dim))
        blocks[:, :, [1, 4]] += 1.0
        final = self.norm_out(t).float().unflatten(-1, (2, self.arch.dim))
        final[:, 0] += 1.0
        return [Modulation(b, f) for b, f in zip(blocks, final, strict=True)]

    def context(self, cond: Tensor, tokens: Tensor, *, drop: bool) -> Tensor:
        """The part of the input projection that no step changes.

        Args:
            cond: (frames, mel_dim) reference mel, zero where speech is to be generated.
            tokens: (text tokens,) vocabulary indices.
            drop: the unconditional branch of CFG, without reference and text.

        Returns: (frames, dim) fp32.
        """
        text = self.text_embed(tokens, cond.shape[0], drop_text=drop)
        cond = torch.zeros_like(cond) if drop else cond
        return self.input_context(torch.cat((cond.to(text.dtype), text), dim=-1)).float()

    def use_attention(self, attend: Attend) -> None:
        """Sets the attention kernel of every block (see `engine.dit.attention`)."""
        for block in self.blocks:
            block.attn.attend = attend  # type: ignore[union-attr]

    def forward(
        self, x: Tensor, context: Tensor, steps: list[Modulation], packing: Packing
    ) -> Tensor:
        """Velocity of every token.

        Args:
            x: (frames, mel_dim) noisy mel of all chunks, one after the other.
            context: (tokens, dim) from `context`, in the packing's token order.
            steps: modulation of each of the packing's groups at its time step.
            packing: lengths, branches and groups.

        Returns: (tokens, mel_dim) fp32.
        """
        assert self.rotary is not None
        turns = self.rotary.rows(packing.positions)
        # Both CFG branches start from the same x: project it once.
        h = self.input_x(x).float()[packing.frame_of_token] + context
        h = h + self.conv_pos_embed(h.to(self.input_x.dtype), packing).float()
        residual = h
        for i, block in enumerate(self.blocks):
            h = block(h, [step.blocks[i] for step in steps], packing, turns)
        if self.skip is not None:
            h = self.skip(torch.cat((h, residual), dim=-1)).float()
        scales, shifts = zip(*(step.final for step in steps), strict=True)
        return self.proj_out(modulated_norm(h, scales, shifts, packing.group_tokens)).float()
