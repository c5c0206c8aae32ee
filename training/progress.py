"""What a training run leaves to be read: a line of JSON for every step, and its losses as curves.

{"step": 3, "seconds": 0.512, "learning_rate": 1.44e-05, "loss": 2.1873, "sounds": 4.6021}
"""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path

NOT_LOSSES = ("step", "seconds", "learning_rate")
Row = dict[str, float]  # what a line says, by name


class ProgressLog:
    """Appends a line to a file after each step."""

    def __init__(self, path: Path, *, first_step: int) -> None:
        """Of what the file has already, the steps up to `first_step` are kept."""
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = "".join(_line(row) for row in read(path) if row["step"] <= first_step)
        part = path.with_name(f"{path.name}.part")
        part.write_text(kept)
        part.replace(path)
        self.path = path
        self._recent: deque[Row] = deque(maxlen=200)

    def __str__(self) -> str:
        """The mean of each loss over the last 200 steps."""
        return ", ".join(f"{name} {mean:.3f}" for name, mean in _means(list(self._recent)).items())

    def add(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """Notes a step: how long it took, its learning rate and its losses by name."""
        row = {"step": step, "seconds": seconds, **values}
        self._recent.append(row)
        with self.path.open("a") as file:
            file.write(_line(row))


def read(path: Path) -> list[Row]:
    """Every whole line of a log; none if there is no file."""
    if not path.is_file():
        return []
    lines = path.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def plot(log: Path, picture: Path, *, window: int = 100) -> None:
    """Draws each loss of a log, as the mean of every `window` steps; no picture of an empty log."""
    rows = read(log)
    groups = [rows[i : i + window] for i in range(0, len(rows), window)]
    if not groups:
        return
    from matplotlib.figure import Figure  # a second and more: for the curves alone

    figure = Figure(figsize=(7, 3.5))
    axes = figure.subplots(gridspec_kw={"left": 0.1, "right": 0.97, "bottom": 0.14, "top": 0.97})
    points = [_means(group) for group in groups]
    for name in points[0]:
        steps, losses = [group[-1]["step"] for group in groups], [mean[name] for mean in points]
        axes.plot(steps, losses, marker=".", markersize=2, label=name, gid=name)
    axes.set(xlabel="step", ylabel=f"mean of {window} steps", yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(picture)


def _means(rows: list[Row]) -> dict[str, float]:
    names = [name for name in rows[0] if name not in NOT_LOSSES] if rows else []
    return {name: sum(row[name] for row in rows) / len(rows) for name in names}


def _line(row: Row) -> str:
    short = {name: float(f"{value:.5g}") for name, value in row.items() if name != "step"}
    return json.dumps({"step": row["step"], **short}) + "\n"
