"""The command line: its help, how it ends, and what it says where it fails."""

from __future__ import annotations

import io
import os
import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from standins.platform import ROOT
from standins.waiting import PATIENCE_S
from tests.worker.command.conftest import Run
from worker.command import main as command
from worker.command import show
from worker.settings.load import Settings

HEAVY = {"torch", "boto3", "botocore", "runpod", "numpy", "pydantic", "rich"}


def python(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**plain, **env}, capture_output=True,
        text=True, timeout=PATIENCE_S, check=True,
    )  # fmt: skip


def children_s() -> float:
    """Seconds of the processor that processes of this one have taken. Not by the clock: other
    tests run beside this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def spent_by(*asked: str) -> float:
    """Seconds of the processor that `python ASKED` takes."""
    before = children_s()
    done = subprocess.run(
        [sys.executable, *asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "doctor" in done.stdout or asked[0] == "-c"
    return children_s() - before


def test_help_answers_at_once_and_loads_nothing_heavy() -> None:
    # It takes a fifth more than the library it is written with; PyTorch takes ten times that. The
    # first time of all it compiles what it imports.
    assert any(
        spent_by("-m", "worker", "--help") < 4 * spent_by("-c", "import typer") for _ in range(3)
    )
    loaded = python("import sys, worker.command.main; print(*sys.modules)").stdout.split()
    assert not HEAVY & set(loaded)


def test_the_entrys_help_is_its_own_and_loads_no_model() -> None:
    code = (
        "import sys, runpy; sys.argv[1:] = ['--help']\n"
        "try: runpy.run_module('handler', run_name='handler')['main']()\n"
        "except SystemExit as end: print(end.code, 'torch' in sys.modules)"
    )
    done = python(code)
    assert "--rp_serve_api" in done.stdout and "python -m worker --help" in done.stdout
    assert done.stdout.endswith("0 False\n")


TYPED = [
    (document.name, line)
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for line in re.findall(r"^(?:[\w./-]*/)?f5worker (.*)$", document.read_text("utf-8"), re.M)
]


@pytest.mark.parametrize(("document", "line"), TYPED)
def test_a_command_that_a_document_shows_can_be_typed(document: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[: next((i for i, word in enumerate(words) if word in "<>"), None)]
    found: Any = typer.main.get_command(command.app)
    while words and words[0] in getattr(found, "commands", ()):
        found = found.commands[words.pop(0)]
    if words != ["--help"]:
        found.make_context("f5worker", words)


@pytest.mark.parametrize("arguments", [[], ["voices"], ["say", "--help"], ["voices", "--help"]])
def test_without_a_command_there_is_help(run: Run, arguments: list[str]) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert "Usage: python -m worker" in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["speak"], "No such command 'speak'. `python -m worker --help`"),
        (["say", "Hi.", "--vioce", "x"], "--voice"),
        (["voices", "add"], "`python -m worker voices add --help` shows what there is."),
        (["say", "Hi.", "-o", "-"], "No sound goes to standard output. Name a file: -o out.wav."),
        (["voices", "remove", "."], "Correct it; the command's --help shows what may be given."),
        (["say", "Hi.", "-o", "x.m4a"], "its ending names no format. Use one of .wav"),
        (["say", "Hi.", "--speed", "fast"], "'--speed'"),
        (["say", "Hi.", "-o", "x.txt"], "Use one of .wav, .flac, .mp3, .ogg, .opus."),
        (["say", "Hi.", "-o", "none/x.wav"], "There is no folder none. Make it first"),
        (
            ["say", "Hi.", "--voice", "./none.wav"],
            "There is no file none.wav. Nearest in that folder",
        ),
        (["say", "Hi.", "--voice", "."], "Name the audio file in it, as my voice.wav"),
        (["say", "Hi.", "--voice", "./my voice.wav", "-o", "my voice.wav"], "the voice itself"),
        (
            ["job", "none.json"],
            "none.json cannot be read (No such file or directory). Put a job into it, or name",
        ),
        (["job", "my voice.srt"], "my voice.srt is not valid JSON"),
        (["voices", "add", "me", "none.wav"], "There is no file none.wav."),
        (["voices", "add", "../me", "my voice.wav"], "voice_name"),
        (["voices", "add", "me", "my voice.wav", "--consent", "Ann"], '"Ann Lee, 2026-11-26"'),
        (["voices", "remove", "nobody"], "no voice 'nobody' to delete. Run `voices list`"),
        (["voices", "remove", "demo"], "comes with the worker"),
        (["serve", "--port", "99999"], "'--port'"),
        (["voices", "restore", "nobody"], "No deleted voice 'nobody' is kept."),
    ],
)
def test_a_command_that_fails_says_what_to_do_in_one_line(
    run: Run, arguments: list[str], said: str
) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err
    assert ended.err.count("\n") == 1 and ended.err.endswith((".\n", "is.\n"))


def test_wrong_settings_are_one_line_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_CONCURRENCY", "lots")
    ended = run("voices", "list")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "MAX_CONCURRENCY" in ended.err


@pytest.mark.parametrize(
    ("streams", "code", "said"),
    [
        ("voices list >&-", 0, ""),
        ("voices list >/dev/full", 1, "The answer cannot be written (No space left on device)."),
        ("job - <&-", 1, "The job on standard input is not valid JSON"),
    ],
)
def test_streams_that_are_closed_or_full_are_no_bug(
    tmp_path: Path, streams: str, code: int, said: str
) -> None:
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.quote(sys.executable)} -m worker {streams}"],
        cwd=ROOT, env={"LOCAL_STORAGE_DIR": str(tmp_path)}, capture_output=True, text=True,
        timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == code
    assert said in done.stderr and done.stderr.count("\n") == (1 if said else 0)


def test_what_nobody_foresaw_is_one_line_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("worker.command.voices.asked", broken)
    ended = run("voices", "list")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "The worker failed unexpectedly (ZeroDivisionError). Run it with --log to see why.\n"
    )


def test_a_job_is_answered_in_words_of_its_own_fields(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {"error": "Unknown words. Give `ref_text`.", "status": "failed"}
    monkeypatch.setattr("worker.command.job.answered", lambda *_: failed)
    ended = run("job", "job.json")
    assert (ended.code, ended.err) == (1, "Unknown words. Give `ref_text`.\n")


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_and_may_be_switched_off(
    env: dict[str, str], coloured: bool
) -> None:
    code = "from worker.command import show; show.table([('ok', 'a', 'b')], marked=True)"
    in_a_pipe = python(code, TERM="xterm", **env).stdout
    assert "\x1b" not in in_a_pipe and "ok" in in_a_pipe
    terminal, inside = os.openpty()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"TERM": "xterm", **env}, stdout=inside,
        timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    os.close(inside)
    shown = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert done.returncode == 0 and "ok" in shown
    assert ("\x1b[32m" in shown) == coloured


def test_serve_hands_over_to_the_http_face_which_gives_the_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str | None, int | None]] = []

    def serve(settings: Settings, host: str | None, port: int | None) -> int:
        asked.append((host, port))
        return 3

    monkeypatch.setattr("worker.http.serve.serve", serve)
    assert run("serve", "--port", "81").code == 3
    assert run("serve").code == 3
    assert asked == [(None, 81), (None, None)]


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", "\\u017b"), ("utf-8", "Ż")])
def test_what_standard_output_cannot_hold_is_written_in_escapes(
    monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))
    command._open_streams()
    show.as_json({"text": "Ż"})
    show.as_json({"job_id": "\ud800"})
    show.line("Ż")
    sys.stdout.flush()
    written = raw.getvalue().decode()
    assert written == f'{{\n  "text": "{shown}"\n}}\n{{\n  "job_id": "\\ud800"\n}}\n{shown}\n'
