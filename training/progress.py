"""The loss of every step in a CSV file, and its curve as a picture."""

from __future__ import annotations

import csv
import math
from collections import deque
from pathlib import Path

_FIELDS = ("step", "loss", "sounds", "learning_rate", "seconds")
Row = tuple[int, float, float, float, float]


class LossLog:
    """Appends a line a step to a CSV file, a hundred at a time."""

    def __init__(self, path: Path, *, first_step: int) -> None:
        self.path = path
        self._recent: deque[tuple[float, float]] = deque(maxlen=200)
        self._lines: list[Row] = []
        kept = [line for line in read(path) if line[0] <= first_step] if first_step else []
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as target:
            csv.writer(target).writerows([_FIELDS, *kept])

    def __str__(self) -> str:
        """The means of the last 200 steps."""
        flow, sounds = (sum(one) / len(self._recent) for one in zip(*self._recent, strict=True))
        return f"loss {flow:.3f}, sounds {sounds:.3f}"

    def add(
        self, step: int, loss: float, sounds: float, learning_rate: float, seconds: float
    ) -> None:
        """Notes one step."""
        self._recent.append((loss, sounds))
        self._lines.append(
            (step, round(loss, 5), round(sounds, 5), round(learning_rate, 7), round(seconds, 3))
        )
        if len(self._lines) >= 100:
            self.flush()

    def flush(self) -> None:
        """Writes what has been noted."""
        with self.path.open("a", newline="") as target:
            csv.writer(target).writerows(self._lines)
        self._lines.clear()


def read(path: Path) -> list[Row]:
    """Step, loss, loss of the sounds, learning rate and seconds of every step in a CSV file; empty
    without one."""
    if not path.is_file():
        return []
    with path.open(newline="") as source:
        rows = [row for row in csv.reader(source)][1:]
    return [
        (int(step), float(loss), float(sounds), float(rate), float(seconds))
        for step, loss, sounds, rate, seconds in rows
    ]


def plot(csv_path: Path, picture: Path, *, window: int = 100) -> None:
    """Draws the mean loss of every `window` steps as an SVG."""
    rows = read(csv_path)
    groups = [rows[i : i + window] for i in range(0, len(rows), window)]
    points = [(g[-1][0], sum(row[1] for row in g) / len(g)) for g in groups]
    last = max((step for step, _ in points), default=1)
    top = math.ceil(max((loss for _, loss in points), default=1.0) * 5 + 0.2) / 5
    width, height, left, bottom = 700, 350, 60, 45

    def place(step: float, loss: float) -> tuple[float, float]:
        across, up = (width - left - 20) * step / last, (height - bottom - 15) * loss / top
        return left + across, height - bottom - up

    lines = []
    for i in range(6):
        x, y = place(last * i / 5, top * i / 5)
        lines.append(f'<path d="M{left} {y:.0f}H{width - 20}" stroke="#ddd"/>')
        lines.append(
            f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{top * i / 5:.2g}</text>'
        )
        name = f"{last * i // 5:,}"
        lines.append(f'<text x="{x:.0f}" y="{height - 26}" text-anchor="middle">{name}</text>')
    curve = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
    lines.append(f'<polyline points="{curve}" fill="none" stroke="#1f5fa8" stroke-width="2"/>')
    title = f"step; flow-matching loss, mean of {window} steps"
    lines.append(f'<text x="{width / 2}" y="{height - 8}" text-anchor="middle">{title}</text>')
    picture.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        + "".join(lines)
        + "</svg>\n"
    )
