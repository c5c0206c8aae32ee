"""Ctrl-C while the worker starts."""

from __future__ import annotations

import os
import signal

import pytest

from worker.platform.leave import INTERRUPTED, interrupts_wait


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
