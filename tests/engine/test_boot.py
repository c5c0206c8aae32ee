"""Which device a worker runs on, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine import boot
from engine.boot import load_engine
from engine.config import EngineConfig
from engine.dit import attention, graphs
from engine.weights.locate import ModelRequest, locate
from errors import ModelUnavailable

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")


@no_gpu
def test_no_gpu_means_the_cpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(boot, "GPU_NODE", tmp_path / "none")
    assert boot.pick_device("auto").type == "cpu"


@no_gpu
def test_a_gpu_that_pytorch_cannot_use_is_not_paid_for_in_vain(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    node = tmp_path / "nvidiactl"
    node.touch()
    monkeypatch.setattr(boot, "GPU_NODE", node)
    with pytest.raises(ModelUnavailable, match="cannot use it"):
        boot.pick_device("auto")
    assert boot.pick_device("cpu").type == "cpu"


@no_gpu
def test_a_gpu_asked_for_by_name_must_be_there() -> None:
    with pytest.raises(ModelUnavailable, match="sees no GPU"):
        boot.pick_device("cuda")


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [("cuda:2", "the last GPU that PyTorch sees is cuda:1"), ("mps", "no GPU of an Apple")],
)
def test_one_that_this_machine_lacks_is_said_at_start(
    monkeypatch: pytest.MonkeyPatch, wanted: str, problem: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ModelUnavailable, match=problem) as caught:
        boot.pick_device(wanted)
    assert "F5_DEVICE=" in caught.value.hint
    assert boot.pick_device("cuda:1").index == 1


@pytest.mark.parametrize(("kernel", "recorded"), [("varlen", True), ("sdpa", False)])
def test_steps_are_recorded_only_with_an_attention_that_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: str, recorded: bool
) -> None:
    """A T4, or fp32 on any card, has none: that is no fault to warn of at the first job."""
    asked: list[bool] = []
    monkeypatch.setattr(attention, "pick", lambda *_: (kernel, attention.sdpa))
    monkeypatch.setattr(graphs, "use", lambda _, wanted: asked.append(wanted))
    files = locate(ModelRequest(models_dir=tmp_path))
    load_engine(files, EngineConfig(device="cpu", dtype="float32", warm_up=False)).close()
    assert asked == [recorded]
