"""The optimiser of the demo's training, beside PyTorch's own Muon and AdamW."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from training.flow.muon import MuonAdamW, orthogonal

SHAPES = {
    "transformer_blocks.0.attn.to_q.weight": (32, 32),
    "transformer_blocks.0.ff.ff.2.weight": (32, 64),
    "transformer_blocks.1.attn.to_q.weight": (32, 32),
    "text_embed.text_blocks.0.pwconv1.weight": (64, 32),
    "transformer_blocks.0.attn_norm.linear.weight": (192, 32),
    "transformer_blocks.0.attn.to_q.bias": (32,),
    "proj_out.weight": (100, 32),
}
INSIDE = list(SHAPES)[:4]
RATE, DECAY = 0.01, 0.1


def parameters() -> dict[str, nn.Parameter]:
    generator = torch.Generator().manual_seed(1)
    return {name: nn.Parameter(torch.randn(s, generator=generator)) for name, s in SHAPES.items()}


def gradients(step: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(100 + step)
    return {name: torch.randn(s, generator=generator) for name, s in SHAPES.items()}


def test_it_does_what_pytorchs_muon_and_adamw_do() -> None:
    ours, theirs = parameters(), parameters()
    optimizer = MuonAdamW(ours, weight_decay=DECAY)
    muon = torch.optim.Muon(
        [theirs[name] for name in INSIDE],
        lr=RATE,
        weight_decay=DECAY,
        momentum=0.95,
        adjust_lr_fn="match_rms_adamw",
    )
    rest = [theirs[name] for name in SHAPES if name not in INSIDE]
    adamw = torch.optim.AdamW(rest, lr=RATE, betas=(0.9, 0.98), weight_decay=DECAY)
    for step in range(3):
        for name, gradient in gradients(step).items():
            ours[name].grad, theirs[name].grad = gradient.clone(), gradient.clone()
        optimizer.step(RATE)
        optimizer.zero_grad()
        muon.step()
        adamw.step()
    for name, start in parameters().items():
        moved = (theirs[name] - start).norm()
        tolerance = 0.03 if name in INSIDE else 1e-4  # both iterate in bf16
        assert (ours[name] - theirs[name]).norm() < tolerance * moved, name


@pytest.mark.parametrize("shape", [(3, 48, 48), (2, 20, 60), (2, 60, 20)])
def test_updates_are_nearly_orthogonal(shape: tuple[int, ...]) -> None:
    made = orthogonal(torch.randn(shape, generator=torch.Generator().manual_seed(2)))
    assert made.shape == shape
    singular = torch.linalg.svdvals(made)
    assert singular.max() < 1.3
    # A random square matrix has some values too near 0 to come up in five iterations.
    assert singular.quantile(0.1) > 0.5


def test_a_parameter_without_a_gradient_stays() -> None:
    ours = parameters()
    optimizer = MuonAdamW(ours, weight_decay=DECAY)
    name = INSIDE[0]
    for other, gradient in gradients(0).items():
        if other != name:
            ours[other].grad = gradient
    optimizer.step(RATE)
    assert torch.equal(ours[name], parameters()[name])
    assert not torch.equal(ours[INSIDE[2]], parameters()[INSIDE[2]])
