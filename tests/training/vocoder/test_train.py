"""A tiny vocoder learns, and is loaded as an official Vocos is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.arch import MelConfig
from engine.mel import LogMel
from engine.vocoder.vocos import load_vocos
from standins.oracle import f5
from tests.training.sounds import vowels
from tests.training.synthetic import vocoder_training
from training import loop, progress
from training.vocoder.figures import compare
from training.vocoder.options import VocosSize
from training.vocoder.spectral_loss import BatchLogMel, SpectralLoss, shape_distance
from training.vocoder.stretches import degrade
from training.vocoder.vocos_net import TrainableVocos, export

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_loss_falls_and_the_package_is_loaded_by_the_worker(tmp_path: Path) -> None:
    run = vocoder_training(25)
    loop.train(run, tmp_path / "vocoder.pt")
    rows = progress.read(tmp_path / "vocoder.jsonl")
    assert run.step == len(rows) == 25
    assert rows[-1]["mel"] < 0.8 * rows[0]["mel"]
    assert rows[-1]["spectra"] < rows[0]["spectra"]
    export(run.model, tmp_path)
    mel = LogMel(MelConfig(), CPU)(torch.from_numpy(vowels(7)))
    made = load_vocos(tmp_path, CPU)([mel])[0]
    assert made.shape == ((mel.shape[0] - 1) * 256,)


def test_minutes_end_a_run_as_steps_do() -> None:
    run = vocoder_training(1000)
    run.plan = replace(run.plan, minutes=2.0)
    run.step, run.seconds = 500, 108.0
    assert run.share() == pytest.approx(0.9)
    assert run.rate() < 0.2 * run.plan.rate
    run.seconds = 120.0
    assert run.share() == 1


def test_the_package_is_an_official_vocos(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = TrainableVocos(VocosSize(32, 2)).eval()
    size = export(model, tmp_path)
    assert size == sum(file.stat().st_size for file in tmp_path.iterdir())
    mel = LogMel(MelConfig(), CPU)(torch.from_numpy(vowels(3)))
    with torch.inference_mode():
        trained = model(mel.T[None])[0]
    theirs = f5().Vocos.from_hparams(str(tmp_path / "config.yaml"))
    state = torch.load(tmp_path / "pytorch_model.bin", weights_only=True)
    theirs.load_state_dict(state)  # strict: every name is there, no other is
    theirs = theirs.eval().decode(mel.T[None])[0]
    ours = load_vocos(tmp_path, CPU)([mel])[0]
    assert torch.allclose(ours, theirs.detach(), atol=1e-5)
    assert torch.allclose(ours, trained, atol=1e-3)  # fp16 weights


def test_the_batch_mel_is_the_worker_s() -> None:
    wave = torch.from_numpy(vowels(2))
    ours = BatchLogMel()(wave[None])[0].T
    loud = ours > -8  # the root is smoothed at zero
    assert torch.allclose(ours[loud], LogMel(MelConfig(), CPU)(wave)[loud], atol=1e-2)


def test_the_loss_of_the_same_waveform_is_nothing_and_a_shift_does_not_change_its_shape() -> None:
    wave = torch.from_numpy(vowels(2))[None]
    total, parts = SpectralLoss()(wave, wave)
    assert float(total) < 0.01
    assert set(parts) == {"mel", "spectra", "advance", "shape"}
    shifted = torch.roll(wave, 60, dims=-1)
    assert float(shape_distance(shifted, wave)) < 0.15
    assert float(shape_distance(-wave, wave)) > 0.15
    noise = torch.randn(wave.shape, generator=torch.Generator().manual_seed(0))
    assert float(shape_distance(noise, wave)) > 0.6


def test_degraded_mels_are_seeded_and_of_the_same_shape() -> None:
    mel = torch.randn(8, 100, 24, generator=torch.Generator().manual_seed(0))
    one, two = (degrade(mel, torch.Generator().manual_seed(4)) for _ in range(2))
    assert one.shape == mel.shape
    assert torch.equal(one, two)
    assert not torch.equal(one, mel)
    assert float((one - mel).abs().mean()) < 0.6


def test_figures_are_zero_for_a_vocoder_that_returns_the_waveform() -> None:
    wave = torch.from_numpy(vowels(5))
    same = compare("perfect", lambda mels: [wave.clone() for _ in mels], [wave])
    assert (same.mel, same.spectrum) == (0, 0)
    assert same.shape == pytest.approx(0, abs=0.02)
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(wave)).astype(np.float32)
    worse = compare("noise", lambda mels: [torch.from_numpy(noise)], [wave])
    assert worse.mel > 1
    assert worse.spectrum > 1
