"""`doctor`: what the queue's operation finds, on a shell."""

from __future__ import annotations

import logging
from typing import Any

from errors import ConfigError
from worker.command.common import one_line
from worker.command.show import Row
from worker.operations.doctor import (
    as_lines,
    check_up,
    describe_model,
    judged,
    look_at_default_voice,
    storage_works,
)
from worker.settings.load import Settings


def checked(*, with_model: bool) -> tuple[dict[str, Any], list[Row]]:
    """What was found, for scripts and as rows for people; wrong settings are a finding."""
    try:
        settings = Settings.load()
    except ConfigError as error:
        answer = {"healthy": False, **error.as_output()}
        return answer, [("FAILED", "settings", str(answer["error"]))]
    logging.getLogger("f5worker").setLevel(logging.CRITICAL)  # the steps say what is wrong
    answer = check_up(settings.storage, settings)
    if with_model or storage_works(answer):
        from worker.app import App

        worker = App(settings, speaks=with_model)
        look_at_default_voice(worker, answer)
        if with_model:
            answer["model"] = describe_model(worker)
            worker.close()
        worker.end_storage()
    answer = {"settings": list(settings.warnings), **judged(answer)}
    rows = [("warning", "settings", text) for text in settings.warnings]
    for mark, name, detail in as_lines(answer):
        for text in settings.warnings:  # a step repeats those of its own
            detail = detail.replace(f" {text}", "")
        rows.append((mark, name, one_line(detail)))
    return answer, rows
