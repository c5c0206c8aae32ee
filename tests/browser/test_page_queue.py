"""The page against a RunPod queue: a real worker on the local platform, whose API answers CORS."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from standins.browser import Browser, Keys
from standins.http_face import Face
from standins.platform import Platform, environment, worker
from standins.waiting import PATIENCE_S, until
from tests.browser.test_page import LONG, upload
from tests.browser.test_page_access import pasted

KEY = Platform.api_key


@pytest.fixture(scope="module")
def platform(
    face: Face, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """An endpoint with one worker, which pages of `face` may ask."""
    directory = tmp_path_factory.mktemp("queue")
    platform = Platform()
    platform.pages = face.url
    env = {
        "F5_MODEL": str(tiny_model),
        "LOCAL_STORAGE_DIR": str(directory / "data"),
        "PROGRESS_INTERVAL_S": "0.1",
        "DRAIN_GRACE_S": "0",
    }
    with worker(platform, env, directory / "worker.log"):
        yield platform
    platform.close()


@pytest.fixture
def queue(page: Browser, platform: Platform) -> Browser:
    """The page, connected to the queue."""
    connect(page, f"{platform.api}/{platform.endpoint_id}/run", KEY)
    until(lambda: page.text("#served").startswith("Ready: a RunPod queue"))
    return page


def connect(page: Browser, address: str, key: str) -> None:
    page.run("el('elsewhere').open = true")
    page.fill("#server", address)
    page.fill("#key", key + Keys.ENTER)


def inputs(platform: Platform) -> list[dict[str, object]]:
    """What the jobs of this endpoint hold, in the order of their arrival."""
    return [dict(record.job_input) for record in platform.records.values()]  # type: ignore[call-overload]


def test_a_sentence_is_heard_over_the_queue_while_it_is_made(
    queue: Browser, platform: Platform
) -> None:
    queue.fill("#text", LONG)
    queue.run(
        "window.said = []; new MutationObserver(() => said.push(el('state').textContent))"
        ".observe(el('state'), {childList: true})"
    )
    queue.click("#speak")
    queue.until_text("#state", "Done")
    assert queue.text("#problem") == ""
    assert queue.run("return live.pieces.length") > 1
    said = queue.run("return said")
    assert any(" parts are made" in one or one.startswith("In the queue") for one in said), said
    facts = queue.run("return results[0].facts")
    made = base64.b64decode(queue.run("return base64Of(wavOf(results[0].samples, results[0].rate))"))
    samples, rate = soundfile.read(io.BytesIO(made))
    assert rate == 24000 and facts["duration"] > 3
    assert abs(len(samples) / rate - facts["duration"]) < 0.01
    assert abs(queue.run("return live.length") - facts["duration"]) < 0.01
    assert -50 < 20 * np.log10(np.sqrt(np.mean(samples**2))) < -5
    assert queue.text("#along").split() == LONG.split()
    assert len(queue.run("return marked")) == len(LONG.split())
    assert f"model {facts['metrics']['model']}" in queue.text("#facts")
    assert f"Stored as {facts['s3_key']}" in queue.text("#facts")
    assert queue.run("return results[0].firstMs < results[0].wholeMs")
    assert queue.complaints() == []
