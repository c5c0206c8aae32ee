"""A fast kernel is taken only if it gives what PyTorch's own gives; any other costs a line in the
log, never the start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import torch

from engine.dit.agreement import agrees

EXPECTED = torch.arange(12.0).reshape(3, 4)


def test_what_gives_the_same_is_taken() -> None:
    assert agrees("kernel", lambda: EXPECTED + 1e-5, EXPECTED, 1e-3)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(),  # says nothing
        TypeError("forward() takes 7 positional arguments"),
        AttributeError("no such operator"),
        AssertionError(),
        ValueError("not enough values to unpack"),
        IndexError("tuple index out of range"),
        OSError("libcudnn.so: cannot open shared object file"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_one_that_raises_anything_is_not_taken(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def run() -> torch.Tensor:
        raise error

    with caplog.at_level(logging.INFO, logger="f5worker.engine"):
        assert not agrees("kernel", run, EXPECTED, 1e-3)
    assert "no kernel on this device" in caplog.text
    assert (str(error) or type(error).__name__) in caplog.text


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(lambda: EXPECTED[None], id="one axis more"),  # would be repeated to fit
        pytest.param(lambda: EXPECTED[:, :3], id="other columns"),
        pytest.param(lambda: EXPECTED[0], id="one row"),
        pytest.param(lambda: EXPECTED * 1.1, id="other numbers"),
        pytest.param(lambda: EXPECTED * torch.nan, id="no numbers"),
        pytest.param(lambda: (EXPECTED, EXPECTED), id="two tensors"),
        pytest.param(lambda: None, id="nothing"),
    ],
)
def test_one_that_gives_something_else_is_not_taken(run: Callable[[], Any]) -> None:
    assert not agrees("kernel", run, EXPECTED, 1e-3)
