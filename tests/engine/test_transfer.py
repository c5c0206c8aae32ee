"""Copies to and from a device; on a CPU they are the tensors themselves."""

from __future__ import annotations

import pytest
import torch

from engine.transfer import Copies, to_device

DEVICES = ["cpu"] + [f"cuda:{index}" for index in range(torch.cuda.device_count())]


@pytest.mark.parametrize("name", DEVICES)
def test_what_is_copied_there_and_back_is_what_it_was(name: str) -> None:
    device = torch.device(name)
    waves = [torch.randn(length) for length in (1, 1000, 50_000)]
    there = [to_device(wave, device) for wave in waves]
    assert all(wave.device == device for wave in there)
    copies = Copies(there)
    for wave in there:
        if device.type == "cuda":
            wave.zero_()  # launched later: the copies must not see it
    for array, wave in zip(copies.arrays(), waves, strict=True):
        assert array.dtype == "float32"
        assert (torch.from_numpy(array) == wave).all()


def test_half_precision_comes_out_as_fp32() -> None:
    (array,) = Copies([torch.tensor([0.5, -1.0], dtype=torch.float16)]).arrays()
    assert array.dtype == "float32"
    assert array.tolist() == [0.5, -1.0]


def test_nothing_is_copied_of_nothing() -> None:
    assert Copies([]).arrays() == []
