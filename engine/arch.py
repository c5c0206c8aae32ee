"""The shape of a DiT, read from the YAML configs that f5-tts publishes or from a custom one."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from errors import ModelUnavailable

# What f5-tts's own DiT defaults to where a YAML leaves a field out.
_YAML_NAMES = {"text_embedding_average_upsampling": "average_upsampling"}
# Settings of training or of other kernels; they do not change what inference computes here.
_IGNORED = {"checkpoint_activations", "attn_backend", "attn_mask_enabled", "dropout"}


@dataclass(frozen=True)
class Arch:
    """DiT hyperparameters, under f5-tts's names (`f5_tts.model.backbones.dit.DiT`)."""

    dim: int
    depth: int = 8
    heads: int = 8
    dim_head: int = 64
    ff_mult: float = 4
    text_dim: int = 100
    conv_layers: int = 0
    text_mask_padding: bool = True
    average_upsampling: bool = False
    qk_norm: str | None = None
    pe_attn_head: int | None = None
    long_skip_connection: bool = False
    mel_dim: int = 100


@dataclass(frozen=True)
class MelConfig:
    """The log-mel front end; F5-TTS checkpoints all use these values with Vocos."""

    sample_rate: int = 24000
    n_mels: int = 100
    hop_length: int = 256
    win_length: int = 1024
    n_fft: int = 1024


def package_file(relative: str) -> Path:
    """Path of a data file of the f5-tts package, found without importing the package.

    Importing `f5_tts` would pull in its training stack; the worker only reads its data files.

    Raises:
        ModelUnavailable: f5-tts is not installed.
    """
    spec = find_spec("f5_tts")
    roots = list(spec.submodule_search_locations or ()) if spec else []
    for root in [*roots, sysconfig.get_path("purelib") + "/f5_tts"]:
        path = Path(root) / relative
        if path.is_file():
            return path
    raise ModelUnavailable(
        f"The f5-tts package's file {relative} is missing.",
        "Install it: pip install --no-deps -r requirements/nodeps.txt.",
    )


def read_arch(path: Path) -> Arch:
    """Reads `model.arch` of an f5-tts YAML config (published or custom).

    Raises:
        ModelUnavailable: unreadable YAML, a backbone other than DiT, a vocoder type other than
            Vocos, mel settings other than F5-TTS's, or an architecture field nobody knows.
    """
    import yaml

    try:
        model = yaml.safe_load(path.read_text(encoding="utf-8"))["model"]
        arch = dict(model["arch"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as exc:
        raise ModelUnavailable(
            f"{path} is not an F5-TTS model config: {exc}.",
            "It needs `model.arch` and `model.backbone`, as in f5-tts's configs/*.yaml.",
        ) from exc
    backbone = model.get("backbone", "DiT")
    if backbone != "DiT":
        raise ModelUnavailable(
            f"{path.name} asks for backbone {backbone!r}.",
            "This worker runs F5-TTS (DiT); E2-TTS (UNetT) and MMDiT are not supported.",
        )
    _check_mel(path, model.get("mel_spec") or {})
    return _build(path, arch)


def _build(path: Path, raw: dict[str, Any]) -> Arch:
    known = {f.name for f in fields(Arch)}
    values = {_YAML_NAMES.get(k, k): v for k, v in raw.items() if k not in _IGNORED}
    if unknown := sorted(set(values) - known):
        raise ModelUnavailable(
            f"{path.name} has architecture fields this worker does not know: {', '.join(unknown)}.",
            f"Known: {', '.join(sorted(known))}.",
        )
    if values.get("text_dim") is None:
        values.pop("text_dim", None)  # f5-tts: text_dim defaults to mel_dim
    try:
        return Arch(**values)
    except TypeError as exc:
        raise ModelUnavailable(f"{path.name}: {exc}.", "`model.arch.dim` is required.") from exc


def _check_mel(path: Path, mel: dict[str, Any]) -> None:
    kind = mel.get("mel_spec_type", "vocos")
    if kind != "vocos":
        raise ModelUnavailable(
            f"{path.name} was trained for the {kind!r} vocoder.",
            "This worker decodes with Vocos; use the Vocos variant of the checkpoint.",
        )
    expected = MelConfig()
    given = {
        "sample_rate": mel.get("target_sample_rate", expected.sample_rate),
        "n_mels": mel.get("n_mel_channels", expected.n_mels),
        "hop_length": mel.get("hop_length", expected.hop_length),
        "win_length": mel.get("win_length", expected.win_length),
        "n_fft": mel.get("n_fft", expected.n_fft),
    }
    for name, value in given.items():
        if value != getattr(expected, name):
            raise ModelUnavailable(
                f"{path.name}: mel_spec {name} is {value}, F5-TTS uses {getattr(expected, name)}.",
                "Only F5-TTS's own mel front end is supported.",
            )
