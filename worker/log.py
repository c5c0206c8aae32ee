"""One logger for the worker: structured lines with the job's id, never a secret.

    log = get_logger("jobs")
    with job_context("job-1"):
        log.info("spoken", extra={"audio_s": 3.2})

The job id travels in a context variable, so it is on every line of the job's tasks and of the
threads of its work (`worker.threads`). Secrets of the settings and the query strings of URLs
(presigned signatures) are masked in whatever is logged, tracebacks included. Characters that could
forge a line or hide one (line breaks, controls, direction marks) are written as escapes.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

ROOT = "f5worker"
_MASK = "***"
_MAX_CHARS = 4_000  # of one text in a line
_SHORTEST_SECRET = 6  # masking every "a" would hide the log, not the secret
_QUERY = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']+")
_job_id: ContextVar[str] = ContextVar("job_id", default="")
_PLAIN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "job_id", "taskName"}


def get_logger(name: str) -> logging.Logger:
    """The logger of one module, below the worker's own."""
    return logging.getLogger(f"{ROOT}.{name}")


@contextmanager
def job_context(job_id: str) -> Iterator[None]:
    """Puts `job_id` on every line logged inside."""
    token = _job_id.set(job_id)
    try:
        yield
    finally:
        _job_id.reset(token)


def setup_logging(
    level: str,
    style: str,
    secrets: Iterable[str],
    warnings: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Sends the worker's log to `stream` (default: standard error), the settings' warnings first.
    `style` is `json` or `text`; `secrets` are masked in every line."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json(secrets) if style == "json" else _Text(secrets))
    root = logging.getLogger(ROOT)
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False
    for warning in warnings:
        root.warning("settings: %s", warning)


class _Formatter(logging.Formatter):
    """Common to both formats: masking, and what a line carries beside its message."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]

    def clean(self, text: str) -> str:
        """`text` without secrets, on one line, printable; cut where it is far too long."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        text = _QUERY.sub(r"\1?" + _MASK, text)
        if len(text) > _MAX_CHARS:
            text = f"{text[:_MAX_CHARS]}... ({len(text)} characters)"
        return _printable(text)

    def details(self, record: logging.LogRecord) -> dict[str, object]:
        """The `extra` of a log call, texts cleaned."""
        return {
            _printable(name): self.clean(value) if isinstance(value, str) else value
            for name, value in vars(record).items()
            if name not in _PLAIN
        }

    def message(self, record: logging.LogRecord) -> str:
        return self.clean(record.getMessage())

    def traceback(self, record: logging.LogRecord) -> list[str]:
        """The lines of the exception's traceback, if there is one."""
        lines = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        return [self.clean(line) for line in lines]


class _Json(_Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "job_id": _printable(_job_id.get()) or None,
            "message": "\n".join([self.message(record), *self.traceback(record)]),
        }
        known = {name: value for name, value in line.items() if value is not None}
        return json.dumps({**self.details(record), **known}, default=str, ensure_ascii=False)


class _Text(_Formatter):
    """One line for people; a traceback follows, indented, so that none of it looks like a line."""

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.gmtime(record.created))
        job = f" [{_printable(_job_id.get())}]" if _job_id.get() else ""
        details = "".join(
            f" {name}={round(value, 3) if isinstance(value, float) else value}"
            for name, value in self.details(record).items()
        )
        line = f"{clock} {record.levelname:<7} {record.name}{job} {self.message(record)}{details}"
        return "\n    ".join([line, *self.traceback(record)])


def _printable(text: str) -> str:
    """`text` with what a terminal or a log reader would not show as itself written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
