"""Vocos as published gives Vocos's own waveform; Griffin-Lim needs no weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from engine.arch import MelConfig
from engine.mel import LogMel
from engine.vocoder.griffin_lim import GriffinLim
from engine.vocoder.load import load_vocoder
from engine.vocoder.vocos import load_vocos
from errors import ModelUnavailable
from standins.checkpoints import make_vocos
from standins.oracle import f5

CPU = torch.device("cpu")


def wave(seconds: float = 1.0) -> torch.Tensor:
    t = torch.arange(int(24000 * seconds)) / 24000
    return 0.3 * torch.sin(2 * torch.pi * 220 * t) + 0.1 * torch.sin(2 * torch.pi * 1760 * t)


def test_the_log_mel_is_that_of_f5_tts() -> None:
    theirs = f5().MelSpec()(wave()[None])[0].T
    assert torch.allclose(LogMel(MelConfig(), CPU)(wave()), theirs, atol=1e-4)


@pytest.mark.parametrize("padding", ["center", "same"])
def test_vocos_gives_the_waveform_of_vocos(tmp_path: Path, padding: str) -> None:
    oracle = make_vocos(tmp_path, padding=padding)
    mel = LogMel(MelConfig(), CPU)(wave())
    theirs = oracle.decode(mel.T[None])[0]
    ours = load_vocos(tmp_path, CPU)([mel])[0]
    assert ours.shape == theirs.shape
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_griffin_lim_rebuilds_a_waveform_with_the_same_mel() -> None:
    mel = LogMel(MelConfig(), CPU)
    target = mel(wave())
    loud = target > -4

    def error(iterations: int) -> float:
        rebuilt = GriffinLim(MelConfig(), CPU, iterations=iterations)([target])[0]
        assert rebuilt.shape[0] == (target.shape[0] - 1) * 256
        return float((mel(rebuilt)[loud] - target[loud]).abs().mean())

    assert error(60) < 0.5
    assert error(60) < 0.6 * error(0)


def test_without_a_directory_the_vocoder_is_griffin_lim() -> None:
    assert isinstance(load_vocoder(None, CPU), GriffinLim)


def test_a_class_path_in_the_config_is_never_imported(tmp_path: Path) -> None:
    make_vocos(tmp_path)
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    config["backbone"]["class_path"] = "os.system"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(ModelUnavailable, match="only VocosBackbone is supported"):
        load_vocos(tmp_path, CPU)


@pytest.mark.parametrize("damage", ["truncate", "remove", "other"])
def test_damaged_weights_name_the_file(tmp_path: Path, damage: str) -> None:
    make_vocos(tmp_path)
    weights = tmp_path / "pytorch_model.bin"
    if damage == "truncate":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif damage == "remove":
        weights.unlink()
    else:
        torch.save({"x": torch.zeros(1)}, weights)
    with pytest.raises(ModelUnavailable, match=r"pytorch_model\.bin cannot be used"):
        load_vocos(tmp_path, CPU)
