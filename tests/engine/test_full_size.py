"""A random checkpoint of the published size in the official format: `make test-full`.

F5TTS_v1_Base, 337 million parameters, 1.35 GB: it loads under its published names and gives
f5-tts's mel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from engine.boot import load_engine
from engine.config import EngineConfig
from engine.sampler import Schedule
from engine.tokens import read_vocab
from engine.weights.checkpoint import load_dit, read_state
from engine.weights.config import package_file, read_config
from engine.weights.locate import ModelFiles, ModelRequest, locate
from standins.checkpoints import MEL
from standins.comparison import ENGLISH, REFERENCE, given, relative_error
from standins.oracle import f5
from standins.random_weights import random_state
from standins.sampling import sample

pytestmark = pytest.mark.slow
NAME = "F5TTS_v1_Base"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    """The model as an image or volume holds it: a directory of its name with the weights in it."""
    from safetensors.torch import save_file

    models = tmp_path_factory.mktemp("models")
    (models / NAME).mkdir()
    arch = read_config(package_file(f"configs/{NAME}.yaml"))[0]
    vocab = len(read_vocab(package_file("infer/examples/vocab.txt")))
    save_file(random_state(arch, vocab, seed=1), models / NAME / "model_1250000.safetensors")
    request = ModelRequest(
        model=NAME, models_dir=models, volume_dir=models / "none", vocoder="griffin-lim"
    )
    return locate(request)


def oracle(files: ModelFiles) -> Any:
    """f5-tts's own model, loaded by its own loader."""
    kwargs = yaml.safe_load(Path(files.config).read_text())["model"]["arch"]
    char_map, size = f5().utils.get_tokenizer(str(files.vocab), "custom")
    model = f5().CFM(
        transformer=f5().DiT(**kwargs, text_num_embeds=size, mel_dim=100),
        mel_spec_kwargs={**MEL, "mel_spec_type": "vocos"},
        vocab_char_map=char_map,
    )
    return f5().infer.load_checkpoint(model, str(files.weights), "cpu", torch.float32, use_ema=True)


def test_the_mel_is_that_of_f5_tts(files: ModelFiles) -> None:
    vocab = read_vocab(files.vocab)
    model = load_dit(
        files.weights,
        read_config(files.config)[0],
        len(vocab),
        device=torch.device("cpu"),
        dtype=torch.float32,
    )
    assert sum(tensor.numel() for tensor in read_state(files.weights).values()) > 300e6
    mel = sample(model, *given(ENGLISH, vocab, 180), Schedule(4), seed=5, cfg_strength=2.0)
    del model
    expected, _ = oracle(files).sample(
        cond=REFERENCE[None],
        text=f5().utils.convert_char_to_pinyin([ENGLISH]),
        duration=180,
        steps=4,
        cfg_strength=2.0,
        sway_sampling_coef=-1.0,
        seed=5,
    )
    error = relative_error(mel, expected[0])
    assert error < 1e-4, error


def test_it_is_ready_in_seconds(files: ModelFiles) -> None:
    """Load and warm-up from local disk, imports not counted; the design's figure is 3 s in all."""
    engine = load_engine(files, EngineConfig(device="cpu"))
    engine.close()
    assert engine.model == NAME
    assert engine.load_s < 20, engine.load_s
