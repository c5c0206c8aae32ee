"""Checks the job of a local run before the SDK does, whose only message is a traceback."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from errors import InvalidInput

FILE = Path("test_input.json")
_SERVES = ("--rp_serve_api",)
_OPTION = "--test_input"


def check_local_job(arguments: Sequence[str]) -> None:
    """Checks `--test_input` or `test_input.json`; the arguments are the command line's.

    Raises:
        InvalidInput: it cannot be read, or is not a JSON object with an `input`.
    """
    if any(argument.startswith(_SERVES) for argument in arguments):
        return
    source, text = _OPTION, _option(arguments)
    if text is None:
        source = FILE.name
        try:
            text = FILE.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise InvalidInput(
                f"{source} cannot be read ({type(exc).__name__}).",
                "Put a job into it, or give one with --test_input.",
            ) from exc
    try:
        job = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise InvalidInput(f"{source} is not valid JSON: {exc}.") from exc
    if not isinstance(job, dict) or job.get("input") is None:
        raise InvalidInput(f'{source} must be a JSON object like {{"input": {{"text": "..."}}}}.')


def _option(arguments: Sequence[str]) -> str | None:
    for position, argument in enumerate(arguments):
        if argument == _OPTION and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith(_OPTION + "="):
            return argument.removeprefix(_OPTION + "=")
    return None
