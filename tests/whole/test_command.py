"""`say` and `job` with a model: a sentence in one's own voice, and who may name files as voices."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from standins import forked
from standins.local_worker import FAST, Worker, files_below, wav
from standins.platform import ROOT, environment
from worker.quality.words import edits, plain_words


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one's own, with one's voice and its words."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "my voice.wav").write_bytes(wav())
    (tmp_path / "mine" / "my voice.txt").write_text("These are the words of my voice.")
    return tmp_path / "mine"


def run(
    program: list[str], folder: Path, model: Path, text: str = ""
) -> subprocess.CompletedProcess[str]:
    own = {
        "F5_MODEL": str(model), "LOCAL_STORAGE_DIR": str(folder.parent / "data"),
        "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "LOG_FORMAT": "text",
    }  # fmt: skip
    return forked.run(program, environment(own), cwd=folder, text=text)


def test_texts_become_files_here_and_nothing_else(folder: Path, tiny_model: Path) -> None:
    texts = ["-", "And good bye.", "[pause:99999]"]
    said = run(
        ["-m", "worker", "say", *texts, "--voice", "my voice.wav", "-o", "out.flac",
         "--quality", "draft", "--subtitles", "srt, vtt", "--json"],
        folder, tiny_model, "From a pipe.",
    )  # fmt: skip
    assert said.returncode == 1
    assert said.stderr.startswith("Text 3: ") and said.stderr.count("\n") == 1
    names = [f"out-{n}.{end}" for n in (1, 2) for end in ("flac", "srt", "vtt")]
    assert files_below(folder) == sorted([*names, "my voice.txt", "my voice.wav"])
    assert soundfile.info(folder / "out-1.flac").format == "FLAC"
    assert "From a pipe" in (folder / "out-1.srt").read_text()
    first, second = json.loads(said.stdout)
    assert (first["file"], first["voice"], first["text"]) == (
        "out-1.flac", "my voice", "From a pipe.",
    )  # fmt: skip
    assert second["subtitles"] == ["out-2.srt", "out-2.vtt"]
    assert files_below(folder.parent / "data") == []


@pytest.mark.parametrize("program", [["-m", "worker", "job", "-"], None], ids=["job", "handler"])
def test_a_local_jobs_voice_may_be_a_file(
    folder: Path, tiny_model: Path, program: list[str] | None
) -> None:
    lines = {"One.": "./my voice.wav", "Two.": "demo", "Three.": "Me"}
    clips = ["my voice.wav", {"voice": "./my voice.wav", "loudness": -20}]
    segments = [{"text": text, "voice": voice} for text, voice in lines.items()]
    job = {"input": {**FAST, "segments": segments, "voices": {"Me": clips}}}
    text = json.dumps(job)
    ended = run(program or ["handler.py", "--test_input", text], folder, tiny_model, text)
    assert ended.returncode == 0, ended.stderr
    place = folder.parent / "data" / "output" / "local_test.wav"
    assert place.is_file()
    if program:
        answer = json.loads(ended.stdout)
        assert [each["voice"] for each in answer["segments"]] == ["my voice", "demo", "Me"]
        assert f"Audio: {place} (" in ended.stderr


@pytest.mark.slow
def test_a_job_that_fails_is_json_and_a_line(folder: Path, tiny_model: Path) -> None:
    (folder / "job.json").write_text('{"input": {"text": "Hi.", "voice": "nobody"}}')
    ended = run(["-m", "worker", "job", "job.json"], folder, tiny_model)
    answer = json.loads(ended.stdout)
    assert (ended.returncode, answer["error_code"]) == (1, "VOICE_NOT_FOUND")
    assert ended.stderr.splitlines()[-1] == answer["error"]
    assert "Traceback" not in ended.stderr


@pytest.fixture(scope="module")
def queue(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """The worker as jobs of the queue and of HTTP reach it."""
    data = tmp_path_factory.mktemp("data")
    worker = Worker({"F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": str(data)})
    yield worker
    worker.close()


@pytest.mark.parametrize("written", ["{}", "file://{}", "./mine.wav", "mine.wav", "~/mine.wav"])
def test_over_the_queue_no_voice_is_a_file(
    queue: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    path = tmp_path / "mine.wav"
    path.write_bytes(wav())
    (tmp_path / "mine.txt").write_text("Words.")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    voice = written.format(path)
    jobs: dict[str, Any] = {
        "voice": {"text": "Hi.", "voice": voice, "ref_text": "Words."},
        "older": {"text": "Hi.", "ref_audio": voice, "ref_text": "Words."},
        "segment": {"segments": [{"text": "Hi.", "voice": voice}]},
        "tag": {"text": f"[voice:{voice}]Hi."},
        "upload": {"endpoint": "upload", "voice_name": "x", "voice": voice},
        "check": {"endpoint": "check_voice", "voice": voice},
        "lent": {"text": "Hi.", "voice": "lent/0/mine.file", "ref_text": "Words."},
    }
    for name, answer in queue.run_all(jobs).items():
        assert answer.get("error_code") in ("INVALID_INPUT", "VOICE_NOT_FOUND"), (name, answer)


@pytest.mark.slow
def test_what_make_run_says_is_understood(models_dir: Path, tmp_path: Path) -> None:
    """By the recogniser of requirements/listen.txt, in each precision a CPU may run in."""
    pytest.importorskip("moonshine_voice")
    from worker.quality.recogniser import Moonshine

    job = json.loads((ROOT / "test_input.json").read_text())["input"]
    wanted = plain_words(job["text"].replace("[pause:0.4]", ""))
    for precision in ("float32", "bfloat16", "int8"):
        worker = Worker(
            {"F5_MODELS_DIR": str(models_dir), "LOCAL_STORAGE_DIR": str(tmp_path),
             "F5_DTYPE": precision}
        )  # fmt: skip
        answer = worker.run(job)
        worker.close()
        samples, _ = soundfile.read(tmp_path / answer["s3_key"], dtype="float32")
        heard = plain_words(" ".join(word.text for word in Moonshine().recognise(samples)))
        assert edits(wanted, heard) <= len(wanted) / 10, (precision, heard)
