"""The page against a RunPod queue: a real worker on the local platform, whose API answers CORS."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
ADDRESSES = (  # as typed, who is asked, whether it is a queue
    ("4k7xk2p9w0ab-cd", "https://api.runpod.ai/v2/4k7xk2p9w0ab-cd", True),
    ("https://api.runpod.ai/v2/abc/runsync/", "https://api.runpod.ai/v2/abc", True),
    ("api.runpod.ai/v2/abc/run?wait=1", "https://api.runpod.ai/v2/abc", True),
    ("https://abc.api.runpod.ai/v1/", "https://abc.api.runpod.ai", False),
    ("127.0.0.1:8000", "http://127.0.0.1:8000", False),
    ("localhost", "http://localhost", False),
)


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
        "INLINE_AUDIO_MAX_BYTES": "100000",  # of a result: the page puts longer ones together
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


def inputs(platform: Platform) -> list[Any]:
    """What the jobs of this endpoint hold, in the order of their arrival."""
    return [record.job_input for record in platform.records.values()]


def test_a_sentence_is_heard_over_the_queue_while_it_is_made(
    queue: Browser, platform: Platform
) -> None:
    queue.fill("#text", LONG)
    platform.busy = True
    queue.click("#speak")
    queue.until_text("#state", "In the queue")
    platform.busy = False
    queue.until_text("#state", "Done")
    assert queue.text("#problem") == ""
    assert queue.run("return live.pieces.length") > 1
    facts = queue.run("return results[0].facts")
    made = base64.b64decode(
        queue.run("return base64Of(wavOf(results[0].samples, results[0].rate))")
    )
    samples, rate = soundfile.read(io.BytesIO(made))
    assert rate == 24000 and facts["duration"] > 3
    assert "audio_base64" not in facts
    assert abs(len(samples) / rate - facts["duration"]) < 0.01
    assert abs(queue.run("return live.length") - facts["duration"]) < 0.01
    assert -50 < 20 * np.log10(np.sqrt(np.mean(samples**2))) < -5
    assert queue.text("#along").split() == LONG.split()
    assert len(queue.run("return marked")) == len(LONG.split())
    assert f"model {facts['metrics']['model']}" in queue.text("#facts")
    assert f"Stored as {facts['s3_key']}" in queue.text("#facts")
    assert queue.run("return results[0].firstMs < results[0].wholeMs")
    assert queue.complaints() == []


def test_how_far_a_job_is_can_be_read(page: Browser) -> None:
    told = (
        ({"status": "IN_PROGRESS"}, "A worker has it..."),
        (
            {"chunks": 5, "chunks_done": 2, "seconds_left": 3.2},
            "2 of 5 parts are made, 4 s are left...",
        ),
        ({"status": "COMPLETED"}, "2 of 5 parts are made, 4 s are left..."),
    )
    for state, shown in told:
        job = state if "status" in state else {"status": "IN_PROGRESS", "output": state}
        page.run("showProgress(arguments[0])", job)
        assert page.text("#state") == shown


def test_a_short_one_comes_whole_and_in_the_voice_that_was_uploaded(
    queue: Browser, platform: Platform, recording: Path
) -> None:
    upload(queue, recording)
    assert inputs(platform)[-1]["endpoint"] == "check_voice"
    queue.click("#own summary")
    queue.type("#name", "Countess")
    queue.type("#agreed", "Ada L." + Keys.ENTER)
    queue.until_text("#state", "Countess is in the library")
    [stored] = [job for job in inputs(platform) if job.get("endpoint") == "upload"]
    assert base64.b64decode(stored["voice"]["audio_base64"]) == recording.read_bytes()
    assert stored["consent"]["who"] == "Ada L."
    assert inputs(platform)[-1] == {"endpoint": "list_voices"}
    queue.fill("#text", "Good morning!")
    queue.click("#speak")
    queue.until_text("#state", "Done")
    facts = queue.run("return results[0].facts")
    assert facts["voice"] == "Countess" and "audio_base64" in facts
    made = queue.run("return results[0].samples.length") / 24000
    assert abs(made - facts["duration"]) < 0.01


def test_a_wrong_job_is_shown_as_the_worker_states_it(queue: Browser, platform: Platform) -> None:
    queue.fill("#speed", "fast")
    queue.click("#speak")
    shown = queue.until_text("#problem", "INVALID_INPUT")
    told = list(platform.records.values())[-1]
    assert told.status == "FAILED"
    message, _, hint = shown.partition("\n")
    assert f"{message.removesuffix(' (INVALID_INPUT)')} {hint}".strip() == told.error
    assert queue.told("#problem")[0] == "alert"
    assert queue.run("return running") is None


def test_a_job_is_cancelled_when_it_is_stopped_and_when_the_page_goes(
    queue: Browser, platform: Platform, face: Face
) -> None:
    queue.fill("#text", LONG * 20)
    for leaves in (lambda: queue.click("#stop"), lambda: queue.open(f"{face.url}/")):
        known = len(platform.records)
        queue.click("#speak")
        until(lambda known=known: len(platform.records) > known)  # type: ignore[misc]
        record = list(platform.records.values())[-1]
        until(lambda record=record: record.status == "IN_PROGRESS")  # type: ignore[misc]
        leaves()
        until(lambda record=record: record.status == "CANCELLED")  # type: ignore[misc]
        if queue.text("#served").startswith("Ready: a RunPod queue"):
            queue.until_text("#state", "Stopped")


def test_an_api_that_is_busy_or_gone_for_a_moment_loses_nothing(
    queue: Browser, platform: Platform
) -> None:
    queue.fill("#text", "Good morning!")
    known = len(platform.records)
    platform.faults.add("api", "answer", status=429, times=2)
    queue.click("#speak")
    until(lambda: len(platform.records) > known)
    platform.faults.add("api", "answer", status=502, times=2)
    queue.until_text("#state", "Done")
    assert len(platform.faults.fired) == 4
    assert queue.text("#problem") == ""


def test_a_key_is_refused_by_name_and_none_is_kept(
    page: Browser, platform: Platform, face: Face
) -> None:
    entries = page.run("return history.length")
    connect(page, platform.endpoint_id, "")
    assert page.run("return target().base") == "https://api.runpod.ai/v2/endpoint-1"
    connect(page, f"{platform.api}/{platform.endpoint_id}", "wr0ng-key")
    shown = page.until_text("#problem", "KEY_REFUSED")
    assert f"{platform.api}/{platform.endpoint_id} answered 401" in shown
    assert page.focused() == "key" and page.text("#served").startswith("Not connected")
    page.fill("#key", KEY + Keys.ENTER)
    until(lambda: page.text("#served").startswith("Ready: a RunPod queue"))
    assert page.text("#problem") == ""
    for kind in ("job", "curl", "python"):
        page.run("el('kind').value = arguments[0]; showCode()", kind)
        assert KEY not in page.text("#code")
    kept = page.run(
        "return [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, "
        "location.href, JSON.stringify(history.state), history.length, "
        "(await indexedDB.databases()).length, (await caches.keys()).length]"
    )
    assert kept == ["{}", "{}", "", f"{face.url}/", "null", entries, 0, 0]
    asked = page.run("return performance.getEntries().map((one) => one.name).join(' ')")
    assert KEY not in asked and "wr0ng" not in asked
    page.open(f"{face.url}/")
    assert (page.value("#key"), page.value("#server")) == ("", "")


def test_what_is_copied_runs_against_the_queue(
    queue: Browser, platform: Platform, tmp_path: Path
) -> None:
    queue.fill("#text", """It's "odd": $HOME.""")
    env = environment({"RUNPOD_API_KEY": KEY})
    curl, python = pasted(queue, "curl"), pasted(queue, "python")
    for command in (["sh", "-c", curl], [sys.executable, "-c", python]):
        subprocess.run(command, cwd=tmp_path, env=env, check=True, timeout=PATIENCE_S)
    output = json.loads((tmp_path / "answer.json").read_text())["output"]
    assert output["text"] == """It's "odd": $HOME."""
    assert (tmp_path / "speech.mp3").stat().st_size > 1000


def test_an_api_that_lets_no_page_ask_says_what_to_do(page: Browser, face: Face) -> None:
    closed = Platform()
    connect(page, f"{closed.api}/{closed.endpoint_id}", KEY)
    shown = page.until_text("#problem", "did not answer this page")
    assert f"lets no page of {face.url} ask" in shown and "The same from a program" in shown
    assert closed.records == {}
    closed.close()


def test_a_job_over_runpods_limit_is_not_sent(page: Browser) -> None:
    said = page.run(
        "return new Queue(target()).submit({voice: 'x'.repeat(1.1e7)})"
        ".catch((error) => error.message)"
    )
    assert said == "The job has 11.0 MB, and RunPod's queue takes 10 MB."


def test_an_address_is_read_as_it_was_meant(page: Browser) -> None:
    read = page.run(
        "return arguments[0].map((typed) => { el('server').value = typed;"
        "const { base, queue } = target(); return [typed, base, queue] })",
        [typed for typed, _, _ in ADDRESSES],
    )
    assert read == [list(one) for one in ADDRESSES]
