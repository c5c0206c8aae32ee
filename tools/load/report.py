"""What a load run comes to: percentiles, rates, failures and cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tools.load.client import Outcome

_PERCENTILES = (50, 90, 99)


def report(
    outcomes: Sequence[Outcome], span_s: float, workers: int, gpu_price: float | None
) -> dict[str, Any]:
    """The figures, times in seconds. Latency, delay and execution are those of successful jobs.

    Cost per audio hour: `workers` paid for the whole span (`gpu_price` dollars an hour each, idle
    or not) over the hours of audio that came out; None without a price or without audio.
    """
    good = [outcome for outcome in outcomes if outcome.error_code is None]
    audio_s = sum(outcome.audio_s for outcome in good)
    cost = None
    if gpu_price is not None and audio_s > 0:
        cost = round(gpu_price * workers * span_s / audio_s, 4)
    return {
        "jobs": len(outcomes),
        "completed": len(good),
        "failed": len(outcomes) - len(good),
        "failures": dict(Counter(o.error_code for o in outcomes if o.error_code).most_common()),
        "latency_s": _percentiles([o.latency_s for o in good]),
        "queue_delay_s": _percentiles([o.delay_s for o in good if o.delay_s is not None]),
        "execution_s": _percentiles([o.execution_s for o in good if o.execution_s is not None]),
        "span_s": round(span_s, 3),
        "jobs_per_s": round(len(good) / span_s, 3) if span_s > 0 else None,
        "audio_s": round(audio_s, 3),
        "audio_s_per_s": round(audio_s / span_s, 3) if span_s > 0 else None,
        "throttled_requests": sum(outcome.throttled for outcome in outcomes),
        "workers": workers,
        "gpu_price_per_hour": gpu_price,
        "cost_per_audio_hour": cost,
    }


def table(found: Mapping[str, Any]) -> str:
    """The report for people."""
    lines = [
        f"{found['completed']} of {found['jobs']} jobs in {found['span_s']:.1f} s"
        f" ({_number(found['jobs_per_s'])} a second)",
        f"{'seconds':<16}" + "".join(f"{f'p{p}':>9}" for p in _PERCENTILES),
    ]
    for name in ("latency_s", "queue_delay_s", "execution_s"):
        title = name.removesuffix("_s").replace("_", " ")
        values = "".join(f"{_number(found[name][f'p{p}']):>9}" for p in _PERCENTILES)
        lines.append(f"{title:<16}{values}")
    lines.append(
        f"{found['audio_s']:.1f} s of audio, {_number(found['audio_s_per_s'])} a second"
        f" with {found['workers']} worker(s)"
    )
    if found["cost_per_audio_hour"] is not None:
        lines.append(f"${found['cost_per_audio_hour']:.4f} an hour of audio")
    if found["throttled_requests"]:
        lines.append(f"{found['throttled_requests']} requests were told to wait (429)")
    lines += [f"{count} x {code}" for code, count in found["failures"].items()]
    return "\n".join(lines) + "\n"


def _percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """None of nothing."""
    return {
        f"p{percent}": round(float(np.percentile(values, percent)), 3) if values else None
        for percent in _PERCENTILES
    }


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
