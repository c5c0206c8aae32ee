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

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.arch import Arch
from engine.dit.attention import Attend, sdpa
from engine.dit.convolution import ConvPositionEmbedding
from engine.dit.kernels import Kernels, Plain
from engine.dit.layers import Rotary, TextEmbedding, TimestepEmbedding
from engine.dit.linear import Linear
from engine.dit.packing import Packing


@dataclass(frozen=True)
class PackedTokens:
    """What every block of a pass needs: `turns` from `Rotary.rows`."""

    packing: Packing
    turns: Tensor
    kernels: Kernels


@dataclass(frozen=True)
class Modulation:
    """AdaLN terms of one time step, fp32: `blocks` (depth, 6, dim), `final` (2, dim).

    The six rows: shift_1, 1 + scale_1, gate_1, shift_2, 1 + scale_2, gate_2; the two: shift,
    1 + scale.
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

    def forward(self, x: Tensor, packing: Packing, turns: Tensor, kernels: Kernels) -> Tensor:
        """(tokens, dim) to (tokens, dim); `turns` from `Rotary.rows`."""
        qkv = self.to_qkv(x, packing.chunk_tokens).unflatten(-1, (3, self.heads, self.dim_head))
        qk = self._normed(qkv[:, :2])
        q, k = kernels.rotate(qk, turns, self.rotary_heads).unbind(1)
        return self.to_out(self.attend(q, k, qkv[:, 2], packing), packing.chunk_tokens)

    def _normed(self, qk: Tensor) -> Tensor:
        if self.q_norm is None or self.k_norm is None:
            return qk
        return torch.stack((self.q_norm(qk[:, 0]), self.k_norm(qk[:, 1])), dim=1)


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
        self,
        h: Tensor,
        normed: Tensor,
        terms: Tensor,
        following: Tensor | None,
        tokens: PackedTokens,
    ) -> tuple[Tensor, Tensor]:
        """One block, from norm to norm.

        Args:
            h: (tokens, dim) fp32.
            normed: (tokens, dim) its norm, modulated for this block.
            terms: (groups, 6, dim) AdaLN terms, as in `Modulation`.
            following: (groups, 2, dim) those of the norm after this block; None if there is none.

        Returns: `h` after the block and its modulated norm (`h` itself if there is none).
        """
        _, gate_1, norm_2, gate_2 = terms.split((2, 1, 2, 1), dim=1)
        packing, kernels = tokens.packing, tokens.kernels
        attended = self.attn(normed, packing, tokens.turns, kernels)
        h, normed = kernels.gate_norm(h, attended, gate_1[:, 0], norm_2, packing)
        chunks = packing.chunk_tokens
        out = self.ff_out(self.ff_in(normed, chunks), chunks)
        if following is None:
            h = kernels.gate(h, out, gate_2[:, 0], packing)
            return h, h
        return kernels.gate_norm(h, out, gate_2[:, 0], following, packing)


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
        self.kernels: Kernels = Plain()
        self.rotary: Rotary | None = None  # set when the checkpoint is loaded, from its inv_freq

    @property
    def device(self) -> torch.device:
        return self.norm_out.bias.device

    @property
    def dtype(self) -> torch.dtype:
        """Of the blocks' products."""
        dtypes = {layer.dtype for layer in self.large_products()}
        return torch.int8 if torch.int8 in dtypes else dtypes.pop()

    def large_products(self) -> list[Linear]:
        """The four of each block that run at every step: nine tenths of the work."""
        blocks: list[Block] = list(self.blocks)  # type: ignore[arg-type]
        return [
            layer
            for block in blocks
            for layer in (block.attn.to_qkv, block.attn.to_out, block.ff_in, block.ff_out)
        ]

    def modulation(self, times: Tensor) -> list[Modulation]:
        """AdaLN terms of every step of a schedule: (steps,) times in [0, 1] to one entry each."""
        t = F.silu(self.time_embed(times))
        projections: list[Linear] = [block.attn_norm for block in self.blocks]  # type: ignore[misc]
        blocks = torch.stack([layer(t).float() for layer in projections], dim=1)
        blocks = blocks.unflatten(-1, (6, self.arch.dim))
        blocks[:, :, [1, 4]] += 1.0
        final = self.norm_out(t).float().unflatten(-1, (2, self.arch.dim)).flip(1)
        final[:, 1] += 1.0
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

    def use_kernels(self, kernels: Kernels) -> None:
        """Sets the kernels of the element-wise passes (see `engine.dit.kernels`)."""
        self.kernels = kernels

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
        tokens = PackedTokens(packing, self.rotary.rows(packing.positions), self.kernels)
        # (groups, 6, dim) of each block, and (groups, 2, dim) of the last norm
        terms = _side_by_side([step.blocks for step in steps], dim=1).unbind(0)
        final = _side_by_side([step.final for step in steps], dim=0)
        # Both CFG branches start from the same x: project it once.
        h = context + self.input_x(x)[packing.frame_of_token]
        h = h + self.conv_pos_embed(h.to(self.input_x.dtype), packing)
        residual = h if self.skip is None else h.clone()  # kernels may write over h
        normed = self.kernels.norm(h, terms[0][:, :2], packing)
        after_last = final if self.skip is None else None
        following = [*(of_block[:, :2] for of_block in terms[1:]), after_last]
        for block, own, after in zip(self.blocks, terms, following, strict=True):
            h, normed = block(h, normed, own, after, tokens)
        if self.skip is not None:
            h = self.skip(torch.cat((h, residual), dim=-1)).float()
            normed = self.kernels.norm(h, final, packing)
        return self.proj_out(normed).float()


def _side_by_side(tables: list[Tensor], dim: int) -> Tensor:
    """The tables of all groups in one; of a single group without a copy."""
    return tables[0].unsqueeze(dim) if len(tables) == 1 else torch.stack(tables, dim)
