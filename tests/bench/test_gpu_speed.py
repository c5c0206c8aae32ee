"""The comparison with f5-tts on a GPU: both sides are given the same work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.gpu import speed
from bench.gpu.setting import Scale, Setting


class Side:
    """Speaks a letter in a second."""

    engine = SimpleNamespace(dtype="float32")

    def __init__(self) -> None:
        self.took_s = 0.0

    def speak(self, texts: list[str], _nfe: int) -> None:
        self.took_s = float(sum(map(len, texts)))


def test_f5_tts_and_the_worker_are_timed_on_jobs_of_the_same_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_flight(setting: Setting, jobs: int, _nfe: int) -> dict[str, float]:
        return {"worker_s": sum(map(len, setting.texts(jobs))), "of_product_rate": 1.0}

    def seconds(_: Setting, run: Callable[[], object]) -> float:
        run()
        return theirs.took_s

    monkeypatch.setattr(speed, "_in_flight", in_flight)
    monkeypatch.setattr(speed, "matmul_rate", lambda *_, **__: 1.0)
    monkeypatch.setattr(Setting, "seconds", seconds)
    theirs, setting = Side(), Setting("cpu", Scale(), tmp_path)
    setting.__dict__ |= {"ours": Side(), "theirs": theirs}
    found = speed.against(setting)
    ratios = {name: case["ratio"] for name, case in found.items() if isinstance(case, dict)}
    assert ratios == {name: pytest.approx(1, abs=0.02) for name in ratios}
    assert {name.partition(",")[0] for name in ratios} == {
        f"{jobs} in flight" for jobs in Scale().in_flight
    }
