"""Importing the RunPod SDK without paying for what this worker does not use."""

from __future__ import annotations

import importlib
from types import ModuleType


def import_runpod() -> ModuleType:
    """The `runpod` package, imported once.

    At import its debugger module asks py-cpuinfo for the processor's name, which takes over a
    second of CPU in a child process at every cold start. An empty answer makes the SDK use its own
    fallback text; nothing but the debugger's output, which is off by default, shows it.
    """
    import cpuinfo

    ask = cpuinfo.get_cpu_info
    cpuinfo.get_cpu_info = dict
    try:
        return importlib.import_module("runpod")
    finally:
        cpuinfo.get_cpu_info = ask
