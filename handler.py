"""RunPod entry: builds the worker and hands its job function to `runpod.serverless.start`.

On the platform the SDK's loop takes jobs; `python handler.py` runs `test_input.json` through the
same loop and exits with 1 when the job fails; `--rp_serve_api` serves it over HTTP.
The model loads on its own thread while the SDK is imported; no job is taken before it is ready.
"""

from __future__ import annotations

import sys

from errors import ConfigError, InvalidInput
from worker.log import setup_logging
from worker.platform.local import check_local_job
from worker.platform.start import start
from worker.settings.load import Settings

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
        if not settings.jobs.on_platform:
            check_local_job(sys.argv[1:])
        from worker.app import App

        app = App(settings)
    except (ConfigError, InvalidInput) as error:
        sys.exit(f"{error.message} {error.hint}".strip())
    try:
        from worker.jobs.runner import JobRunner

        runner = JobRunner(app)
        start(runner)
    except SystemExit as end:
        # The SDK answers Ctrl-C with 0, also in the middle of a job.
        sys.exit(INTERRUPTED if end.code == 0 and runner.interrupted else end.code)
    finally:
        app.close()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
