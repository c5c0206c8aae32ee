"""What docs/deploy.md, docs/running.md, docs/moving.md and docs/job.md say holds."""

from __future__ import annotations

import io
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
import torch

from engine.arch import Arch
from engine.budget import CHUNK_FRAMES, most_frames
from engine.weights.locate import ModelRequest, locate
from tools.hub.form import HTTP_VALUES
from worker.files.layout import Layout
from worker.jobs.answer import Metrics
from worker.log import get_logger, job_context, setup_logging
from worker.settings.load import Settings

ROOT = Path(__file__).parent.parent.parent
DEPLOY, RUNNING, MOVING, JOB = (
    (ROOT / "docs" / f"{name}.md").read_text("utf-8")
    for name in ("deploy", "running", "moving", "job")
)
HUB = json.loads((ROOT / ".runpod" / "hub.json").read_text("utf-8"))["config"]
PUBLISHED = Arch(dim=1024, depth=22, heads=16, ff_mult=2, text_dim=512, conv_layers=4)


def env_blocks(text: str) -> list[dict[str, str]]:
    blocks = re.findall(r"^```env\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [dict(re.findall(r"^(\w+)=(.*)$", block, re.MULTILINE)) for block in blocks]


def test_what_a_pass_may_hold_is_what_the_worker_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = re.findall(r"^\| (\d) GiB[^|]* \| ([\d,]+)[^|]* \| (\d+) \|$", DEPLOY, re.MULTILINE)
    assert len(rows) == 4
    for free, frames, chunks in rows:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _, n=free: (int(n) << 30, 0))
        found = most_frames(PUBLISHED, torch.device("cuda"), torch.float16)
        assert found == int(frames.replace(",", ""))
        assert found // CHUNK_FRAMES == int(chunks)


def test_the_endpoint_is_what_the_hub_asks_for() -> None:
    listed = re.findall(r"^\| `(\w+)` \|.*listed for the Hub", DEPLOY, re.MULTILINE)
    assert set(listed) == set(HUB["gpuIds"].split(","))
    assert f"| container disk | {HUB['containerDiskInGb']} GB |" in DEPLOY
    assert f"| CUDA versions | {', '.join(HUB['allowedCudaVersions'])} |" in DEPLOY
    for name, value in HTTP_VALUES.items():
        assert f"`{name}={value}`" in DEPLOY


def test_scaling_and_time_outs_agree_with_the_defaults() -> None:
    jobs = Settings().jobs
    assert f"`JOB_TIMEOUT_S` ({jobs.timeout_s:g})" in DEPLOY
    assert "request count, 8" in DEPLOY and "`MAX_CONCURRENCY=8` with queue delay" in DEPLOY
    scaling = (ROOT / "docs" / "scaling.md").read_text("utf-8")
    assert "concurrency of 8 and queue delay (request count with the value 8" in scaling


def test_a_line_of_the_log_has_the_fields_named() -> None:
    stream = io.StringIO()
    setup_logging("INFO", "json", (), stream=stream)
    with job_context("job-1"):
        get_logger("jobs").info("done", extra={"seconds": 1.5})
    line = json.loads(stream.getvalue())
    table = RUNNING.split("## The log")[1].split("\n\n|")[1]
    named = re.findall(r"^\| `(\w+)` \|", f"|{table}", re.MULTILINE)
    assert sorted(named) == sorted(line)
    assert re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}\.\d{3}Z", line["time"])


def test_lifecycle_rules_are_for_the_prefixes_that_jobs_write_to() -> None:
    blocks = re.findall(r"^```json\n(.*?)^```$", RUNNING, re.MULTILINE | re.DOTALL)
    [rules] = [json.loads(block)["Rules"] for block in blocks if "Rules" in block]
    jobs = Settings().jobs
    written = {
        jobs.output_prefix, jobs.timings_prefix, jobs.results_prefix, jobs.stream_prefix,
        jobs.parts_prefix,
    }  # fmt: skip
    assert {rule["Filter"]["Prefix"] for rule in rules} == written | {""}


def test_a_volume_that_looks_as_drawn_has_its_model_found(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "F5TTS_v1_Base"
    for name in ("model_1250000.safetensors", "vocab.txt", "vocos/config.yaml"):
        assert name.split("/")[-1] in RUNNING
    (folder / "vocos").mkdir(parents=True)
    for name in ("model_1250000.safetensors", "vocab.txt"):
        (folder / name).touch()
    for name in ("config.yaml", "pytorch_model.bin"):
        (folder / "vocos" / name).touch()
    found = locate(ModelRequest("F5TTS_v1_Base", models_dir=tmp_path / "none", volume_dir=tmp_path))
    assert (found.weights.parent, found.vocab.parent) == (folder, folder)
    assert found.vocoder == folder / "vocos"


def test_every_earlier_system_has_its_settings() -> None:
    loaded = [Settings.load(env) for env in env_blocks(MOVING)]
    assert [s.storage.mode for s in loaded] == ["s3", "hybrid", "hybrid", "s3", "s3"]
    assert all(s.storage.access_key_id and s.storage.secret_access_key for s in loaded)
    ancestor, store, presigned, media, courses = loaded
    assert store.warnings == media.warnings == courses.warnings == ()
    assert any("us-west-004" in warning for warning in ancestor.warnings)
    assert [w for w in presigned.warnings if "{job_id}" not in w] == []
    assert (presigned.urls.kind, presigned.urls.expires_s) == ("presigned", 3600)
    assert media.storage.prefix == "storage" and media.storage.max_bytes == 100 << 30


def test_the_presigned_service_keeps_its_keys() -> None:
    files = Layout(Settings.load(env_blocks(MOVING)[2]), "job-1")
    key = files.audio("wav", user_id="u1", session="s9", index=0).key
    assert key == "audio/users/u1/s9/segment_000.wav"
    assert files.audio("wav", session="s9").key == "audio/users/anonymous/s9/segment_000.wav"


def test_the_ancestor_keeps_its_keys() -> None:
    files = Layout(Settings.load(env_blocks(MOVING)[0]), "job-1")
    assert files.audio("wav").key == "output/job-1.wav"


def test_every_metric_is_explained() -> None:
    table = JOB.split("| `metrics` |")[1].split("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| ([^|]+) \|", table, re.M))))
    assert named == {item.name for item in fields(Metrics)} | {"rtf"}
