"""`python -m training`: help at once, and the demo from a corpus to what the worker loads."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from engine.boot import load_engine
from engine.config import EngineConfig
from engine.weights.locate import ModelRequest, locate
from tests.training import synthetic
from training.__main__ import _parser, _part, main
from training.data import corpus
from training.judge.options import JudgeOptions
from training.progress import read
from training.vocoder.options import FiguresOptions

COMMANDS = ("demo", "data", "flow", "vocoder", "judge", "figures", "recordings")


def test_help_needs_no_torch() -> None:
    asked = [[], *([command] for command in COMMANDS)]
    script = (
        "import contextlib, sys, training.__main__ as command_line\n"
        f"for arguments in {asked}:\n"
        "    with contextlib.suppress(SystemExit):\n"
        "        command_line.main([*arguments, '--help'])\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    helped = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert helped.returncode == 0, helped.stderr
    for command in COMMANDS:
        assert f"usage: python -m training {command} " in helped.stdout


def test_options_arrive_as_they_are_typed() -> None:
    typed = [
        "judge",
        "--model",
        "x",
        "--nfe",
        "4",
        "--dtype",
        "float32",
        "--no-words",
        "--audio",
        "a",
    ]
    wanted = JudgeOptions("x", nfe=4, dtype="float32", words=False, audio=Path("a"))
    assert _part(JudgeOptions, _parser().parse_args(typed)) == wanted
    vocoders = _part(FiguresOptions, _parser().parse_args(["figures", "a", "b"])).vocoders
    assert vocoders == [Path("a"), Path("b")]


@pytest.mark.parametrize("typed", ["", "judge", "judge --model x --dtype int4", "figures", "fly"])
def test_what_is_wrong_is_said(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(typed.split())
    assert "error: " in capsys.readouterr().err


@pytest.fixture
def work_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With the synthetic corpus as its only shard, and nothing left for espeak-ng to do."""
    small = partial(corpus.CorpusPlan, shards=1, made_voice_shards=0)
    monkeypatch.setattr(corpus, "CorpusPlan", small)
    made, root = synthetic.corpus(), tmp_path / "work" / "corpus"
    root.mkdir(parents=True)
    shard = corpus._store(root / "shard-000", small(), made)
    events = [
        {"words": [(0, 0.0)], "sounds": [(f"s{t % 5}", 0.05 * i) for i, t in enumerate(u.tokens)]}
        for u in made.utterances
    ]
    (shard / "events.json").write_text(json.dumps(events))
    return tmp_path / "work"


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread", "small_buckets")
def test_one_command_makes_a_demo_that_the_worker_loads(
    work_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--reading-steps=1", "--frames-per-step=300", "--no-compile"]
    demo = ["demo", f"--work-dir={work_dir}", *small]
    main([*demo, "--steps=1", "--vocoder-steps=1"])
    made = work_dir / "export"
    assert capsys.readouterr().out.startswith(f"{made}: 1 steps\n{made}/vocos: 1 steps, ")

    main([*demo, "--steps=2", "--vocoder-steps=3"])  # goes on
    assert [row["step"] for row in read(work_dir / "flow.jsonl")] == [1, 2]
    assert [row["step"] for row in read(work_dir / "vocoder.jsonl")] == [1, 2, 3]
    assert (made / "loss.svg").is_file()

    again = tmp_path / "again"
    main([*demo, "--export-only", f"--out={again}"])
    assert {path.name: path.read_bytes() for path in (again / "vocos").iterdir()} == {
        path.name: path.read_bytes() for path in (made / "vocos").iterdir()
    }
    weights = "model.safetensors"
    assert (again / weights).read_bytes() == (made / weights).read_bytes()

    files = locate(ModelRequest(model=str(made), vocoder=str(made / "vocos")))
    load_engine(files, EngineConfig(device="cpu", threads=1)).close()
