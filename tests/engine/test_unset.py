"""Modules before a checkpoint fills them cost neither memory nor PyTorch's compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from torch import nn

from engine.unset import unset
from standins.checkpoints import make_checkpoint, make_vocos


def test_modules_take_no_memory_and_keep_their_shapes() -> None:
    with unset():
        module = nn.ModuleList([nn.Embedding(5, 4), nn.Conv1d(4, 8, 3), nn.Linear(8, 2)])
    assert {str(p.device) for p in module.parameters()} == {"meta"}
    assert [tuple(p.shape) for p in module.parameters()] == [(5, 4), (8, 4, 3), (8,), (2, 8), (2,)]
    assert nn.Linear(2, 2).weight.abs().sum() > 0, "outside it, first values are as ever"


def test_loading_imports_no_compiler(tmp_path: Path) -> None:
    """It took 1.3 s of every start."""
    make_checkpoint(tmp_path / "model")
    make_vocos(tmp_path / "model" / "vocos")
    code = f"""
import sys
from engine.boot import load_engine
from engine.config import EngineConfig
from engine.weights.locate import ModelRequest, locate
load_engine(locate(ModelRequest(model={str(tmp_path / "model")!r})), EngineConfig()).close()
sys.exit("torch._dynamo" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
