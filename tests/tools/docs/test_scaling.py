"""docs/scaling.md says what the simulator says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from standins.waiting import PATIENCE_S
from tools.docs.scaling import DOC, runs, table, updated
from tools.simulate.load import Load
from tools.simulate.report import PRICES
from tools.simulate.service import assumed, read_model
from worker.settings.load import Settings

TEXT = DOC.read_text("utf-8")
RUNS = runs(TEXT)


def cells(markdown: str) -> list[list[str]]:
    """The table's rows, without the line below its head."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.split("\n")]
    return [row for row in rows if not row[0].startswith("---")]


def same(written: str, printed: str) -> bool:
    """Equal, or numbers within 3 % or one unit of the last digit: a new `make bench` moves them."""
    try:
        a, b = (float(text.rstrip("%")) for text in (written, printed))
    except ValueError:
        return written == printed
    unit = 10.0 ** -len(written.rstrip("%").partition(".")[2])
    return abs(a - b) <= max(0.03 * abs(b), unit) + 1e-9


@pytest.mark.parametrize(("options", "written"), RUNS, ids=lambda item: " ".join(item)[:60])
def test_every_table_is_what_its_command_prints(options: list[str], written: str) -> None:
    written_cells, printed_cells = cells(written), cells(table(options))
    assert len(written_cells) == len(printed_cells) >= 3, "run `make config-doc`"
    for row, now in zip(written_cells, printed_cells, strict=True):
        assert all(same(a, b) for a, b in zip(row, now, strict=True)), (row, now)


def test_no_table_is_without_its_command() -> None:
    assert len(RUNS) >= 8
    assert TEXT.count("GPU busy") == len(RUNS)


def test_a_wrong_figure_would_be_noticed() -> None:
    assert not same("4.00", "4.50")
    assert not same("12.0", "13.0")
    assert same("4.00", "4.01")


def test_renewing_keeps_everything_but_the_tables() -> None:
    assert (
        updated(TEXT, lambda options: dict((" ".join(o), t) for o, t in RUNS)[" ".join(options)])
        == TEXT
    )


def test_the_assumptions_written_are_those_used() -> None:
    model = assumed()
    assert f"{model.cost(1):.3f} s per second of speech (32 steps)" in TEXT
    assert f"{model.cost(1) / model.cost(32):.1f} times with 32 jobs in a pass" in TEXT
    speech = 30 / 60 * Load().chars_mean / Load().chars_per_s  # seconds of speech each second
    assert f"{speech * model.cost(1):.1f} workers without batching" in TEXT
    assert f"{speech * model.cost(32):.1f} with the best assumed batching" in TEXT
    assert f"${PRICES['4090']} a second" in TEXT
    assert "**assumed**" in TEXT and "GPU's speed is assumed" in TEXT


def test_the_example_of_a_model_file_can_be_read(tmp_path: Path) -> None:
    [example] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    path = tmp_path / "mine.json"
    path.write_text(example)
    assert read_model(path).source == json.loads(example)["source"]


def test_the_command_of_the_text_runs(tmp_path: Path) -> None:
    [example] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "mine.json").write_text(example)
    [command] = re.findall(r"`python -m (tools\.simulate --model mine\.json [^`]+)`", TEXT)
    words = command.replace("mine.json", str(tmp_path / "mine.json")).split()
    root = DOC.parent.parent
    result = subprocess.run(
        [sys.executable, "-m", *words], cwd=root, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert result.returncode == 0, result.stderr
    assert "H200, 2027-01-10" in result.stdout


def test_settings_named_are_settings() -> None:
    for value in re.findall(r"`MAX_CONCURRENCY`", TEXT):
        assert Settings.load({value.strip("`"): "8"}).jobs.max_concurrency == 8
