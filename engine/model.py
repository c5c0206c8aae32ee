"""The DiT of F5-TTS: it predicts the velocity that carries noise to speech.

    h   = W [x_t ; cond ; text] + b          input projection, cond and text parts once a chunk
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

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.arch import Arch
from engine.layers import (
    ConvPositionEmbedding,
    Rotary,
    TextEmbedding,
    TimestepEmbedding,
    rotate,
)
from engine.packing import Packing


def linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """The layer applied in its own dtype."""
    return F.linear(x.to(layer.weight.dtype), layer.weight, layer.bias)


def modulated_norm(x: Tensor, scale_plus_one: Tensor, shift: Tensor) -> Tensor:
    """LN(x) * (1 + scale) + shift in one kernel: all tokens of a step share scale and shift."""
    return F.layer_norm(x, x.shape[-1:], scale_plus_one, shift, eps=1e-6)


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
        self.rotary_heads = (
            arch.pe_attn_head or arch.heads
        )  # F5TTS_Base rotates its first head only
        self.to_qkv = nn.Linear(arch.dim, 3 * inner)
        self.to_out = nn.Linear(inner, arch.dim)
        normed = arch.qk_norm == "rms_norm"
        self.q_norm = nn.RMSNorm(arch.dim_head, eps=1e-6) if normed else None
        self.k_norm = nn.RMSNorm(arch.dim_head, eps=1e-6) if normed else None

    def forward(self, x: Tensor, packing: Packing, rope: tuple[Tensor, Tensor]) -> Tensor:
        """(tokens, dim) to (tokens, dim)."""
        q, k, v = linear(self.to_qkv, x).unflatten(-1, (3, self.heads, self.dim_head)).unbind(1)
        if self.q_norm is not None and self.k_norm is not None:
            q, k = self.q_norm(q), self.k_norm(k)
        q, k = self._rotate(q, rope), self._rotate(k, rope)
        return linear(self.to_out, self._attend(q, k, v, packing))

    def _rotate(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
        if self.rotary_heads == self.heads:
            return rotate(x, *rope)
        turned, rest = x[:, : self.rotary_heads], x[:, self.rotary_heads :]
        return torch.cat((rotate(turned, *rope), rest), dim=1)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, packing: Packing) -> Tensor:
        out = q.new_empty(q.shape[0], self.heads * self.dim_head)
        for run in packing.runs:
            rows = slice(run.start, run.stop)
            heads_first = [
                t[rows].unflatten(0, (run.count, run.length)).transpose(1, 2) for t in (q, k, v)
            ]
            mixed = F.scaled_dot_product_attention(*heads_first)
            out[rows] = mixed.transpose(1, 2).reshape(run.count * run.length, -1)
        return out


class Block(nn.Module):
    """One DiT block; its AdaLN projection is applied in `DiT.modulation`."""

    def __init__(self, arch: Arch) -> None:
        super().__init__()
        hidden = int(arch.dim * arch.ff_mult)
        self.attn_norm = nn.Linear(arch.dim, 6 * arch.dim)
        self.attn = Attention(arch)
        self.ff_in = nn.Linear(arch.dim, hidden)
        self.ff_out = nn.Linear(hidden, arch.dim)

    def forward(
        self, h: Tensor, modulation: Tensor, packing: Packing, rope: tuple[Tensor, Tensor]
    ) -> Tensor:
        """(tokens, dim) fp32 to the same; `modulation` is (6, dim), see `Modulation`."""
        shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = modulation.unbind(0)
        attended = self.attn(modulated_norm(h, scale_1, shift_1), packing, rope)
        h = torch.addcmul(h, gate_1, attended.float())
        hidden = F.gelu(linear(self.ff_in, modulated_norm(h, scale_2, shift_2)), approximate="tanh")
        return torch.addcmul(h, gate_2, linear(self.ff_out, hidden).float())


class DiT(nn.Module):
    """The velocity field v(x_t, t | cond, text) over packed sequences."""

    def __init__(self, arch: Arch, vocab_size: int) -> None:
        super().__init__()
        self.arch = arch
        self.time_embed = TimestepEmbedding(arch.dim)
        self.text_embed = TextEmbedding(
            vocab_size,
            arch.text_dim,
            arch.conv_layers,
            arch.text_mask_padding,
            arch.average_upsampling,
        )
        self.input_x = nn.Linear(arch.mel_dim, arch.dim, bias=False)
        self.input_context = nn.Linear(arch.mel_dim + arch.text_dim, arch.dim)
        self.conv_pos_embed = ConvPositionEmbedding(arch.dim)
        self.blocks = nn.ModuleList([Block(arch) for _ in range(arch.depth)])
        self.skip = (
            nn.Linear(2 * arch.dim, arch.dim, bias=False) if arch.long_skip_connection else None
        )
        self.norm_out = nn.Linear(arch.dim, 2 * arch.dim)
        self.proj_out = nn.Linear(arch.dim, arch.mel_dim)
        self.rotary: Rotary | None = None  # set when the checkpoint is loaded, from its inv_freq

    @property
    def device(self) -> torch.device:
        return self.proj_out.weight.device

    def modulation(self, times: Tensor) -> list[Modulation]:
        """AdaLN terms of every step of a schedule: (steps,) times in [0, 1] to one entry a step."""
        t = F.silu(self.time_embed(times))
        projections: list[nn.Linear] = [block.attn_norm for block in self.blocks]  # type: ignore[misc]
        blocks = torch.stack([linear(layer, t).float() for layer in projections], dim=1)
        blocks = blocks.unflatten(-1, (6, self.arch.dim))
        blocks[:, :, [1, 4]] += 1.0
        final = linear(self.norm_out, t).float().unflatten(-1, (2, self.arch.dim))
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
        return linear(self.input_context, torch.cat((cond.to(text.dtype), text), dim=-1)).float()

    def forward(self, x: Tensor, context: Tensor, step: Modulation, packing: Packing) -> Tensor:
        """Velocity of every token.

        Args:
            x: (frames, mel_dim) noisy mel of all chunks, one after the other.
            context: (tokens, dim) from `context`, in the packing's token order.
            step: modulation of this time step.
            packing: lengths and branches.

        Returns: (tokens, mel_dim) fp32.
        """
        assert self.rotary is not None
        rope = self.rotary.rows(packing.positions)
        # Both CFG branches start from the same x: project it once.
        h = linear(self.input_x, x).float()[packing.frame_of_token] + context
        h = h + self.conv_pos_embed(h.to(self.input_x.weight.dtype), packing).float()
        residual = h
        for block, modulation in zip(self.blocks, step.blocks, strict=True):
            h = block(h, modulation, packing, rope)
        if self.skip is not None:
            h = linear(self.skip, torch.cat((h, residual), dim=-1)).float()
        return linear(self.proj_out, modulated_norm(h, *step.final)).float()
