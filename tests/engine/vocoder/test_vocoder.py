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
from engine.vocoder.vocos import Vocos, load_vocos
from engine.vocoder.vocos import read_config as read_vocos_config
from engine.weights.config import read_config
from errors import ModelUnavailable
from standins.checkpoints import MEL, change_vocos, make_vocos
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


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_griffin_lim_speaks_a_text_of_one_letter(frames: int) -> None:
    """Frames of its new speech; they are fewer than a window of the transform."""
    (rebuilt,) = GriffinLim(MelConfig(), CPU, iterations=2)(
        [LogMel(MelConfig(), CPU)(wave())[:frames]]
    )
    assert rebuilt.shape == ((frames - 1) * 256,) and rebuilt.isfinite().all()


def test_without_a_directory_the_vocoder_is_griffin_lim() -> None:
    assert isinstance(load_vocoder(None, CPU), GriffinLim)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"mel_spec_type": "bigvgan"}, "trained for the 'bigvgan' vocoder"),
        ({"target_sample_rate": 44100}, "sample_rate 44100, F5-TTS's has 24000"),
        ({"n_mel_channels": 80}, "n_mels 80"),
        ({"hop_length": 512}, "hop_length 512"),
        ({"win_length": 2048}, "win_length 2048"),
        ({"n_fft": 2048}, "n_fft 2048"),
    ],
)
@pytest.mark.parametrize("vocos", [True, False], ids=["Vocos", "Griffin-Lim"])
def test_a_model_of_another_mel_is_refused(
    tmp_path: Path, changed: dict[str, object], message: str, vocos: bool
) -> None:
    config = tmp_path / "arch.yaml"
    model = {"arch": {"dim": 8}, "mel_spec": {**MEL, **changed}}
    config.write_text(yaml.safe_dump({"model": model}))
    if vocos:
        make_vocos(tmp_path / "vocos")
    with pytest.raises(ModelUnavailable, match=message):
        load_vocoder(tmp_path / "vocos" if vocos else None, CPU, read_config(config)[1])


@pytest.mark.parametrize(
    ("part", "changed"),
    [("head", {"hop_length": 320}), ("backbone", {"input_channels": 80})],
)
def test_a_vocoder_of_another_mel_is_refused(
    tmp_path: Path, part: str, changed: dict[str, int]
) -> None:
    """One of another hop would speak at the wrong speed, and nobody would be told why."""
    make_vocos(tmp_path)
    change_vocos(tmp_path, part, changed)
    weights = Vocos(read_vocos_config(tmp_path / "config.yaml")).state_dict()
    torch.save(weights, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelUnavailable, match=r"takes \(.*\), the model gives"):
        load_vocoder(tmp_path, CPU)


def test_a_class_path_in_the_config_is_never_imported(tmp_path: Path) -> None:
    make_vocos(tmp_path)
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    config["backbone"]["class_path"] = "os.system"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(ModelUnavailable, match="only VocosBackbone is supported"):
        load_vocos(tmp_path, CPU)


@pytest.mark.parametrize("damage", ["truncate", "empty", "remove", "other"])
def test_damaged_weights_name_the_file(tmp_path: Path, damage: str) -> None:
    make_vocos(tmp_path)
    weights = tmp_path / "pytorch_model.bin"
    if damage == "truncate":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif damage == "empty":
        weights.write_bytes(b"")
    elif damage == "remove":
        weights.unlink()
    else:
        torch.save({"x": torch.zeros(1)}, weights)
    with pytest.raises(ModelUnavailable, match=r"pytorch_model\.bin cannot be used"):
        load_vocos(tmp_path, CPU)
