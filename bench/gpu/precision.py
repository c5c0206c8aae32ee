"""How far the mel in half precision is from that in fp32: same weights, noise and steps.

Two models: the published size with random weights, and the demo checkpoint, which has learnt to
speak and so has the activations of a trained model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import soundfile
import torch
from torch import Tensor

from bench.full_size import Ours
from bench.gpu.passes import new_flow
from bench.gpu.setting import Setting, say
from bench.reference import ROOT
from engine.arch import MelConfig
from engine.chunk import Reference, SpeechParameters
from engine.mel import LogMel
from engine.sampler import PreparedSchedule, Schedule
from engine.weights.locate import ModelFiles, ModelRequest, locate

_FORMATS = {dtype: {"dtype": dtype} for dtype in ("float32", "float16", "bfloat16")}
_VOICE = ROOT / "assets" / "voices" / "demo.flac"
_SENTENCES = (
    "The train to the coast leaves at a quarter past nine.",
    "Nobody knew where the old map had gone, and so they walked on without it.",
)
_LARGEST_FP16 = 65_504.0


def errors(setting: Setting) -> dict[str, Any]:
    """For both models and every format: relative L2 error of the new frames' mel to fp32's, the
    largest value that a layer gave as a share of what fp16 can hold, and whether all was finite.
    On a GPU the demo checkpoint is compared with fp32 on the CPU, which the tests compare with
    f5-tts: so the device's own kernels are judged as well."""
    own = "published size, random weights" if setting.on_gpu else "tiny model"
    found: dict[str, Any] = {}
    _compare(setting, own, setting.files, _FORMATS, found)
    on_cpu = {"float32 on the CPU": {"dtype": "float32", "device": "cpu"}} if setting.on_gpu else {}
    demo = locate(ModelRequest(model="demo"))
    _compare(setting, "demo checkpoint", demo, on_cpu | _FORMATS, found)
    return found


def _compare(
    setting: Setting,
    name: str,
    files: ModelFiles,
    formats: dict[str, dict[str, Any]],
    found: dict[str, Any],
) -> None:
    """Adds every format of a model to `found`, each compared with the first of them."""
    exact: Tensor | None = None
    for kind, changed in formats.items():
        case, mels = _spoken(setting, files, changed)
        exact = mels if exact is None else exact
        case["mel_error"] = float((mels - exact).norm() / exact.norm())
        found[f"{name}, {kind}"] = case
        setting.keep(found)
        say(f"  {name}, {kind}: {case}")


def _spoken(
    setting: Setting, files: ModelFiles, changed: dict[str, Any]
) -> tuple[dict[str, Any], Tensor]:
    """What is to be known of the format, and the mels (frames, n_mels) of all sentences."""
    ours, _ = setting.engine_with(files, warm_up=False, **changed)
    try:
        with _Largest(ours) as largest:
            mels = sentences_of(ours, demo_voice(setting), setting.scale.mix_steps)
        case: dict[str, Any] = {
            "ran_in": ours.engine.dtype,
            "finite": bool(torch.isfinite(mels).all()),
            "largest_of_fp16": largest.value / _LARGEST_FP16,
        }
        return case, mels
    finally:
        ours.close()


def demo_voice(setting: Setting) -> Reference:
    """The bundled demo voice; the rehearsal takes a second of it."""
    samples, rate = soundfile.read(_VOICE, dtype="float32")
    samples = samples if setting.on_gpu else samples[:rate]
    text = _VOICE.with_suffix(".txt").read_text("utf-8").strip() + " "
    rms = float(np.sqrt(np.mean(np.square(samples))))
    return Reference("demo", samples, rms, len(samples) / rate, text, "demo")


def sentences_of(ours: Ours, voice: Reference, steps: int) -> Tensor:
    """(frames, n_mels) on the CPU: the new speech of every sentence, one after the other."""
    synthesizer = ours.engine.synthesizer
    flow = new_flow(ours)
    schedule = PreparedSchedule.of(flow.model, Schedule(steps))
    chunks = [
        chunk for text in _SENTENCES for chunk in synthesizer.plan(voice, text, SpeechParameters())
    ]
    cond = LogMel(MelConfig(), torch.device("cpu"))(torch.from_numpy(voice.samples))
    trajectories = []
    for chunk in chunks:
        tokens = torch.tensor(chunk.tokens)
        strength = chunk.parameters.cfg_strength
        trajectory = flow.start(
            cond, tokens, chunk.frames, schedule, seed=chunk.seed, cfg_strength=strength
        )
        flow.admit(trajectory)
        trajectories.append(trajectory)
    for _ in range(steps):
        flow.step()
    for trajectory in trajectories:
        flow.leave(trajectory)
    speech = [t.mel[c.ref_frames :] for t, c in zip(trajectories, chunks, strict=True)]
    return torch.cat(speech).float().cpu()


class _Largest:
    """The largest magnitude that any layer of the model gave."""

    def __init__(self, ours: Ours) -> None:
        self._model = ours.engine.synthesizer.batcher.model
        self._seen: list[Tensor] = []

    def __enter__(self) -> _Largest:
        def keep(_module: object, _given: object, made: Any) -> None:
            if isinstance(made, Tensor):
                self._seen.append(made.detach().abs().max().float())

        leaves = [m for m in self._model.modules() if not list(m.children())]
        self._hooks = [module.register_forward_hook(keep) for module in leaves]
        return self

    def __exit__(self, *exc: object) -> None:
        for hook in self._hooks:
            hook.remove()

    @property
    def value(self) -> float:
        return max((float(seen) for seen in self._seen), default=0.0)
