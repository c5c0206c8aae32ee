"""The log of a training and its curves."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from training.progress import ProgressLog, plot, read

SVG = "{http://www.w3.org/2000/svg}"


def filled(path: Path, steps: int, first_step: int = 0) -> ProgressLog:
    log = ProgressLog(path, first_step=first_step)
    for step in range(first_step + 1, steps + 1):
        log.add(step, 0.5, {"learning_rate": 1e-3, "loss": 2.0 / step, "sounds": 5.0})
    return log


def test_a_line_says_all_of_a_step(tmp_path: Path) -> None:
    log = filled(tmp_path / "run.jsonl", 3)
    assert read(log.path)[2] == {
        "step": 3,
        "seconds": 0.5,
        "learning_rate": 0.001,
        "loss": 0.66667,
        "sounds": 5.0,
    }
    assert str(log) == "loss 1.222, sounds 5.000"


def test_a_resumed_log_goes_on_after_the_step_that_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    filled(path, 5)
    filled(path, 6, first_step=3)
    assert [row["step"] for row in read(path)] == [1, 2, 3, 4, 5, 6]
    filled(path, 2)
    assert [row["step"] for row in read(path)] == [1, 2]


def test_a_torn_last_line_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    filled(path, 3)
    for cut in range(1, 60):
        path.write_text(path.read_text()[:-1])
        assert [row["step"] for row in read(path)] == [1, 2], cut


def test_there_is_a_curve_for_each_loss(tmp_path: Path) -> None:
    log, picture = filled(tmp_path / "run.jsonl", 300), tmp_path / "run.svg"
    plot(log.path, picture)
    drawn = ElementTree.parse(picture)
    lines = {
        group.attrib["id"]: group.find(f"{SVG}path")
        for group in drawn.iter(f"{SVG}g")
        if group.attrib.get("id") in ("loss", "sounds")
    }
    assert set(lines) == {"loss", "sounds"}
    heights = {
        name: [float(y) for y in path.attrib["d"].replace("L", "M").split()[2::3]]
        for name, path in lines.items()
    }
    assert len(heights["loss"]) == 3 and heights["loss"] == sorted(heights["loss"])  # downwards
    assert heights["sounds"] == pytest.approx([heights["sounds"][0]] * 3)


def test_nothing_is_drawn_of_an_empty_log(tmp_path: Path) -> None:
    plot(tmp_path / "none.jsonl", tmp_path / "run.svg")
    assert not (tmp_path / "run.svg").exists()
