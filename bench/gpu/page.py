"""docs/bench-gpu.md, written from the files of results: tables, what they mean and change."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.gpu import readings
from bench.gpu.readings import Figures

DOC = Path(__file__).parent.parent.parent / "docs" / "bench-gpu.md"
BEFORE = "before"  # the label of a report to compare with

_HEAD = """# The engine on a GPU: `make bench-gpu`

On the machine with the card:

```sh not run here
make bench-gpu
TORCH_INDEX=https://download.pytorch.org/whl/cu126 make bench-gpu  # a driver before CUDA 13
```

It installs what it needs into `.venv`, asks for no account and no weights, and measures everything
below in about five minutes on an H100. The figures go to [bench/results](../bench/results), and
this page is written anew from the newest. The text below each table says what its figures mean for
a default; what is **worth setting** on your card is named with its
[variable](../CONFIG.md#all-variables).

`.venv/bin/python -m bench.gpu` has options: `--only PART` for a part; `--label before` with an
older version, to compare (this version's `bench/` runs over an older tree too); `--add FILE` for
results from elsewhere; `--page` writes this page alone. Without a GPU it is a rehearsal on the CPU
with a tiny model, which says so and leaves this page as it is.

The model has the published size (F5TTS_v1_Base, 337 million parameters, and its Vocos) and random
weights, which take the same time as trained ones. f5-tts is `infer_process` as released, in fp16.
Whether a card gives the right speech at all is for `pytest -m gpu tests/engine/test_cuda.py`.
"""


@dataclass(frozen=True)
class Part:
    """A section: its title, what its figures mean, its table, and what they change."""

    title: str
    meaning: str
    rows: Callable[[Figures, Figures], Iterator[list[str]]]
    reading: Callable[[Figures], str]


def write_page(results: Path, doc: Path = DOC) -> Path:
    """Writes the page from the newest results in `results`; returns where it is."""
    doc.write_text(page(*newest(results)), "utf-8")
    return doc


def newest(results: Path) -> tuple[Figures | None, Figures | None]:
    """The newest report of a GPU, and the newest of the same GPU labelled as before it."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(results.glob("*-gpu-*.json"))]
    now = next((one for one in reversed(found) if one["label"] != BEFORE), None)
    same = [one for one in found if now and one["machine"]["gpu"] == now["machine"]["gpu"]]
    return now, next((one for one in reversed(same) if one["label"] == BEFORE), None)


def page(now: Figures | None, before: Figures | None = None) -> str:
    """The whole document; without a report it says what would be measured."""
    text = [_HEAD, _machine(now, before)]
    for name, part in PARTS.items():
        text += [f"## {part.title}\n", part.meaning]
        figures = (now or {"parts": {}})["parts"].get(name)
        old = (before or {"parts": {}})["parts"].get(name) or {}
        if figures is None:
            text.append("Not measured yet.\n")
        elif "error" in figures:
            text.append(f"It failed when it was measured: `{figures['error']}`\n")
        else:
            text.append(_table(list(part.rows(figures, {} if "error" in old else old))))
            text.append(part.reading(figures) + "\n")
    return "\n".join(text)


def _machine(now: Figures | None, before: Figures | None) -> str:
    if now is None:
        return "**No GPU has been measured yet.** What would be, and what it would change:\n"
    m = now["machine"]
    text = (
        f"Measured on {now['date']}: {m['gpu']} ({m['memory_gib']} GiB), PyTorch {m['torch']}, "
        f"Python {m['python']}, {m['cores']} CPU cores ({m['cpu']}). "
        "Another card gives other figures.\n"
    )
    if before:
        text += f"\n“Before” is an older version on the same kind of card, {before['date']}.\n"
    said = now["parts"].get("against", {}).get("said", [])
    quoted = "".join(f"> {_without_paths(line)}\n>\n" for line in said)
    return text + (f"\nThe engine said when it started:\n\n{quoted}" if quoted else "")


def _without_paths(line: str) -> str:
    return re.sub(r"(?<!\S)/\S+", "…", line)


def _table(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _number(value: float | None, digits: int = 3) -> str:
    """So many digits that count, no exponents."""
    if value is None:
        return ""
    if value == 0 or abs(value) >= 10**digits:
        return f"{value:,.0f}"
    text = f"{value:.{digits}g}"
    return f"{value:.5f}" if "e" in text else text


def _against(now: Figures, before: Figures) -> Iterator[list[str]]:
    old = ["before, s"] if before else []
    yield ["jobs", "f5-tts, s", "worker, s", "times", "RTF", "of the product rate", *old]
    for name, case in now.items():
        if isinstance(case, dict):
            share = case.get("of_product_rate")
            yield [
                name,
                _number(case["f5_tts_s"]),
                _number(case["worker_s"]),
                f"{case['ratio']:.2f}",
                _number(case.get("rtf")),
                "" if share is None else f"{share:.0%}",
                *([_number(before.get(name, {}).get("worker_s"))] if before else []),
            ]


def _shares(now: Figures, before: Figures) -> Iterator[list[str]]:
    old = ["before, ms", "before, launches"] if before else []
    kinds = list(next(iter(now.values()))["shares"])
    timed = ["step_ms", "issue_ms", "device_ms"]
    yield ["pass", "frames", "step, ms", "launched in", "device", "launches", *kinds, *old]
    for name, case in now.items():
        was = before.get(name, {})
        yield [
            name,
            f"{case['tokens']:,}",
            *(_number(case[key]) for key in timed),
            f"{case['launches']:,}",
            *(f"{share:.0%}" for share in case["shares"].values()),
            *([_number(was.get("step_ms")), f"{was.get('launches', 0):,}"] if before else []),
        ]


def _options(now: Figures, _: Figures) -> Iterator[list[str]]:
    ran = [case for case in now.values() if "error" not in case]
    keys = [key for key in (ran[0] if ran else {}) if key not in ("said", "ran_in", "mel_error")]
    yield ["engine", *(_plain(key) for key in keys), "mel differs by", "what it took"]
    for name, case in now.items():
        if "error" not in case:
            error = f"{case['mel_error']:.2%}"
            yield [name, *(_number(case[key]) for key in keys), error, _taken(case["said"])]


def _taken(said: list[str]) -> str:
    """Format and kernels, from what an engine said when it started."""
    found = (re.search(r"weights loaded in (.+)|\((.+ attention.*?)\)", line) for line in said)
    return next((match[1] or match[2] for match in found if match), "")


def _precision(now: Figures, _: Figures) -> Iterator[list[str]]:
    yield ["model and format", "ran in", "mel error", "largest value, of fp16's", "finite"]
    for name, case in now.items():
        finite = "yes" if case["finite"] else "**no**"
        largest = f"{case['largest_of_fp16']:.2%}"
        yield [name, case["ran_in"], f"{case['mel_error']:.3%}", largest, finite]


def _budgets(now: Figures, before: Figures) -> Iterator[list[str]]:
    old = ["before: first, s", "before: all, s"] if before else []
    yield ["frames a pass", "first job, s", "mean", "all", "frames a second", *old]
    for name, case in now.items():
        if isinstance(case, dict):
            was = before.get(name, {})
            keys = ("first_s", "mean_s", "all_s", "frames_per_s")
            more = [_number(was.get(key)) for key in ("first_s", "all_s")] if before else []
            yield [f"{int(name):,}", *(_number(case[key]) for key in keys), *more]


def _plain_rows(now: Figures, _: Figures) -> Iterator[list[str]]:
    keys = list(next(iter(now.values())))
    yield ["", *(_plain(key) for key in keys)]
    for name, case in now.items():
        yield [name, *(_number(case[key]) for key in keys)]


def _plain(key: str) -> str:
    """A figure's name as people read it: `first_job_s` is "first job, s"."""
    for unit in ("ms", "s"):
        if key.endswith(f"_{unit}"):
            return f"{key.removesuffix(f'_{unit}').replace('_', ' ')}, {unit}"
    return key.replace("step_ms, ", "step of ") + (", ms" if key.startswith("step_ms, ") else "")


PARTS = {
    "against": Part(
        "Against f5-tts",
        "All jobs of a row are there at once. f5-tts speaks them one after the other: of many "
        "its time is that of four, as long on average, times their number. RTF: seconds to make a "
        "second of speech. The last share compares with the device's rate in one large "
        "product; norms, attention and the vocoder count as time lost.\n",
        _against,
        readings.against,
    ),
    "shares": Part(
        "Where a step's time goes",
        "A step takes every chunk of a pass through the model once. “Launched in” is how long"
        " the processor takes to hand a step to an idle device, “device” how long the device "
        "computes. The larger of the two is the time of a step: see which one it is before "
        "you optimise. (Beyond about a thousand launches a full queue makes the processor "
        "wait for the device.)\n",
        _shares,
        readings.shares,
    ),
    "options": Part(
        "The engine's options",
        "Every row is an engine of its own, started with some options changed. Steps have "
        "each chunk at a step of its own, as when jobs come one after the other. The last "
        "columns tell whether it says the same as the first row, and which format and kernels it "
        "took: what does not agree with PyTorch's result at start is not taken.\n",
        _options,
        readings.options,
    ),
    "budgets": Part(
        "Frames a pass may hold",
        "32 jobs that come together, by `F5_MAX_BATCH_FRAMES`. A small budget brings the "
        "first jobs early, a larger one keeps the device busy; past some size it only makes "
        "all wait.\n",
        _budgets,
        readings.budgets,
    ),
    "lengths": Part(
        "A length that was not met before",
        "Libraries look for the best plan when a shape is new. First against second time, "
        "from the start of a chunk (text and reference encoded) over its first step to its "
        "waveform.\n",
        _plain_rows,
        readings.lengths,
    ),
    "ready": Part(
        "From a fresh process to speech",
        "Python's start, imports, the device's context, weights from local disk and the warm-"
        "up are in the time to ready; downloads, the image's own start and the platform's are"
        " not.\n",
        _plain_rows,
        readings.ready,
    ),
    "precision": Part(
        "Half precision",
        "How far the mel is from that in fp32: same weights, noise and steps. The demo "
        "checkpoint's fp32 is a CPU's, so the device's own kernels are judged with it. It "
        "decides `F5_DTYPE`'s `auto`. fp16 ends at 65,504: the largest value tells how far a "
        "model is from that.\n",
        _precision,
        readings.precision,
    ),
}
