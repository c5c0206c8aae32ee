"""RunPod entry: builds the worker and hands its job function to `runpod.serverless.start`.

On the platform the SDK's loop takes jobs; `python handler.py` runs `test_input.json` through the
same loop and exits with 1 when the job fails; `--rp_serve_api` serves it over HTTP.
With F5_SERVE=http the HTTP face is served instead, for RunPod's load-balancing endpoints.
The model loads on its own thread while the SDK is imported; no job is taken before it is ready.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from typing import NoReturn

from errors import ConfigError, InvalidInput
from worker.log import setup_logging
from worker.platform.local import check_local_job
from worker.platform.start import start
from worker.settings.load import Settings

AFTER_S = 20.0  # for callbacks of a local run; on the platform all have ended by then
INTERRUPTED = 130  # what shells give a program ended by Ctrl-C


def main() -> None:
    """Reads the settings, builds the worker, serves."""
    # A first line before heavy imports: an early crash then leaves a log.
    sys.stderr.write("f5-tts worker starting\n")
    sys.stderr.flush()
    try:
        settings = Settings.load()
        log = settings.log
        setup_logging(log.level, log.format, settings.secrets, settings.warnings)
        if settings.http.serve == "http":
            from worker.http.serve import serve

            sys.exit(serve(settings, settings.http.host or "0.0.0.0"))
        if not settings.jobs.on_platform:
            check_local_job(sys.argv[1:])
        from worker.app import App

        app = App(settings)
    except (ConfigError, InvalidInput) as error:
        sys.exit(f"{error.message} {error.hint}".strip())
    try:
        from worker.jobs.runner import JobRunner

        runner = JobRunner(app)
        try:
            start(runner)
        except SystemExit as end:
            # The SDK answers Ctrl-C with 0, also in the middle of a job.
            sys.exit(INTERRUPTED if end.code == 0 and runner.interrupted else end.code)
        finally:
            runner.close(AFTER_S)
    finally:
        app.close()


def leave(code: object) -> NoReturn:
    """Ends the process with an exit code, or a last line, as `sys.exit` does, but at once.

    The interpreter would join the threads of ThreadPoolExecutor that still wait for storage, and
    then takes seconds to take itself apart, which is time of the platform's grace.
    """
    for child in multiprocessing.active_children():
        child.terminate()  # the SDK's pings
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    ended: object = None
    try:
        main()
    except KeyboardInterrupt:
        ended = INTERRUPTED
    except SystemExit as end:
        ended = end.code
    except Exception:
        sys.excepthook(*sys.exc_info())
        ended = 1
    leave(ended)
