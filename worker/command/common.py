"""What the commands share: options, and settings with or without the log."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from worker.settings.load import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Log = Annotated[bool, typer.Option("--log", help="Show the worker's log as well.")]

# What a job's messages call something, and how it is typed here.
TYPED = {
    "Upload it": "Use `voices add`",
    "Upload it again": "Use `voices add` again",
    "upload it again": "use `voices add` again",
    "Upload it again with `ref_text`": "Use `voices add` again with --words",
    "upload it again with `ref_text`": "use `voices add` again with --words",
    "jobs must bring `ref_text`": "`say` must bring --words",
    "`ref_text`": "--words",
    "Give `loudness`, -20 say,": "Give `loudness`, -20 say, in a `job`,",
    "`list_voices`": "`voices list`",
    "Call `list_voices` for the names.": "Run `voices list` for the names.",
    "Add it with `upload`, or call `list_voices`.": "Use `voices add`, or run `voices list`.",
    "Correct it and send the job again; docs/job.md lists the fields.": "Correct it; the command's "
    "--help shows what may be given.",
    "`consent`": "--consent",
    "`describe_voice`": "a `job` of `describe_voice`",
    "Use `restore_voice`.": "Use `voices restore`.",
    "Name each with `mood`.": "Give each of these names as well.",
    "Upload a voice of that name, and it is used instead.": "Use `voices add` with that name, and "
    "yours is used instead.",
}
RUN_WITH_LOG = "Run it with --log to see why."
# Commands that speak of jobs as they are: their messages keep the job's words.
OF_JOBS = ("job", "serve")


def one_line(error: str) -> str:
    """A message, whatever a file in it is called."""
    return error.replace("\n", " ")


def missing_file(said: str, code: str, voice: str) -> str:
    """What is said of a voice that was not found, where it was meant as a file."""
    from errors import VoiceNotFound, show
    from worker.voices.stored import split_extension

    if code != VoiceNotFound.code:
        return said
    if Path(voice).is_dir():
        return f"{said} {show(voice)} in this folder is a folder. Name the recording in it."
    if Path(voice).exists() and not Path(voice).is_file():
        return f"{said} {show(voice)} in this folder is no file."
    if split_extension(voice)[1]:
        return f"{said} There is no file {show(voice)} in this folder either."
    if Path(voice).is_file():
        return f"{said} The file {show(voice)} has no recording's name. Name the recording."
    return said


def quiet_settings(log: bool = False) -> Settings:
    """The settings; their warnings and the log are seen with `log` only. Raises ConfigError."""
    from worker.settings.load import Settings

    if log:
        return logging_settings()
    logging.getLogger("f5worker").setLevel(logging.CRITICAL)  # a command says what is wrong itself
    return Settings.load()


def logging_settings() -> Settings:
    """The settings, the log set up as they say. Raises ConfigError."""
    from worker.log import setup_logging
    from worker.settings.load import Settings

    settings = Settings.load()
    log = settings.log
    setup_logging(log.level, log.format, settings.secrets, settings.warnings)
    return settings
