"""Checkpoints and configs that are not as f5-tts writes them: what loads, and what is said of what
does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.dit.model import DiT
from engine.tokens import read_vocab
from engine.vocoder.vocos import read_config as read_vocos_config
from engine.weights.checkpoint import load_dit
from engine.weights.config import read_config
from errors import ModelUnavailable
from standins.checkpoints import TinyCheckpoint, change_vocos, make_checkpoint, make_vocos

State = dict[str, Tensor]
PROJECTION = "ema_model.transformer.input_embed.proj.weight"
QUERY = "ema_model.transformer.transformer_blocks.0.attn.to_q.weight"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TinyCheckpoint:
    return make_checkpoint(tmp_path_factory.mktemp("ckpt"), "v1")


@pytest.fixture(scope="module")
def state(made: TinyCheckpoint) -> State:
    return load_file(made.weights)


def load(made: TinyCheckpoint, path: Path, arch: dict[str, Any] | None = None) -> DiT:
    config = made.config
    if arch:
        model = yaml.safe_load(made.config.read_text())
        model["model"]["arch"] |= arch
        config = path.with_name("changed.yaml")
        config.write_text(yaml.safe_dump(model))
    return load_dit(
        path,
        read_config(config)[0],
        len(read_vocab(made.vocab)),
        device=torch.device("cpu"),
        dtype=torch.float32,
    )


def old_format(state: State, path: Path) -> None:
    """As PyTorch wrote files before 1.6: it cannot be memory-mapped."""
    torch.save({"ema_model_state_dict": state}, path, _use_new_zipfile_serialization=False)


def with_notes(state: State, path: Path) -> None:
    noted = {**state, "ema_model.transformer.note": "fine-tuned", 1: torch.ones(1)}
    torch.save({"ema_model_state_dict": noted}, path)


@pytest.mark.parametrize("write", [old_format, with_notes])
def test_a_file_that_f5_tts_reads_is_read(
    made: TinyCheckpoint, state: State, tmp_path: Path, write: Callable[[State, Path], None]
) -> None:
    write(state, tmp_path / "model.pt")
    found, expected = load(made, tmp_path / "model.pt"), load(made, made.weights)
    assert torch.equal(found.text_embed.text_embed.weight, expected.text_embed.text_embed.weight)


@pytest.mark.parametrize(
    ("saved", "hint"),
    [
        ({"model_state_dict": {}}, "F5_USE_EMA=false"),
        ({"ema_model_state_dict": [1]}, "It needs one"),
        ({"ema_model_state_dict": None}, "It needs one"),
        ({"transformer.x": torch.ones(1)}, "It needs one"),  # true would be no better than false
        ([1], "It needs one"),
    ],
)
def test_weights_that_are_not_there_are_looked_for_where_they_are(
    made: TinyCheckpoint, tmp_path: Path, saved: Any, hint: str
) -> None:
    torch.save(saved, tmp_path / "model.pt")
    with pytest.raises(ModelUnavailable, match="has no `ema_model_state_dict`") as caught:
        load(made, tmp_path / "model.pt")
    assert hint in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"<html>", b"version https://git-lfs.github.com/spec/v1"])
@pytest.mark.parametrize("name", ["model.pt", "model.safetensors"])
def test_a_file_that_is_something_else_is_called_damaged(
    made: TinyCheckpoint, tmp_path: Path, content: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelUnavailable, match="damaged"):
        load(made, tmp_path / name)


@pytest.mark.parametrize(
    ("name", "change"),
    [(QUERY, lambda t: t[:, :3].contiguous()), (PROJECTION, lambda t: t[0].contiguous())],
)
def test_tensors_that_do_not_fit_each_other_are_no_model(
    made: TinyCheckpoint,
    state: State,
    tmp_path: Path,
    name: str,
    change: Callable[[Tensor], Tensor],
) -> None:
    save_file({**state, name: change(state[name])}, tmp_path / "model.safetensors")
    with pytest.raises(ModelUnavailable, match="another shape"):
        load(made, tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    ("arch", "problem"),
    [
        ({"dim": None}, "dim: "),
        ({"depth": "deep"}, "depth: "),
        ({"qk_norm": "layer_norm"}, "qk_norm: "),  # another model, which would speak all the same
        ({"pe_attn_head": "all"}, "pe_attn_head: "),
        ({"text_embedding_average_upsampling": "no!"}, "text_embedding_average_upsampling: "),
        ({"dim": 65}, "there is no such model"),
    ],
)
def test_a_config_with_wrong_values_names_them(
    made: TinyCheckpoint, tmp_path: Path, arch: dict[str, Any], problem: str
) -> None:
    (tmp_path / "model.safetensors").symlink_to(made.weights)
    with pytest.raises(ModelUnavailable) as caught:
        load(made, tmp_path / "model.safetensors", arch)
    assert problem in caught.value.message


def test_a_no_in_quotes_means_no(made: TinyCheckpoint, tmp_path: Path) -> None:
    """A text that is not empty would else count as yes, and the model would be another one."""
    (tmp_path / "model.safetensors").symlink_to(made.weights)
    model = load(made, tmp_path / "model.safetensors", {"text_mask_padding": "false"})
    assert model.arch.text_mask_padding is False


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("backbone", {"dim": "wide"}),
        ("backbone", {"num_layers": None}),
        ("head", {"hop_length": 0}),
        ("head", {"padding": "valid"}),
    ],
)
def test_a_vocoder_s_config_with_wrong_values_is_none(
    tmp_path: Path, part: str, values: dict[str, Any]
) -> None:
    make_vocos(tmp_path)
    change_vocos(tmp_path, part, values)
    with pytest.raises(ModelUnavailable, match="not that of a mel Vocos"):
        read_vocos_config(tmp_path / "config.yaml")
