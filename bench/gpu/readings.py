"""What the figures of a GPU say: one sentence each, with the default that it speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import geometric_mean
from typing import Any

from bench.gpu.options import VARIANTS, variants

Figures = Mapping[str, Any]  # one part of a report, as its module gives it

NEAR_BEST = 0.95  # a pass within 5 % of the best rate is long enough
_WORTH = 1.05  # times as fast, for an option to become a default
_SAME_SPEECH = 0.02  # relative error of a mel, of the order of what rounding to bf16 makes
_NEW_LENGTH_MS = 5.0


def against(found: Figures) -> str:
    """How many times as fast as f5-tts, from one job alone to many."""
    ratios = {name: case["ratio"] for name, case in found.items() if isinstance(case, Mapping)}
    alone = [ratio for name, ratio in ratios.items() if name.startswith("1 in flight")]
    least, most = min(ratios.values()), max(ratios.values())
    best = max(ratios, key=lambda name: ratios[name])
    return (
        f"A job alone is {min(alone):.2f} to {max(alone):.2f} times as fast as f5-tts; overall "
        f"{least:.2f} to {most:.2f} times, the most with {best}. It runs in {found['dtype']}; the "
        f"device multiplied at {found['product_tflops']:.0f} TFLOP/s. No default hangs on this."
    )


def shares(found: Figures) -> str:
    """For every pass, whether launching or the device is what takes the time."""
    return "\n".join(f"- {name}: {_bound(case)}" for name, case in found.items())


def _bound(case: Figures) -> str:
    step, busy, issue = case["step_ms"], case["device_ms"], case["issue_ms"]
    fusable = case["shares"]["element-wise"]
    if busy < 0.85 * step:
        return (
            f"**launching** takes the time: the device works in {busy / step:.0%} of a step. Fewer "
            f"launches or graphs could make it up to {step / busy:.1f} times as fast."
        )
    spare = "" if issue < 0.85 * step else ", and launching takes nearly as long"
    return (
        f"the **device** is busy all the time{spare}. Fused kernels can save part of "
        f"the {fusable:.0%} that element-wise passes take; graphs nothing."
    )


def options(found: Figures) -> str:
    """For every variant, how much faster or slower than the first, and if it says the same."""
    names = list(found)
    first = found[names[0]]
    if "error" in first:
        return f"The engine as it starts failed: {first['error']}"
    lines = [_variant(name, found[name], first) for name in names[1:]]
    return "\n".join(f"- {line}" for line in lines)


def _variant(name: str, case: Figures, first: Figures) -> str:
    if "error" in case:
        return f"{name}: does not run here ({str(case['error']).splitlines()[0]})."
    timed = [key for key in first if key.endswith("_s") or key.startswith("step_ms")]
    gains = [first[key] / case[key] for key in timed]
    low, high = min(gains), max(gains)
    text = f"{name}: {low:.2f} to {high:.2f} times as fast as the engine as it starts"
    if not case["mel_error"] <= _SAME_SPEECH:  # nor when it is no number
        return f"{text}, but its mel differs by {case['mel_error']:.1%}: not to be taken."
    if low > 1 / _WORTH and geometric_mean(gains) > _WORTH:
        if VARIANTS.get(name) and name not in variants():
            return f"{text}; this version starts with it."
        changed = f"; its mel differs by {case['mel_error']:.2%}" if case["mel_error"] else ""
        return f"{text}: **worth setting** on this card{_settings(name)}{changed}."
    if high < _WORTH and low < 1 / _WORTH:
        return f"{text}: the default is right."
    return f"{text}: a matter of which jobs come, or no difference."


def _settings(name: str) -> str:
    """How a variant is set for a worker."""
    changed = VARIANTS.get(name, {})
    given = ((f"F5_{key.upper()}", str(value).lower()) for key, value in changed.items())
    said = ", ".join(f"`{variable}={value}`" for variable, value in given)
    return f" ({said})" if said else ""


def precision(found: Figures) -> str:
    """For every model, whether fp16 may be the half precision."""
    lines = []
    for name in (key for key in found if key.endswith(", float16")):
        model = name.removesuffix(", float16")
        fp16, bf16 = found[name], found[f"{model}, bfloat16"]
        if not fp16["finite"]:
            lines.append(f"- {model}: it overflows in fp16; bf16 is right for it.")
            continue
        times = bf16["mel_error"] / max(fp16["mel_error"], 1e-12)
        verdict = "fp16 is right as the default" if times > 1 else "bf16 would be no worse"
        lines.append(
            f"- {model}: bf16's error is {times:.1f} times fp16's; the largest value is "
            f"{fp16['largest_of_fp16']:.2%} of what fp16 holds: {verdict}."
        )
    return "\n".join(lines)


def budgets(found: Figures) -> str:
    """The smallest budget within 5 % of the best, and what the engine took by itself."""
    cases = {int(key): case for key, case in found.items() if isinstance(case, Mapping)}
    quick = min(case["all_s"] for case in cases.values())
    enough = [frames for frames, case in cases.items() if case["all_s"] <= quick / NEAR_BEST]
    rates = {frames: case["frames_per_s"] or 0.0 for frames, case in cases.items()}
    full = [frames for frames, rate in rates.items() if rate >= NEAR_BEST * max(rates.values())]
    return (
        f"All jobs are done within 5 % of the best time from {min(enough):,} frames on, and a step "
        f"is within 5 % of the best rate from {min(full):,} on. The engine took "
        f"{found['default']:,} by itself: it is right if it is near the larger of the two."
    )


def lengths(found: Figures) -> str:
    """Whether a new length costs enough for rows to come in few lengths."""
    extra = {stage: case["first_ms"] - case["second_ms"] for stage, case in found.items()}
    stage = max(extra, key=lambda name: extra[name])
    more = (
        f"A new length costs most in the {stage}: {extra[stage]:.1f} ms more than the second time"
    )
    if extra[stage] > _NEW_LENGTH_MS:
        return f"{more}. Rows rounded up to few lengths are worth their padding."
    return f"{more}. Rounding rows up to few lengths is not needed for this."


def ready(found: Figures) -> str:
    """The time of a start with a warm disk cache."""
    last = list(found.values())[-1]
    return (
        f"A worker whose files are in the disk's cache is ready {last['ready_s']:.1f} s after its "
        f"process began, {last['load_s']:.1f} s of it for the model. The first job takes "
        f"{last['first_job_s']:.2f} s and the second {last['second_job_s']:.2f} s: what differs is "
        "what the warm-up leaves to the first job."
    )
