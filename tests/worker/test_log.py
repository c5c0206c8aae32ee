"""The log: one line per event, the job's id on each, never a secret."""

from __future__ import annotations

import asyncio
import io
import json

import pytest

from worker.log import get_logger, job_context, setup_logging
from worker.settings.load import Settings

SECRET = "K004verysecret"
ENV = {"S3_BUCKET": "b", "AWS_ACCESS_KEY_ID": "004id", "AWS_SECRET_ACCESS_KEY": SECRET}
URL = "https://s3.example.com/b/a.wav?X-Amz-Signature=abc123&X-Amz-Date=1"


@pytest.fixture(params=["json", "text"])
def stream(request: pytest.FixtureRequest) -> io.StringIO:
    stream = io.StringIO()
    settings = Settings.load({**ENV, "LOG_FORMAT": request.param, "F5_MODLE": "x"})
    log = settings.log
    setup_logging(log.level, log.format, settings.secrets, settings.warnings, stream)
    return stream


def test_secrets_and_signatures_are_masked_everywhere(stream: io.StringIO) -> None:
    log = get_logger("test")
    log.info("key %s url %s", SECRET, URL, extra={"link": URL, "key": SECRET})
    try:
        raise ValueError(f"{SECRET} {URL}")
    except ValueError:
        log.exception("failed")
    text = stream.getvalue()
    assert "failed" in text
    assert SECRET not in text
    assert "abc123" not in text
    assert "https://s3.example.com/b/a.wav?***" in text


def test_warnings_of_the_settings_are_logged(stream: io.StringIO) -> None:
    assert "F5_MODLE is not a known variable" in stream.getvalue()


def test_the_jobs_id_is_on_its_lines_alone() -> None:
    stream = io.StringIO()
    setup_logging("INFO", "json", (), stream=stream)
    log = get_logger("test")

    async def job(name: str) -> None:
        with job_context(name):
            await asyncio.sleep(0)
            await asyncio.to_thread(log.info, "in a thread of %s", name)

    async def both() -> None:
        await asyncio.gather(job("job-1"), job("job-2"))
        log.info("outside")

    asyncio.run(both())
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {line["message"][-5:]: line["job_id"] for line in lines[:2]} == {
        "job-1": "job-1",
        "job-2": "job-2",
    }
    assert "job_id" not in lines[2]
    assert {"time", "level", "logger"} <= set(lines[0])


HOSTILE = 'a\nb\r\u2028{"level": "ERROR"}\u202egpj.wav\x1b[2J\x85'


def test_whatever_users_send_a_line_of_the_log_is_one_printable_line(stream: io.StringIO) -> None:
    with job_context(HOSTILE):
        get_logger("test").info("voice %s", HOSTILE, extra={"key": HOSTILE})
    lines = stream.getvalue().split("\n")[len(Settings.load({**ENV, "F5_MODLE": "x"}).warnings) :]
    assert len(lines) == 2
    assert lines[1] == ""
    assert lines[0].isprintable()


def test_a_traceback_cannot_pass_for_a_line_of_its_own(stream: io.StringIO) -> None:
    try:
        raise ValueError("first\n00:00:00 ERROR   f5worker.forged [job] forged")
    except ValueError:
        get_logger("test").exception("failed")
    assert not [line for line in stream.getvalue().split("\n") if line.startswith("00:00:00")]


def test_a_very_long_text_is_cut_in_the_log(stream: io.StringIO) -> None:
    get_logger("test").info("%s", "x" * 1_000_000, extra={"key": "y" * 1_000_000})
    assert len(stream.getvalue()) < 20_000
