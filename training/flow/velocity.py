"""f5-tts's DiT for training: the same numbers from the same modules, without its slow parts.

Four things differ from `f5_tts.model.backbones.dit.DiT.forward`, none in what is computed:

- The text encoder runs on the characters only, not on the frames. Beyond the last character every
  frame is masked to zero before each block, so inside a block all frames further than the
  convolution reaches hold one constant; only GRN's energy sees them, as a multiple of it.
- Average upsampling is one gather with an index made beforehand, not a loop over samples.
- The blocks are one function with few and contiguous copies, which `compile` can fuse.
- The residual stream stays in fp32 under autocast, and whether audio or text is dropped
  (classifier-free guidance) is decided for each sample, not for each batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Positions a text row needs after its last character: 3 that the convolution reaches, and 1 that
# stands for all beyond.
REACH = 4


@dataclass
class TextBatch:
    """Characters of a batch and the frames they are spread over.

    `tokens` (batch, row) vocabulary indices, -1 after the last, at least `REACH` of them;
    `spread` (batch, frames) the position in the row that each frame shows.
    """

    tokens: Tensor
    spread: Tensor

    def to(self, device: torch.device) -> TextBatch:
        """The batch on `device`."""
        return TextBatch(
            self.tokens.to(device, non_blocking=True), self.spread.to(device, non_blocking=True)
        )


@dataclass
class Passed:
    """What comes out of the DiT and what was on the way.

    `velocity` (batch, frames, mel_dim) and `half_way`, the residual stream after half of the blocks
    (batch, frames, dim), fp32; `text` (batch, row, text_dim) from the text encoder.
    """

    velocity: Tensor
    half_way: Tensor
    text: Tensor


class Velocity(nn.Module):
    """The velocity field of an f5-tts DiT on batches whose samples all have one length."""

    def __init__(self, dit: Any) -> None:
        super().__init__()
        if dit.long_skip_connection is not None or not dit.text_embed.average_upsampling:
            raise ValueError("training is for DiTs with average upsampling and no long skip")
        self.dit = dit
        self.block = dit_block

    def forward(
        self,
        x: Tensor,
        cond: Tensor,
        text: TextBatch,
        time: Tensor,
        drop_audio: Tensor,
        drop_text: Tensor,
    ) -> Passed:
        """One pass through the DiT.

        Args:
            x, cond: (batch, frames, mel_dim) noisy mel, and the mel with masked frames zero.
            text: characters and their frames.
            time: (batch,) flow time in [0, 1].
            drop_audio, drop_text: (batch,) bool, the samples that see no reference or no text.
        """
        dit = self.dit
        t = dit.time_embed(time)
        cond = cond.masked_fill(drop_audio[:, None, None], 0.0)
        rows = self.encode(text.tokens, x.shape[1], drop_text)
        index = text.spread[..., None].expand(-1, -1, rows.shape[-1])
        shown = rows.gather(1, index)
        h = dit.input_embed.proj(torch.cat((x, cond, shown.to(x.dtype)), dim=-1))
        h = (dit.input_embed.conv_pos_embed(h) + h).float()
        positions = torch.arange(x.shape[1], device=x.device).float()
        angles = torch.outer(positions, dit.rotary_embed.inv_freq.float())
        rope = angles.cos(), angles.sin()
        blocks = dit.transformer_blocks
        for block in blocks[: len(blocks) // 2]:
            h = self.block(block, h, t, *rope)
        half_way = h
        for block in blocks[len(blocks) // 2 :]:
            h = self.block(block, h, t, *rope)
        velocity: Tensor = dit.proj_out(dit.norm_out(h, t))
        return Passed(velocity.float(), half_way, rows)

    def compile(self) -> None:
        """Compiles the DiT block, once for each batch shape; the eight blocks share the code."""
        self.block = torch.compile(dit_block, dynamic=False)

    def encode(self, tokens: Tensor, frames: int, drop: Tensor) -> Tensor:
        """The text encoder: (batch, row) tokens to (batch, row, text_dim), for so many frames."""
        part = self.dit.text_embed
        ids = tokens + 1
        filler = (ids == 0)[..., None]
        x = part.text_embed(ids.masked_fill(drop[:, None], 0))
        x = (x + part.freqs_cis[: x.shape[1]]).masked_fill(filler, 0.0)
        for block in part.text_blocks:
            x = _block(block, x, frames - x.shape[1]).masked_fill(filler, 0.0)
        return x


def dit_block(block: Any, h: Tensor, t: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """f5-tts's `DiTBlock` without a mask: (batch, frames, dim) fp32 to the same.

    Args:
        t: (batch, dim) time embedding.
        cos, sin: (frames, dim_head / 2) of the rotary angles.
    """
    modulation = block.attn_norm.linear(F.silu(t)).float()[:, None]
    shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = modulation.chunk(6, dim=-1)
    attn = block.attn
    x = F.layer_norm(h, h.shape[-1:], eps=1e-6) * (1 + scale_1) + shift_1
    # Rotary turns neighbouring pairs. With the rows of q and k put in the order evens, odds the
    # pairs lie half a head apart, which is faster to turn; products of q and k stay the same.
    order = torch.arange(attn.to_q.out_features, device=h.device)
    order = order.unflatten(0, (attn.heads, -1, 2)).transpose(1, 2).flatten()
    parts = (attn.to_q, attn.to_k, attn.to_v)
    weight = torch.cat((parts[0].weight[order], parts[1].weight[order], parts[2].weight))
    bias = torch.cat((parts[0].bias[order], parts[1].bias[order], parts[2].bias))
    qkv = F.linear(x, weight, bias).unflatten(-1, (3, attn.heads, -1)).transpose(1, 3)
    q, k, v = qkv.unbind(2)
    mixed = _attend(_turn(q, cos, sin), _turn(k, cos, sin), v)
    h = h + gate_1 * attn.to_out[0](mixed.transpose(1, 2).flatten(2)).float()
    x = F.layer_norm(h, h.shape[-1:], eps=1e-6) * (1 + scale_2) + shift_2
    hidden = F.gelu(block.ff.ff[0][0](x), approximate="tanh")
    return h + gate_2 * block.ff.ff[2](hidden).float()


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention over (batch, heads, frames, dim_head); on a CPU plain products are 3 x faster."""
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v)
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))
    weights = torch.softmax(scores.float(), dim=-1).to(v.dtype)
    return torch.matmul(weights, v)


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary turn of (batch, heads, frames, dim_head), whose pairs lie half a head apart."""
    first, second = x.chunk(2, dim=-1)
    turned = (first * cos - second * sin, second * cos + first * sin)
    return torch.cat(turned, dim=-1).to(x.dtype)


def _block(block: Any, x: Tensor, frames_beyond: int) -> Tensor:
    """A ConvNeXt V2 block on a row whose last position stands for `frames_beyond` more."""
    h = block.dwconv(x.transpose(1, 2)).transpose(1, 2)
    h = F.gelu(block.pwconv1(block.norm(h)))
    grn = block.grn
    squares = h.float().square()
    squares = squares.sum(1, keepdim=True) + frames_beyond * squares[:, -1:]
    # A channel that is 0 everywhere: the root's slope there is infinite, a norm's is 0.
    energy = squares.clamp(min=1e-20).sqrt()
    scale = energy / (energy.mean(dim=-1, keepdim=True) + 1e-6)
    h = grn.gamma * (h * scale) + grn.beta + h
    return x + block.pwconv2(h)
