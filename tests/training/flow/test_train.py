"""Training: the loss falls, stopping changes nothing, both loaders take what is exported."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.sampler import Schedule
from engine.weights.checkpoint import load_dit
from engine.weights.config import read_config
from standins.sampling import sample
from tests.training import synthetic
from tests.training.synthetic import flow_training
from training import progress
from training.flow import export
from training.flow.options import FlowPlan
from training.flow.train import CHECKPOINT, train

CPU = torch.device("cpu")


pytestmark = pytest.mark.usefixtures("one_thread", "small_buckets")


def test_loss_falls(tmp_path: Path) -> None:
    train(flow_training(30), tmp_path)
    rows = progress.read(tmp_path / "flow.jsonl")
    losses, sounds = ([row[name] for row in rows] for name in ("loss", "sounds"))
    assert len(losses) == 30
    assert sum(losses[-8:]) < 0.8 * sum(losses[:8])
    assert sum(sounds[-8:]) < 0.98 * sum(sounds[:8])


@pytest.mark.slow
def test_reading_alone_teaches_the_text_encoder() -> None:
    training = flow_training(4)
    training.plan = replace(training.plan, reading_steps=60)
    tokens, wanted = training.sampler.rows(random.Random(8), 8, 136)

    def loss() -> float:
        with torch.no_grad():
            rows = training.model.encode(tokens, 900, torch.zeros(8, dtype=torch.bool))
            return training.ears.token_loss(rows, wanted).item()

    before, blocks = loss(), training.ema_state()["transformer_blocks.0.attn.to_q.weight"].clone()
    training.learn_to_read()
    assert loss() < 0.7 * before
    state = training.ema_state()
    assert torch.equal(state["transformer_blocks.0.attn.to_q.weight"], blocks)
    assert not torch.equal(
        state["text_embed.text_embed.weight"],
        flow_training(4).ema_state()["text_embed.text_embed.weight"],
    )


def test_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    whole = flow_training(5)
    train(whole, tmp_path / "whole")
    first = flow_training(5)
    train(first, tmp_path / "parts", until=2)
    second = flow_training(5)
    second.start_from(synthetic.official_state())  # must not survive the resume
    second.resume(tmp_path / "parts" / CHECKPOINT)
    train(second, tmp_path / "parts")
    assert second.step == 5
    for name, value in whole.ema_state().items():
        assert torch.equal(value, second.ema_state()[name]), name
    for name, value in whole.model.dit.state_dict().items():
        assert torch.equal(value, second.model.dit.state_dict()[name]), name
    rows = progress.read(tmp_path / "parts" / "flow.jsonl")
    assert [row["step"] for row in rows] == list(range(1, 6))


def test_starts_from_a_checkpoint() -> None:
    training = flow_training(4)
    training.start_from(synthetic.official_state())
    state = training.ema_state()
    for name, value in synthetic.official_state().items():
        assert torch.equal(state[name], value), name


def test_learning_rate_rises_then_falls() -> None:
    plan = FlowPlan(steps=1000, learning_rate=1.0, warmup=100, final_share=0.02)
    rates = [plan.rate(step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == pytest.approx(1.0)
    assert rates.index(max(rates)) in (99, 100)
    assert rates[-1] == pytest.approx(0.02, abs=1e-3)


def test_export_loads_in_the_worker_and_in_f5(tmp_path: Path) -> None:
    from standins.oracle import f5 as f5_tts

    state = synthetic.official_state()
    export.write_checkpoint(tmp_path, state, synthetic.ARCH, "demo")
    arch = read_config(tmp_path / "arch.yaml")[0]
    assert arch == synthetic.ARCH
    weights, vocab = tmp_path / "model.safetensors", tmp_path / "vocab.txt"
    ours = load_dit(weights, arch, synthetic.VOCAB_SIZE, device=CPU, dtype=torch.float32)
    config = dict(
        dim=arch.dim,
        depth=arch.depth,
        heads=arch.heads,
        dim_head=arch.dim_head,
        ff_mult=arch.ff_mult,
        text_dim=arch.text_dim,
        conv_layers=arch.conv_layers,
        text_embedding_average_upsampling=True,
    )
    theirs = f5_tts().infer.load_model(
        f5_tts().DiT, config, str(weights), "vocos", str(vocab), device="cpu"
    )
    cond, tokens = torch.randn(30, 100), torch.arange(20)
    torch.manual_seed(4)
    expected, _ = theirs.sample(
        cond[None], tokens[None], 90, steps=4, cfg_strength=2.0, sway_sampling_coef=-1.0, seed=4
    )
    got = sample(ours, cond, tokens, 90, Schedule(4), seed=4)
    torch.testing.assert_close(got, expected[0].float(), atol=5e-3, rtol=5e-3)
