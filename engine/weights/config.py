"""The YAML configs that f5-tts publishes, or a custom one, to the shape of a model."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from engine.arch import Arch, MelConfig
from engine.reading import Unreadable, read_yaml
from errors import ModelUnavailable

PUBLISHED_CONFIGS = ("F5TTS_v1_Base", "F5TTS_Base", "F5TTS_v1_Small", "F5TTS_Small")
# Where f5-tts's names differ from ours.
_ARCH_NAMES = {"text_embedding_average_upsampling": "average_upsampling"}
_MEL_NAMES = {
    "target_sample_rate": "sample_rate",
    "n_mel_channels": "n_mels",
    "mel_spec_type": "kind",
}
T = TypeVar("T")
# Settings of training or of other kernels; they do not change what inference computes here.
_IGNORED = {"checkpoint_activations", "attn_backend", "attn_mask_enabled", "dropout"}


def package_file(relative: str) -> Path:
    """Path of a data file of the f5-tts package, found without importing the package.

    Importing `f5_tts` would pull in its training stack; the worker only reads its data files.
    Raises ModelUnavailable: f5-tts is not installed.
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


def read_config(path: Path) -> tuple[Arch, MelConfig]:
    """Reads `model.arch` and `model.mel_spec` of an f5-tts YAML config. Raises ModelUnavailable:
    unreadable YAML, a backbone other than DiT, or an architecture field that is unknown."""
    try:
        model = read_yaml(path)["model"]
        arch, mel = dict(model["arch"]), dict(model.get("mel_spec") or {})
    except (KeyError, TypeError, ValueError) as exc:
        problem = exc if isinstance(exc, Unreadable) else "it has no `model` with an `arch`"
        raise ModelUnavailable(
            f"{path} is not an F5-TTS model config: {problem}.",
            "It needs `model.arch` and `model.backbone`, as in f5-tts's configs/*.yaml.",
        ) from exc
    backbone = model.get("backbone", "DiT")
    if backbone != "DiT":
        raise ModelUnavailable(
            f"{path.name} asks for backbone {backbone!r}.",
            "This worker runs F5-TTS (DiT); E2-TTS (UNetT) and MMDiT are not supported.",
        )
    return _arch(path, arch), _mel(path, mel)


def _arch(path: Path, raw: Mapping[str, Any]) -> Arch:
    known = {f.name for f in fields(Arch)}
    values = {_ARCH_NAMES.get(k, k): v for k, v in raw.items() if k not in _IGNORED}
    if unknown := sorted(set(values) - known):
        raise ModelUnavailable(
            f"{path.name} has architecture fields this worker does not know: {', '.join(unknown)}.",
            f"Known: {', '.join(sorted(known))}.",
        )
    if values.get("text_dim") is None:
        values.pop("text_dim", None)  # f5-tts: text_dim defaults to mel_dim
    if "dim" not in values:
        raise ModelUnavailable(f"{path.name} has no `model.arch.dim`.", "It is required.")
    return _checked(Arch, values, f"{path.name} has wrong values in `model.arch`", _ARCH_NAMES)


def _mel(path: Path, raw: Mapping[str, Any]) -> MelConfig:
    """F5-TTS's own values where the YAML leaves one out."""
    known = {f.name for f in fields(MelConfig)}
    values = {_MEL_NAMES.get(k, k): v for k, v in raw.items()}
    values = {name: value for name, value in values.items() if name in known}
    return _checked(
        MelConfig, values, f"{path.name} has wrong values in `model.mel_spec`", _MEL_NAMES
    )


def _checked(of: type[T], values: Mapping[str, Any], fault: str, names: Mapping[str, str]) -> T:
    """An object of `values`. Raises ModelUnavailable: some have no sense; names them as the file
    does."""
    theirs = {ours: name for name, ours in names.items()}
    try:
        return TypeAdapter(of).validate_python(values)
    except ValidationError as exc:
        wrong = [(str(error["loc"][0]), error["msg"].lower()) for error in exc.errors()]
        said = "; ".join(f"{theirs.get(name, name)}: {why}" for name, why in wrong)
        raise ModelUnavailable(
            f"{fault}: {said}.", "Take the values that the model was trained with."
        ) from exc
