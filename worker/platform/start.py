"""Starting the RunPod SDK, imported without paying for what this worker does not use."""

from __future__ import annotations

import functools
import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from worker.platform.leave import interrupts_wait

if TYPE_CHECKING:
    from worker.jobs.runner import JobRunner


def start(runner: JobRunner) -> None:
    """Runs jobs until the platform ends the worker; in local mode one job, then SystemExit."""
    with interrupts_wait():
        runpod = import_runpod()
        from runpod.serverless.modules import rp_logger, rp_scale

        from worker.platform.loop import Loop

    rp_logger.RunPodLogger().set_level(runner.app.settings.log.sdk_level)
    rp_scale.JobScaler = functools.partial(Loop, runner=runner)
    runpod.serverless.register_fitness_check(runner.app.model_ready)
    runpod.serverless.start(
        {"handler": runner.handle, "concurrency_modifier": runner.app.concurrency}
    )


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
