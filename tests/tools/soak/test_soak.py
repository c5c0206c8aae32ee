"""A small soak: everything the large one does, in a minute or so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.soak import __main__ as command


@pytest.mark.slow
def test_sixty_jobs_two_strikes_and_no_violation(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    code = command.main(["--jobs", "60", "--strikes", "2"])
    said = capsys.readouterr()
    assert code == 0, said.err
    found = json.loads(said.out)
    assert found["violations"] == []
    assert found["kill -9"] == found["SIGTERM"] == 1
    assert found["jobs in flight when struck"] >= 2
    [kept] = tmp_path.iterdir()
    assert json.loads(kept.read_text()) == found
