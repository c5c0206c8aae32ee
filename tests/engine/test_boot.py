"""Which device a worker runs on, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine import boot
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
