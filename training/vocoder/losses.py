"""The parts of the vocoder's loss over its steps: a CSV file, and their curves as a picture."""

from __future__ import annotations

import csv
import logging
from pathlib import Path

log = logging.getLogger("demo.vocoder")

Losses = list[tuple[int, dict[str, float]]]  # step, and the mean since the last one by name


def write(losses: Losses, path: Path) -> None:
    """One line an entry."""
    if not losses:
        return
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", *losses[0][1]])
        writer.writerows(
            [step, *(f"{value:.4f}" for value in mean.values())] for step, mean in losses
        )


def plot(losses: Losses, picture: Path) -> bool:
    """A curve a part over steps; False if there is nothing to draw or matplotlib is missing."""
    try:
        import matplotlib
    except ImportError:
        log.warning("no loss plot: pip install -r requirements/training.txt")
        return False
    if not losses:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3.5))
    for name in losses[0][1]:
        axes.plot([step for step, _ in losses], [mean[name] for _, mean in losses], label=name)
    axes.set_xlabel("step")
    axes.set_ylabel("mean of 50 steps")
    axes.set_yscale("log")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.tight_layout()
    figure.savefig(picture)
    pyplot.close(figure)
    return True
