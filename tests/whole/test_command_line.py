"""`python handler.py`: what a new user runs first, through the SDK's own start().

Two tests start the interpreter itself; the others begin with the libraries imported.
"""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile

from engine.weights.card import CARD, read_card
from engine.weights.locate import DEMO_DIRECTORY
from errors import InvalidInput
from standins import forked
from standins.local_worker import files_below
from standins.platform import ROOT, environment
from standins.waiting import PATIENCE_S, until
from worker.platform.local import check_local_job, job_in


@pytest.fixture
def run(tiny_model: Path, tmp_path: Path):
    """Runs `python handler.py` with a job; its temporary files and results lie below tmp_path."""
    (tmp_path / "temporary").mkdir()
    own = {
        "F5_MODEL": str(tiny_model),
        "LOCAL_STORAGE_DIR": str(tmp_path / "data"),
        "TMPDIR": str(tmp_path / "temporary"),
    }

    def start(
        job: object = None, env: dict[str, str] | None = None, cwd: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        arguments = [] if job is None else ["--test_input", json.dumps(job)]
        return forked.run(["handler.py", *arguments], environment({**own, **(env or {})}), cwd=cwd)

    return start


def test_test_input_json_gives_a_wav_and_says_where(tmp_path: Path) -> None:
    """From the interpreter's first line, and with nothing set that a new user has not."""
    (tmp_path / "temporary").mkdir()
    own = {"LOCAL_STORAGE_DIR": str(tmp_path / "data"), "TMPDIR": str(tmp_path / "temporary")}
    result = subprocess.run(
        [sys.executable, "handler.py"], cwd=ROOT, env=environment(own),
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    path = tmp_path / "data" / "output" / "local_test.wav"
    assert path.as_uri() in said
    assert read_card(DEMO_DIRECTORY / CARD).notice in said
    assert soundfile.info(path).duration > 2
    assert files_below(tmp_path / "data" / "timings") == ["local_test.json", "local_test.srt"]
    assert files_below(tmp_path / "temporary") == []
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ({"input": {"text": " "}}, "text is empty"),
        ({"input": {"text": "Hi.", "voice": "Nobody"}}, "Nobody"),
        ({"input": {"text": "Hi.", "voice": {"audio_base64": "AAAA"}, "ref_text": "x"}}, "audio"),
        ({"input": ["text"]}, "must be an object"),
        ({"text": "Hi."}, "must be a JSON object"),
    ],
    ids=["empty text", "no such voice", "not audio", "a list", "no input"],
)
def test_bad_input_exits_with_1_and_leaves_nothing(
    run, tmp_path: Path, job: object, message: str
) -> None:
    result = run(job)
    said = result.stdout + result.stderr
    assert result.returncode == 1, said
    assert message in said
    assert "Traceback" not in said
    assert files_below(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"input": ', "not valid JSON"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"\xff\xfe\x00", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_job_file_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "test_input.json").write_bytes(content)
    with pytest.raises(InvalidInput, match=message):
        check_local_job([])


def test_a_job_file_that_is_none_ends_with_1_and_one_line(run, tmp_path: Path) -> None:
    (tmp_path / "test_input.json").write_text("[]")
    result = run(cwd=tmp_path)
    assert result.returncode == 1
    assert "must be a JSON object" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.parametrize("argument", ["", "[]", "{", "5"])
def test_a_job_argument_that_is_none(argument: str) -> None:
    """Not passed on to the SDK, which would run test_input.json instead of an empty one."""
    with pytest.raises(InvalidInput, match="--test_input"):
        check_local_job(["--test_input", argument])


def test_nothing_of_a_job_is_dropped_without_a_word(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("f5worker"), "propagate", True)
    mark = "\ufeff"  # what Windows puts before a text
    assert job_in(mark + '{"input": {"text": "Hi."}}', "a.json") == {"input": {"text": "Hi."}}
    job_in('{"id": "a", "input": {}, "webhook": "x", "policy": {}}', "a.json")
    assert "a.json: only RunPod reads webhook, policy; here it is dropped" in caplog.text
    with pytest.raises(InvalidInput, match=r"a.json: Wrong input: text is given twice"):
        job_in('{"input": {"text": "Hi.", "text": "Ho."}}', "a.json")


def test_the_local_api_needs_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_local_job(["--rp_serve_api"])


@pytest.mark.parametrize(
    ("line", "delay"),
    [("f5-tts worker starting", 0.3), ("voice prepared", 0.0)],
    ids=["while importing", "in the job"],
)
def test_ctrl_c_is_not_success(tiny_model: Path, tmp_path: Path, line: str, delay: float) -> None:
    """In one of three tries: an interrupt may fall into code where Python cannot raise it."""
    ended: list[tuple[int, bool]] = []
    while len(ended) < 3 and (130, False) not in ended:
        ended.append(interrupted(tiny_model, tmp_path / str(len(ended)), line, delay))
    assert (130, False) in ended, ended


def interrupted(model: Path, directory: Path, line: str, delay: float) -> tuple[int, bool]:
    """Exit status, and whether a traceback was shown, of a run that met Ctrl-C after `line`."""
    job = {"input": {"text": "A long sentence to speak. " * 40, "nfe_step": 64}}
    directory.mkdir()
    log = directory / "log"
    own = {"F5_MODEL": str(model), "LOCAL_STORAGE_DIR": str(directory)}
    begin = forked.start_genuine if delay else forked.start
    with log.open("wb") as stream:
        process: forked.Process = begin(
            ["handler.py", "--test_input", json.dumps(job)], environment(own), stdout=stream
        )
    until(lambda: line in log.read_text())
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    return process.wait(PATIENCE_S), "Traceback" in log.read_text()


def test_wrong_settings_stop_the_start_with_one_line(run, tmp_path: Path) -> None:
    result = run(env={"STORAGE_MODE": "s3", "MAX_CONCURRENCY": "lots"})
    said = result.stdout + result.stderr
    assert result.returncode == 1
    assert "MAX_CONCURRENCY" in said
    assert "Traceback" not in said


def test_a_model_that_is_not_there_fails_the_job(run, tmp_path: Path) -> None:
    result = run(env={"F5_MODEL": str(tmp_path / "nowhere")})
    said = result.stdout + result.stderr
    assert result.returncode == 1
    assert "does not exist" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_running_again_runs_again(run, tmp_path: Path) -> None:
    """Every local run has the id `local_test`: its stored answer is not the next one's."""
    for _ in range(2):
        result = run({"input": {"text": "Hello.", "nfe_step": 4}})
        assert result.returncode == 0
        assert "redelivered" not in result.stdout
