"""The engine's options on and off: what each costs or gains, and if the speech stays the same."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from torch import Tensor

from bench.full_size import text_of
from bench.gpu.passes import Pass, counted
from bench.gpu.precision import demo_voice, sentences_of
from bench.gpu.setting import Setting, say
from engine.config import EngineConfig

# Each is measured if this version of the engine has its options.
VARIANTS: dict[str, dict[str, Any]] = {
    "as it starts": {},
    "plain kernels, no graphs": {"kernels": "torch", "graphs": False},
    "fused kernels, no graphs": {"kernels": "fused", "graphs": False},
    "plain kernels, graphs": {"kernels": "torch", "graphs": True},
    "fused kernels, graphs": {"kernels": "fused", "graphs": True},
    "plain kernels": {"kernels": "torch"},
    "fused kernels": {"kernels": "fused"},
    "fp16": {"dtype": "float16"},
    "bf16": {"dtype": "bfloat16"},
    "attention by sdpa": {"attention": "sdpa"},
    "chunks join at batches": {"join": "batch"},
}
_CHECKED_STEPS = 8


def options(setting: Setting) -> dict[str, Any]:
    """For every variant: seconds of jobs, milliseconds of steps, what the engine said at its start,
    and the relative error of its mel to the first variant's."""
    found: dict[str, Any] = {}
    first: Tensor | None = None
    for name, changed in variants().items():
        if "dtype" in changed and changed["dtype"] == found["as it starts"].get("ran_in"):
            continue  # the first variant runs in it already
        try:
            case, mels = _measured(setting, changed)
        except Exception as exc:  # one variant that does not run must not cost the others
            found[name] = {"error": f"{type(exc).__name__}: {exc}"}
        else:
            first = mels if first is None else first
            found[name] = case | {"mel_error": float((mels - first).norm() / first.norm())}
        setting.keep(found)
        say(f"  {name}: { {k: v for k, v in found[name].items() if k != 'said'} }")
    return found


def variants() -> dict[str, dict[str, Any]]:
    """Those whose options this version has and does not start with; where it has both kernels and
    graphs, all four ways."""
    there = {field.name for field in fields(EngineConfig)}
    known = {name: changed for name, changed in VARIANTS.items() if changed.keys() <= there}
    if "graphs" in there:
        known.pop("plain kernels", None)
        known.pop("fused kernels", None)
    start = EngineConfig()
    if getattr(start, "kernels", "") == "auto":
        start = replace(start, kernels="fused")  # what a GPU starts with then
    return {
        name: changed
        for name, changed in known.items()
        if not changed or replace(start, **changed) != start
    }


def _measured(setting: Setting, changed: dict[str, Any]) -> tuple[dict[str, Any], Tensor]:
    scale = setting.scale
    ours, said = setting.engine_with(**changed)
    try:
        short, some = [text_of(scale.seconds)], setting.texts(8 if setting.on_gpu else 2)
        texts = setting.texts(scale.mix)
        case: dict[str, Any] = {
            "one_job_s": setting.seconds(lambda: ours.speak(short, scale.mix_steps)),
            "few_jobs_s": setting.seconds(lambda: ours.speak(some, scale.mix_steps)),
            "many_jobs_s": setting.seconds(lambda: ours.speak(texts, scale.mix_steps)),
        }
        for chunks in scale.chunks:
            one = Pass(setting, chunks, own_steps=chunks > 1, ours=ours)
            one.alone_s()
            case[f"step_ms, {counted(chunks)}"] = 1e3 * one.running_s()
            case[f"launches, {counted(chunks)}"] = sum(count for _, count, _ in one.kernels())
        case |= {"ran_in": ours.engine.dtype, "said": said}
        return case, sentences_of(ours, demo_voice(setting), _CHECKED_STEPS)
    finally:
        ours.close()
