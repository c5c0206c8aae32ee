"""RunPod entry: builds the worker and hands its job function to `runpod.serverless.start`.

On the platform the SDK's loop takes jobs; `python handler.py` runs `test_input.json` through the
same loop and exits with 1 when the job fails; `--rp_serve_api` serves it over HTTP.
With F5_SERVE=http the HTTP face is served instead, for RunPod's load-balancing endpoints.
The model loads on its own thread while the SDK is imported; no job is taken before it is ready.
"""

from __future__ import annotations

import sys

from errors import WorkerError
from worker.log import setup_logging
from worker.platform.leave import INTERRUPTED, interrupts_wait, leave
from worker.platform.local import AFTER_S, check_local_job, with_job, with_lent_voices
from worker.platform.start import start
from worker.settings.load import Settings

HELP = """RunPod's queue starts this without arguments. On your own machine:

    python handler.py                                   runs the job in test_input.json
    python handler.py --test_input '{"input": {...}}'   runs that one
    python handler.py --rp_serve_api                    serves jobs on http://localhost:8000
                                                        (--rp_api_host, --rp_api_port)

`python -m worker --help` has commands for people; README.md describes jobs, CONFIG.md the settings,
which are environment variables.
"""


def main() -> None:
    """Reads the settings, builds the worker, serves."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        sys.exit(print_help())
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
        job = None if settings.jobs.on_platform else check_local_job(sys.argv[1:])
        from worker.app import App

        app = App(settings)
        # Only here, where the job is its user's own, may it name files of this machine.
        if job and (lent := with_lent_voices(job, app.voices)) != job:
            sys.argv[1:] = with_job(sys.argv[1:], lent)
    except WorkerError as error:
        sys.exit(f"{error.message} {error.hint}".strip())
    try:
        with interrupts_wait():
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


def print_help() -> int:
    """Says how this is run; the exit code."""
    sys.stdout.write(HELP)
    return 0


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
