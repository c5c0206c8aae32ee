"""Every block of docs/http.md runs as it stands there, or says that it does not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from standins.http_face import Face
from standins.local_worker import wav
from standins.platform import ROOT
from standins.waiting import PATIENCE_S
from worker.operations.table import OPERATIONS
from worker.request.openai import OWN
from worker.request.parse import parse
from worker.request.routes import read_route
from worker.settings.env import variables
from worker.settings.http import HttpConfig
from worker.settings.load import Settings

TEXT = (ROOT / "docs" / "http.md").read_text("utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\S[^\n]*)\n(.*?)^```$", TEXT, re.M | re.S)
RUN = {"sh": ["sh", "-e", "-c"], "python": [sys.executable, "-c"]}


def run(command: list[str], face: Face, directory: Path) -> None:
    (directory / "ada.wav").write_bytes(wav())
    env = {**os.environ, "WORKER": face.url}
    done = subprocess.run(
        command, cwd=directory, env=env, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("number", [i for i, (kind, _) in enumerate(BLOCKS) if kind in RUN])
def test_a_block_runs_as_it_stands(number: int, face: Face, tmp_path: Path) -> None:
    kind, code = BLOCKS[number]
    run([*RUN[kind], code], face, tmp_path)
    for name in re.findall(r"morning\.\w+", code):
        assert (tmp_path / name).stat().st_size > 1000


@pytest.mark.slow
def test_the_javascript_client_speaks(face: Face, tmp_path: Path) -> None:
    if not (npm := shutil.which("npm")) or not shutil.which("node"):
        pytest.skip("LEFT OUT: the JavaScript client, as node and npm are not installed")
    install = [npm, "install", "--no-audit", "--no-fund", "--silent", "openai@6"]
    done = subprocess.run(install, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S)
    if done.returncode:
        pytest.skip(
            f"LEFT OUT: the JavaScript client, which npm did not give: {done.stderr[-200:]}"
        )
    [code] = [code for kind, code in BLOCKS if kind == "js"]
    (tmp_path / "say.mjs").write_text(code)
    run(["node", "say.mjs"], face, tmp_path)
    assert (tmp_path / "morning.ogg").read_bytes().startswith(b"OggS")


def test_blocks_that_are_not_run_are_marked_or_data() -> None:
    kinds = {kind for kind, _ in BLOCKS}
    assert kinds == {"sh", "python", "js", "json", "sh not run here"}
    [error, routed] = [json.loads(code) for kind, code in BLOCKS if kind == "json"]
    assert set(error["error"]) == {"message", "type", "param", "code", "hint", "retryable"}
    job = read_route(routed["input"], Settings.load({}), "demo").job
    assert parse(job, OPERATIONS, Settings.load({})).input


def test_every_setting_and_own_field_it_names_is_there() -> None:
    known = {env.name for env in variables(HttpConfig).values()}
    named = set(re.findall(r"`(HTTP_[A-Z_]+|OPENAI_[A-Z]+|F5_SERVE|PORT)\b", TEXT))
    assert named <= known
    assert {"seed", "quality", "nfe_step", "ref_text", "language", "lexicon", "pauses"} <= set(OWN)
    assert {"processing", "sample_rate", "remove_silence", "cfg_strength", "user_id"} <= set(OWN)
