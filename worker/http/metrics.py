"""What Prometheus asks for at `/metrics`: counters of this process, written as its text format.

https://prometheus.io/docs/instrumenting/exposition_formats/. Written plainly: the few lines of a
counter do not earn a library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

# Seconds until the first sound, and the most that each bucket of the histogram counts.
FIRST_AUDIO_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_COUNTERS: Mapping[str, tuple[str, str]] = {
    "requests": ("status", "HTTP answers by status."),
    "errors": ("code", "Failed requests and jobs by the worker's error code."),
}


class Metrics:
    """Counts what the HTTP face does. Used from the event loop alone."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in _COUNTERS}
        self._first = [0] * len(FIRST_AUDIO_S)
        self._firsts, self._first_sum = 0, 0.0
        self._audio_s = self._inference_s = 0.0
        self._characters = self._texts = 0

    def answered(self, status: int) -> None:
        self._counts["requests"][str(status)] += 1

    def failed(self, code: str) -> None:
        self._counts["errors"][code] += 1

    def first_audio(self, seconds: float) -> None:
        """From a request to the first sound of its answer."""
        self._firsts, self._first_sum = self._firsts + 1, self._first_sum + seconds
        for i, most in enumerate(FIRST_AUDIO_S):
            self._first[i] += seconds <= most

    def spoken(self, metrics: Mapping[str, float]) -> None:
        """A text was spoken; `metrics` are those of its answer."""
        self._texts += 1
        self._audio_s += metrics["audio_s"]
        self._inference_s += metrics["inference_s"]
        self._characters += int(metrics["characters"])

    def lines(self, gauges: Mapping[str, tuple[str, float]]) -> Iterator[str]:
        """The page, line by line. `gauges`: name to what it is and its value now."""
        for name, (label, what) in _COUNTERS.items():
            yield from _head(f"{name}_total", "counter", what)
            for value, count in sorted(self._counts[name].items()):
                yield f'f5worker_{name}_total{{{label}="{value}"}} {count}'
        for name, what, total in (
            ("texts", "Texts spoken.", self._texts),
            ("characters", "Characters spoken.", self._characters),
            ("audio_seconds", "Seconds of sound made.", self._audio_s),
            (
                "inference_seconds",
                "Seconds texts were in the engine, side by side.",
                self._inference_s,
            ),
        ):
            yield from _head(f"{name}_total", "counter", what)
            yield f"f5worker_{name}_total {_number(total)}"
        yield from _head("first_audio_seconds", "histogram", "From a request to its first sound.")
        for most, count in zip(FIRST_AUDIO_S, self._first, strict=True):
            yield f'f5worker_first_audio_seconds_bucket{{le="{most:g}"}} {count}'
        yield f'f5worker_first_audio_seconds_bucket{{le="+Inf"}} {self._firsts}'
        yield f"f5worker_first_audio_seconds_sum {_number(self._first_sum)}"
        yield f"f5worker_first_audio_seconds_count {self._firsts}"
        for name, (what, now) in gauges.items():
            yield from _head(name, "gauge", what)
            yield f"f5worker_{name} {_number(now)}"


def _head(name: str, kind: str, what: str) -> Iterator[str]:
    yield f"# HELP f5worker_{name} {what}"
    yield f"# TYPE f5worker_{name} {kind}"


def _number(value: float) -> str:
    """With all digits: a counter that is rounded stands still, and then leaps."""
    return str(int(value)) if value == int(value) else repr(float(value))
