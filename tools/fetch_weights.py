"""Puts a published model and its vocoder into a directory, at image build time.

    python -m tools.fetch_weights --model F5TTS_v1_Base --to /models
    python -m tools.fetch_weights --model "" --to /models --whisper Systran/faster-whisper-small

Fails (exit code 1) when any part is missing, so that an image without its weights is never built.
With an empty --model nothing is fetched: the worker then finds its model at start. `demo` is never
fetched; it comes with the code.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.vocoder.load import check_mel
from engine.vocoder.vocos import read_config as read_vocos_config
from engine.weights.card import CARD, read_card
from engine.weights.checkpoint import read_state
from engine.weights.config import read_config
from engine.weights.locate import DEMO, ModelRequest, locate
from errors import ModelUnavailable

WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetches the model of the command line; returns the exit code."""
    options = _options(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    token = options.token_file.read_text().strip() if options.token_file.is_file() else None
    if options.whisper and (fault := fetch_whisper(options.whisper, options.to, token)):
        sys.stderr.write(f"{fault}\n")
        return 1
    if options.model in ("", DEMO):
        sys.stderr.write("no model to bake in\n")
        return 0
    request = ModelRequest(model=options.model, models_dir=options.to, hf_token=token)
    try:
        fetch(request)
    except ModelUnavailable as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 1
    return 0


def fetch(request: ModelRequest) -> None:
    """Copies every file of the model below `request.models_dir` and reads each once.

    Raises:
        ModelUnavailable: a part cannot be had or is damaged.
    """
    files = locate(request)
    target = request.models_dir / request.model
    target.mkdir(parents=True, exist_ok=True)
    _copy(files.weights, target / files.weights.name)
    _copy(files.vocab, target / "vocab.txt")
    _copy(files.config, target / files.config.name)
    if files.card is not None:
        _copy(files.card, target / CARD)
    if files.vocoder is not None:
        vocos = request.models_dir / "vocos-mel-24khz"
        vocos.mkdir(exist_ok=True)
        for name in ("config.yaml", "pytorch_model.bin"):
            _copy(files.vocoder / name, vocos / name)
    baked = locate(replace(request, hf_token=None))
    read_card(baked.card)
    _, mel = read_config(baked.config)
    check_mel(mel)
    read_state(baked.weights)
    if baked.vocoder is not None:
        read_vocos_config(baked.vocoder / "config.yaml")


def fetch_whisper(name: str, to: Path, token: str | None) -> str | None:
    """Copies the hub's repository `name`, a Whisper model in CTranslate2's format, below `to`;
    returns what is wrong with it, None if nothing is."""
    from huggingface_hub import snapshot_download

    target = to / "faster-whisper"
    try:
        snapshot_download(name, local_dir=target, token=token)
    except Exception as exc:  # the hub's library raises many kinds
        return f"{name} cannot be had ({type(exc).__name__}: {exc})"
    missing = [file for file in WHISPER_FILES if not (target / file).is_file()]
    return f"{name} has no {missing[0]}: take one in CTranslate2's format" if missing else None


def _copy(source: Path, target: Path) -> None:
    if source.resolve() != target.resolve():
        shutil.copyfile(source, target)  # follows the hub cache's links


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--whisper", default="", help="a recogniser on the hub; empty: none")
    parser.add_argument("--token-file", type=Path, default=Path("/nonexistent"))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
