"""Ctrl-C while the worker starts, and being told to end."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from worker.platform.leave import INTERRUPTED, interrupts_wait, told_to_end_as_by_ctrl_c


def test_ctrl_c_in_an_import_waits_for_its_end_and_a_second_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)
    seen: list[str] = []
    with pytest.raises(KeyboardInterrupt), interrupts_wait():
        signal.raise_signal(signal.SIGINT)
        seen.append("went on")
        signal.raise_signal(signal.SIGINT)
    assert (seen, left) == (["went on"], [INTERRUPTED])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_nothing_is_held_back_where_ctrl_c_is_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_wait():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("ctrl_c", [signal.default_int_handler, signal.SIG_IGN])
def test_being_told_to_end_is_as_ctrl_c_so_that_folders_are_cleaned_up(ctrl_c: Any) -> None:
    before = signal.signal(signal.SIGINT, ctrl_c)
    try:
        with pytest.raises(KeyboardInterrupt), told_to_end_as_by_ctrl_c():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGINT, before)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
