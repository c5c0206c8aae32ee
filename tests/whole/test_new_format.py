"""A format added in its one place is known everywhere: field, key, type, finding, deleting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from standins.forked import run
from standins.platform import ROOT, environment

# A job whose formats' modules have one more row each, as if somebody had written it there.
JOB = """
import json, sys, types
from pathlib import Path

for name in [name for name in sys.modules if name.split(".")[0] in ("standins", "worker")]:
    del sys.modules[name]  # nothing holds the tables as they are

def with_row(name, table, row):
    path = Path(name.replace(".", "/") + ".py")
    source = path.read_text()
    assert source.count(table) == 1, source
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    exec(compile(source.replace(table, table + row), path, "exec"), module.__dict__)

with_row(
    "worker.audio.formats",
    "AUDIO_FORMATS: Mapping[str, Encoding] = {",
    '"w64": Encoding(("w64", "wav64"), "audio/x-w64", "W64", "PCM_16"),',
)
with_row(
    "worker.subtitles.write",
    "TIMING_FORMATS: Mapping[str, TimingFile] = {",
    '"lrc": TimingFile("lrc", "text/x-lrc; charset=utf-8", lambda cues, words: "".join('
    'f"[{cue.start:.2f}]{cue.text}" for cue in cues), words_inside=False),',
)
from standins.local_worker import Worker

model, data = sys.argv[1:]
worker = Worker({"F5_MODEL": model, "LOCAL_STORAGE_DIR": data, "OUTPUT_KEY": "out/{job_id}.wav64"})
job = {"job_id": "job-1"}
answers = {
    "tts": worker.speak(output_format="w64", timing_format="lrc"),
    "audio": worker.run({"endpoint": "info", **job, "format": "w64"}),
    "timing": worker.run({"endpoint": "info", **job, "kind": "timing", "format": "lrc"}),
    "result": worker.run({"endpoint": "result", **job}),
    "wrong": worker.run({"text": "Hi.", "output_format": "au", "timing_format": "sub"}),
    "delete": worker.run({"endpoint": "delete", **job}),
}
worker.close()
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("format")
    (folder / "job.py").write_text(JOB)
    arguments = [str(folder / "job.py"), str(tiny_model), str(folder / "data")]
    done = run(arguments, environment({"PYTHONPATH": str(ROOT)}))
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_a_job_may_ask_for_it(answers: dict[str, Any]) -> None:
    assert answers["tts"]["format"] == "w64"
    assert answers["tts"]["s3_key"] == "out/job-1.w64"
    assert answers["tts"]["timing_files"]["lrc"].endswith("timings/job-1.lrc")


def test_messages_about_wrong_formats_name_it(answers: dict[str, Any]) -> None:
    assert "'w64'" in answers["wrong"]["error"]
    assert "lrc" in answers["wrong"]["error"]


def test_it_is_stored_with_its_type(answers: dict[str, Any]) -> None:
    assert answers["audio"]["content_type"] == "audio/x-w64"
    assert answers["timing"]["content_type"] == "text/x-lrc; charset=utf-8"


def test_it_is_found_and_deleted_by_the_jobs_id(answers: dict[str, Any]) -> None:
    assert answers["result"]["s3_key"] == "out/job-1.w64"
    assert answers["result"]["timing_keys"] == ["timings/job-1.lrc"]
    assert {"out/job-1.w64", "timings/job-1.lrc"} <= set(answers["delete"]["deleted"])
