"""Where a model's files are looked for, in which order, and what is said when they are missing."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.arch import Arch
from engine.tokens import read_vocab
from engine.weights import hub
from engine.weights.checkpoint import load_dit
from engine.weights.config import package_file, read_config
from engine.weights.locate import DEMO, DEMO_DIRECTORY, ModelRequest, locate
from errors import ModelUnavailable
from standins.checkpoints import make_checkpoint, make_vocos
from standins.random_weights import official_shapes
from tests.engine.weights.conftest import touch


def test_the_image_comes_before_the_volume(request_: ModelRequest) -> None:
    touch(request_.volume_dir / "models/F5TTS_v1_Base/model_1.safetensors")
    assert locate(request_).weights.is_relative_to(request_.volume_dir)
    touch(request_.models_dir / "F5TTS_v1_Base/model_1.safetensors")
    assert locate(request_).weights.is_relative_to(request_.models_dir)


def test_an_explicit_checkpoint_comes_before_everything(
    request_: ModelRequest, tmp_path: Path
) -> None:
    touch(request_.models_dir / "F5TTS_v1_Base/model_1.safetensors")
    mine = touch(tmp_path / "mine/model_900.pt")
    files = locate(replace(request_, ckpt=str(mine)))
    assert files.weights == mine
    assert files.name == "mine/model_900.pt"


def test_the_highest_step_and_safetensors_are_preferred(request_: ModelRequest) -> None:
    folder = request_.models_dir / "F5TTS_v1_Base"
    for name in ("model_9.safetensors", "model_1250000.safetensors", "model_9999999.pt"):
        touch(folder / name)
    assert locate(request_).weights.name == "model_1250000.safetensors"


def test_config_and_vocab_beside_the_weights_are_used(request_: ModelRequest) -> None:
    folder = request_.models_dir / "F5TTS_v1_Base"
    touch(folder / "model_1.safetensors")
    files = locate(request_)
    assert files.config == package_file("configs/F5TTS_v1_Base.yaml")
    assert files.vocab == package_file("infer/examples/vocab.txt")
    touch(folder / "custom.yaml")
    touch(folder / "vocab.txt")
    files = locate(request_)
    assert (files.config.name, files.vocab.parent) == ("custom.yaml", folder)


def test_the_vocoder_is_found_beside_the_model_and_in_the_image(request_: ModelRequest) -> None:
    touch(request_.models_dir / "F5TTS_v1_Base/model_1.safetensors")
    wanted = replace(request_, vocoder=None)
    make_vocos(request_.models_dir / "vocos-mel-24khz")
    assert locate(wanted).vocoder == request_.models_dir / "vocos-mel-24khz"
    make_vocos(request_.models_dir / "F5TTS_v1_Base/vocos")
    assert locate(wanted).vocoder == request_.models_dir / "F5TTS_v1_Base/vocos"


def test_an_unknown_name_says_where_it_was_looked_for(request_: ModelRequest) -> None:
    with pytest.raises(ModelUnavailable, match="No model named 'F6TTS'") as caught:
        locate(replace(request_, model="F6TTS"))
    assert str(request_.models_dir / "F6TTS") in caught.value.message
    assert "F5TTS_v1_Base" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "meant"),
    [("f5tts_v1_base", "F5TTS_v1_Base"), ("demoo", "demo"), ("My_Vioce", "My_Voice")],
)
def test_an_unknown_name_names_the_nearest(request_: ModelRequest, name: str, meant: str) -> None:
    (request_.volume_dir / "models" / "My_Voice").mkdir(parents=True)
    with pytest.raises(ModelUnavailable) as caught:
        locate(replace(request_, model=name))
    assert f"Did you mean {meant}? " in caught.value.hint


class FakeRemote:
    """Two objects under a prefix."""

    def __init__(self) -> None:
        self.downloads: list[str] = []

    def list(self, uri: str) -> list[str]:
        return [f"{uri}model_7.safetensors", f"{uri}vocos/pytorch_model.bin"]

    def download(self, uri: str, path: Path) -> None:
        self.downloads.append(uri)
        path.write_bytes(b"x")


def test_a_model_in_a_bucket_is_downloaded_once(request_: ModelRequest) -> None:
    remote = FakeRemote()
    wanted = replace(request_, model="s3://bucket/models/mine/", vocoder=None)
    files = locate(wanted, remote)
    assert files.weights.name == "model_7.safetensors"
    assert files.vocoder == files.weights.parent / "vocos"
    locate(wanted, remote)
    assert len(remote.downloads) == 2


def test_a_published_model_is_fetched_from_the_hub_once(
    request_: ModelRequest, hub_server: dict[str, bytes]
) -> None:
    repo, filename, _ = hub.PUBLISHED["F5TTS_v1_Base"]
    hub_server[f"{repo}:{filename}"] = b"weights"
    hub_server[f"{hub.VOCOS_REPO}:config.yaml"] = b"config"
    hub_server[f"{hub.VOCOS_REPO}:pytorch_model.bin"] = b"vocos"
    files = locate(replace(request_, vocoder=None))
    assert files.weights.read_bytes() == b"weights"
    assert files.vocoder is not None
    assert (files.vocoder / "pytorch_model.bin").read_bytes() == b"vocos"
    hub_server.clear()
    assert locate(replace(request_, vocoder=None)) == files


def test_a_checkpoint_of_ones_own_gets_the_published_vocoder(
    request_: ModelRequest, hub_server: dict[str, bytes], tmp_path: Path
) -> None:
    """F5_CKPT alone leaves F5_MODEL at `demo`, which once meant the demo's vocoder as well."""
    mine = touch(tmp_path / "mine/model_900.pt")
    hub_server[f"{hub.VOCOS_REPO}:config.yaml"] = b"config"
    hub_server[f"{hub.VOCOS_REPO}:pytorch_model.bin"] = b"vocos"
    files = locate(replace(request_, model=DEMO, ckpt=str(mine), vocoder=None))
    assert files.weights == mine
    assert files.vocoder is not None


def test_a_hub_without_the_file_says_what_to_set(
    request_: ModelRequest, hub_server: dict[str, bytes]
) -> None:
    with pytest.raises(ModelUnavailable, match="hub did not give it") as caught:
        locate(request_)
    assert "F5_CKPT" in caught.value.hint


def test_what_the_hubs_client_says_is_in_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    theirs = logging.getLogger("huggingface_hub")
    before = list(theirs.handlers), theirs.propagate
    with caplog.at_level("WARNING", "f5worker.model"), hub._trouble_told():
        for number in range(5):
            theirs.warning("'no such name' thrown while requesting HEAD https://hub/x")
            theirs.warning("Retrying in 1s [Retry %d/5].", number)
    assert [record.name for record in caplog.records] == ["f5worker.model"] * 2
    assert "no such name" in caplog.text and "[Retry 0/5]" in caplog.text
    assert (theirs.handlers, theirs.propagate) == before


def test_without_a_vocoder_the_way_to_hear_something_is_told(
    request_: ModelRequest, hub_server: dict[str, bytes]
) -> None:
    touch(request_.models_dir / "F5TTS_v1_Base/model_1.safetensors")
    with pytest.raises(ModelUnavailable) as caught:
        locate(replace(request_, vocoder=None))
    assert "F5_VOCODER=griffin-lim" in caught.value.hint


def test_the_demo_checkpoint_comes_with_the_code(tmp_path: Path) -> None:
    """Also where an earlier version left one of its own, which made noise."""
    old = tmp_path / "demo"
    old.mkdir()
    (old / "model.safetensors").write_bytes(b"")
    files = locate(ModelRequest(models_dir=tmp_path, volume_dir=tmp_path / "none"))
    assert files.name == "demo"
    assert files.weights.parent == files.vocab.parent == files.config.parent == DEMO_DIRECTORY
    assert files.vocoder == DEMO_DIRECTORY / "vocos"


def test_the_demo_package_is_small_enough_for_a_repository() -> None:
    sizes = [path.stat().st_size for path in DEMO_DIRECTORY.rglob("*") if path.is_file()]
    assert 10e6 < sum(sizes) < 40e6


@pytest.mark.parametrize("name", ["F5TTS_v1_Base", "F5TTS_Base", "F5TTS_v1_Small", "F5TTS_Small"])
def test_published_configs_are_understood(name: str) -> None:
    arch = read_config(package_file(f"configs/{name}.yaml"))[0]
    base = name.endswith("Base")
    assert (arch.dim, arch.depth, arch.heads) == ((1024, 22, 16) if base else (768, 18, 12))
    assert arch.text_mask_padding == ("v1" in name)
    assert arch.pe_attn_head == (None if "v1" in name else 1)


def test_other_backbones_are_refused_by_name() -> None:
    with pytest.raises(ModelUnavailable, match="backbone 'UNetT'"):
        read_config(package_file("configs/E2TTS_Base.yaml"))[0]


CPU = {"device": torch.device("cpu"), "dtype": torch.float32}


def test_random_and_official_parameter_names_agree(tmp_path: Path) -> None:
    made = make_checkpoint(tmp_path, "v1")
    arch = read_config(made.config)[0]
    theirs = {k: tuple(v.shape) for k, v in made.oracle.transformer.state_dict().items()}
    theirs.pop("rotary_embed.inv_freq")
    assert official_shapes(arch, len(read_vocab(made.vocab))) == theirs


def test_a_checkpoint_of_another_size_says_which_setting_is_wrong(tmp_path: Path) -> None:
    made = make_checkpoint(tmp_path, "v1")
    arch = replace(read_config(made.config)[0], dim=128)
    with pytest.raises(ModelUnavailable, match="does not fit the model config") as caught:
        load_dit(made.weights, arch, len(read_vocab(made.vocab)), **CPU)
    assert "F5_CONFIG" in caught.value.hint


def test_a_checkpoint_of_another_published_size_names_its_models(tmp_path: Path) -> None:
    small = {f"transformer_blocks.{n}.attn.to_q.weight": torch.zeros(1, 768) for n in range(18)}
    weights = tmp_path / "model_1.safetensors"
    save_file({f"ema_model.transformer.{name}": each for name, each in small.items()}, weights)
    base = read_config(package_file("configs/F5TTS_v1_Base.yaml"))[0]
    with pytest.raises(ModelUnavailable, match="does not fit") as caught:
        load_dit(weights, base, 2545, **CPU)
    assert "18 blocks of width 768, as F5TTS_v1_Small and F5TTS_Small have" in caught.value.hint


def test_a_checkpoint_of_another_vocabulary_says_so(tmp_path: Path) -> None:
    made = make_checkpoint(tmp_path, "v1")
    with pytest.raises(ModelUnavailable, match="knows 2545 tokens, the vocabulary has 7"):
        load_dit(made.weights, read_config(made.config)[0], 7, **CPU)


@pytest.mark.parametrize("name", ["model_1.safetensors", "model_1.pt"])
def test_a_truncated_checkpoint_is_called_damaged(tmp_path: Path, name: str) -> None:
    made = make_checkpoint(tmp_path, "v1")
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ModelUnavailable, match="damaged"):
        load_dit(path, read_config(made.config)[0], len(read_vocab(made.vocab)), **CPU)


def test_a_checkpoint_without_ema_says_which_setting_loads_it(tmp_path: Path) -> None:
    made = make_checkpoint(tmp_path, "v1")
    path = tmp_path / "plain.pt"
    torch.save({"model_state_dict": made.oracle.state_dict()}, path)
    vocab_size = len(read_vocab(made.vocab))
    with pytest.raises(ModelUnavailable, match="ema_model_state_dict") as caught:
        load_dit(path, read_config(made.config)[0], vocab_size, **CPU)
    assert "F5_USE_EMA=false" in caught.value.hint
    load_dit(path, read_config(made.config)[0], vocab_size, use_ema=False, **CPU)


def test_arch_defaults_are_those_of_f5_tts() -> None:
    assert Arch(dim=8) == Arch(dim=8, depth=8, heads=8, dim_head=64, ff_mult=4, text_dim=100)
