"""The `f5-tts` package itself, imported for comparison.

f5-tts's modules import its training stack. What inference never calls of it is
replaced by empty modules here, so that the test environment stays small; every line of f5-tts that
computes anything runs as released. One function of another library is replaced: `torchaudio.load`,
by soundfile, as it needs FFmpeg.
"""

from __future__ import annotations

import importlib.machinery
import sys
import types
from functools import cache
from typing import Any

_TRAINING_ONLY = {
    "accelerate": ["Accelerator"],
    "accelerate.utils": ["DistributedDataParallelKwargs"],
    "datasets": ["Dataset", "load_from_disk"],
    "ema_pytorch": ["EMA"],
    "wandb": [],
    "librosa": [],
    "librosa.filters": ["mel"],  # BigVGAN's front end only
    "matplotlib": ["use"],
    "matplotlib.pylab": [],
    "transformers": ["pipeline"],  # ASR only
    "encodec": ["EncodecModel"],  # Vocos's other front end
}


class _NotForInference:
    def __init__(self, *args: object, **kwargs: object) -> None:
        raise AssertionError("an inference test called f5-tts's training code")


def _install_placeholders() -> None:
    for name, attributes in _TRAINING_ONLY.items():
        module = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        for attribute in attributes:
            setattr(module, attribute, _NotForInference)
        if name == "matplotlib":
            module.use = lambda *_: None  # type: ignore[attr-defined]
        sys.modules.setdefault(name, module)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


def _take_back(*names: str) -> None:
    """Whoever imports these after f5-tts gets the real ones: training draws with matplotlib."""
    for name in names:
        if not hasattr(sys.modules[name], "__file__"):  # an empty one of ours
            del sys.modules[name]


def _load_with_soundfile(path: str) -> tuple[Any, int]:
    import soundfile
    import torch

    data, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return torch.from_numpy(data.T.copy()), rate


@cache
def f5() -> types.SimpleNamespace:
    """f5-tts's inference functions and classes, as released."""
    _install_placeholders()
    import torchaudio

    torchaudio.load = _load_with_soundfile
    from f5_tts.infer import utils_infer
    from f5_tts.model import CFM, DiT
    from f5_tts.model import utils as model_utils
    from f5_tts.model.modules import MelSpec
    from vocos import Vocos

    _take_back("matplotlib", "matplotlib.pylab")
    return types.SimpleNamespace(
        infer=utils_infer, CFM=CFM, DiT=DiT, utils=model_utils, MelSpec=MelSpec, Vocos=Vocos
    )
