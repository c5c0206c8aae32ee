"""What the commands share: options, and settings with or without the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from worker.settings.load import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Log = Annotated[bool, typer.Option("--log", help="Show the worker's log as well.")]


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
