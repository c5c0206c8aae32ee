"""A model's card: found beside the weights wherever they come from, checked, and baked in."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from engine.weights.card import CARD, ModelCard, read_card
from engine.weights.locate import ModelRequest, locate
from errors import ModelUnavailable, StorageDenied
from standins.checkpoints import make_checkpoint
from tests.engine.weights.conftest import touch
from tools.fetch_weights import fetch
from training import CFG_STRENGTH

TEXT = "notice: Read speech only.\ncfg_strength: 1.5\n"
READ = ModelCard(notice="Read speech only.", cfg_strength=1.5)


def write(path: Path, text: str = TEXT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def found(request: ModelRequest, remote: Bucket | None = None) -> ModelCard:
    return read_card(locate(request, remote).card)


class Bucket:
    """Objects by URI."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def list(self, uri: str) -> list[str]:
        return [name for name in self.objects if name.startswith(uri)]

    def download(self, uri: str, path: Path) -> None:
        path.write_bytes(self.objects[uri])


def test_in_a_directory_and_beside_a_file(request_: ModelRequest, tmp_path: Path) -> None:
    weights = touch(tmp_path / "mine" / "model_1.safetensors")
    ways = [
        replace(request_, model=str(weights.parent)),
        replace(request_, model=str(weights)),
        replace(request_, ckpt=str(weights)),
    ]
    assert [found(way) for way in ways] == [ModelCard()] * 3
    write(weights.parent / CARD)
    assert [found(way) for way in ways] == [READ] * 3


@pytest.mark.parametrize("root", ["models_dir", "volume_dir"])
def test_of_a_model_by_name(request_: ModelRequest, root: str) -> None:
    directory = getattr(request_, root) / request_.model
    touch(directory / "model_1.safetensors")
    assert found(request_) == ModelCard()
    write(directory / CARD)
    assert found(request_) == READ


@pytest.mark.parametrize("single", [True, False], ids=["one object", "a prefix"])
def test_in_a_bucket(request_: ModelRequest, single: bool) -> None:
    place = "s3://bucket/mine/"
    weights = f"{place}model_1.safetensors"
    wanted = replace(request_, model=weights if single else place)
    without = Bucket({weights: b"x", f"{place}{CARD}.bak": b"not it"})
    assert found(wanted, without) == ModelCard()
    other = replace(wanted, models_dir=request_.models_dir / "fresh")
    assert found(other, Bucket({weights: b"x", f"{place}{CARD}": TEXT.encode()})) == READ


def test_a_key_that_may_not_list_brings_the_model_without_its_card(request_: ModelRequest) -> None:
    class NoListing(Bucket):
        def list(self, uri: str) -> list[str]:
            raise StorageDenied("list bucket: access denied")

    weights = "s3://bucket/mine/model_1.safetensors"
    bucket = NoListing({weights: b"x"})
    assert found(replace(request_, model=weights), bucket) == ModelCard()


@pytest.mark.parametrize("name", ["card.yml", "Card.yaml", "CARD.YML"])
def test_under_the_names_people_give_it(request_: ModelRequest, name: str) -> None:
    directory = request_.models_dir / request_.model
    touch(directory / "model_1.safetensors")
    touch(directory / "custom.yaml")
    write(directory / name)
    assert found(request_) == READ
    assert locate(request_).config == directory / "custom.yaml"


@pytest.mark.parametrize("folder", ["", "base/"])
def test_in_a_hub_repository(
    request_: ModelRequest, hub_server: dict[str, bytes], folder: str
) -> None:
    for repo in ("me/without", "me/with"):
        hub_server[f"{repo}:{folder}model_1.safetensors"] = b"x"
    hub_server[f"me/with:{folder}{CARD}"] = TEXT.encode()
    without = replace(request_, model=f"hf://me/without/{folder}model_1.safetensors")
    wanted = replace(request_, model=f"hf://me/with/{folder}model_1.safetensors")
    assert found(without) == ModelCard()
    assert found(wanted) == READ
    hub_server.clear()
    assert found(wanted) == READ, "in the cache"


def test_a_model_in_the_cache_is_not_asked_about(
    request_: ModelRequest, hub_server: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub that cannot be reached would keep its client trying for half a minute."""
    import huggingface_hub.constants as constants

    hub_server["me/mine:model_1.safetensors"] = b"x"
    wanted = replace(request_, model="hf://me/mine/model_1.safetensors")
    locate(wanted)
    nobody = "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", nobody)
    called: list[object] = []

    def refused(_: socket.socket, address: object) -> None:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refused)
    assert found(wanted) == ModelCard()
    assert called == []


def test_the_demo_has_one() -> None:
    card = read_card(locate(ModelRequest()).card)
    assert "demo checkpoint" in card.notice
    assert card.cfg_strength == CFG_STRENGTH, "what it was judged with"
    assert card.languages == ("en",)


def test_languages_are_those_of_the_card_or_of_a_published_name(tmp_path: Path) -> None:
    assert read_card(write(tmp_path / CARD, "languages: [pl, en]")).languages == ("pl", "en")
    assert read_card(None, "F5TTS_v1_Base").languages == ("en", "zh")
    assert read_card(None, "mine/model_1.safetensors").languages == ()


def test_it_is_no_model_config(request_: ModelRequest) -> None:
    """The config is the only YAML beside the weights, were it not for the card."""
    directory = request_.models_dir / request_.model
    touch(directory / "model_1.safetensors")
    write(directory / CARD)
    published = locate(request_).config
    assert published.name == f"{request_.model}.yaml"
    assert not published.is_relative_to(directory)
    touch(directory / "custom.yaml")
    assert locate(request_).config == directory / "custom.yaml"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("cfg_strenght: 1", ["cfg_strenght is unknown"]),
        ("cfg_strength: high", ["cfg_strength must be a number from 0 to 10"]),
        ("cfg_strength: true", ["cfg_strength must be a number from 0 to 10"]),
        ("cfg_strength: .nan", ["cfg_strength must be a number from 0 to 10"]),
        ("cfg_strength: 11", ["cfg_strength must be a number from 0 to 10"]),
        ("cfg_strength: -1", ["cfg_strength must be a number from 0 to 10"]),
        ("languages: en", ["languages must be a list of codes such as en"]),
        ("languages: [English]", ["languages must be a list of codes such as en"]),
        ("notice: 5", ["notice must be text of at most 500 characters"]),
        (f"notice: {'x' * 501}", ["notice must be text of at most 500 characters"]),
        ("notice: 5\nmax_s: 3", ["notice must be text", "max_s is unknown"]),
        ("- notice", ["it is not a list of keys and their values"]),
        ("notice: |\n  a\ncfg_strength: a: b", ["it is not YAML, see its line 3"]),
        ("\x00", ["it is not YAML"]),
    ],
)
def test_a_broken_one_says_what_is_wrong(tmp_path: Path, text: str, problems: list[str]) -> None:
    path = write(tmp_path / CARD, text)
    with pytest.raises(ModelUnavailable) as caught:
        read_card(path)
    assert str(path) in caught.value.message
    assert all(problem in caught.value.message for problem in problems), caught.value.message
    assert "notice, cfg_strength" in caught.value.hint
    assert not re.search("Input|should|YAMLError|Error|None", caught.value.message)


@pytest.mark.parametrize("text", ["", "# nothing yet", "cfg_strength:", "{}"])
def test_one_that_says_nothing(tmp_path: Path, text: str) -> None:
    assert read_card(write(tmp_path / CARD, text)) == ModelCard()


def test_it_is_baked_into_the_image(request_: ModelRequest, tmp_path: Path) -> None:
    volume = replace(request_, volume_dir=tmp_path / "volume")
    made = make_checkpoint(volume.volume_dir / volume.model)
    write(made.directory / CARD)
    fetch(volume)
    assert read_card(volume.models_dir / volume.model / CARD) == READ
    assert locate(volume).config == volume.models_dir / volume.model / made.config.name
