"""YAML that comes with a model: whatever it holds, the error is typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.vocoder.vocos import read_config as read_vocos_config
from engine.weights.card import read_card
from engine.weights.config import read_config
from errors import ModelUnavailable

BAD = {
    "nested 2,000 deep": "[" * 2000 + "]" * 2000,
    "nested 2,000 deep, by its layout": "".join(f"{' ' * i}a:\n" for i in range(2000)),
    "not closed": "model: [",
    "a list": "- model",
    "nothing": "",
    "an object of Python": "!!python/object/apply:os.system [id]",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
@pytest.mark.parametrize("read", [read_config, read_vocos_config, read_card])
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, read: Callable[[Path], object], text: str
) -> None:
    if read is read_card and not text:
        return  # an empty card says nothing
    path = tmp_path / "model.yaml"
    path.write_text(text)
    with pytest.raises(ModelUnavailable, match=r"model\.yaml") as caught:
        read(path)
    for word in ("yaml.", "constructor", "recursion", "None", "subscript", "Input", "'model'"):
        assert word not in caught.value.message.replace(str(path), "")


@pytest.mark.parametrize(
    ("arch", "mel", "named"),
    [
        ("dim: 64, heads: 0", "", "heads"),
        ("dim: -1", "", "dim"),
        ("dim: 64, ff_mult: .nan", "", "ff_mult"),
        ("dim: 64", "hop_length: 0", "hop_length"),
        ("dim: 64", "n_mel_channels: [1]", "n_mel_channels"),
        ("dim: 64", "target_sample_rate: null", "target_sample_rate"),
    ],
)
def test_a_number_without_sense_is_named(tmp_path: Path, arch: str, mel: str, named: str) -> None:
    path = tmp_path / "model.yaml"
    text = "model: {arch: {%s}, mel_spec: {%s}}"
    path.write_text(text % (f"{arch}, conv_layers: 0, text_mask_padding: false", mel))
    with pytest.raises(ModelUnavailable, match=rf"`model\.\w+`: {named}: input should be"):
        read_config(path)
    path.write_text(text % ("dim: 64, conv_layers: 0, text_mask_padding: false", ""))
    assert read_config(path)[1].hop_length == 256
