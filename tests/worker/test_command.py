"""The command line: what it says and how it ends, without a model."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import resource
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from errors import InvalidInput
from standins.platform import ROOT
from standins.waiting import PATIENCE_S
from tests.worker.voices.library import voice
from worker.command import main as command
from worker.command import show
from worker.command.places import format_of, places
from worker.command.say import Made, _named_file, patient, rows_of, texts_of
from worker.log import ROOT as LOGGER
from worker.settings.load import Settings

HEAVY = {"torch", "boto3", "botocore", "runpod", "numpy", "pydantic", "rich"}


@dataclass
class Ended:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Runs the command line in this process, in a folder with one recording and its words."""
    (tmp_path / "my voice.wav").write_bytes(voice())
    (tmp_path / "my voice.srt").write_text("1\n00:00:00,000 --> 00:00:03,000\nWords of mine.\n")
    for name in [name for name in os.environ if name.startswith(("S3_", "AWS_", "F5_", "LOCAL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LOCAL_STORAGE_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "leave", sys.exit)
    log = logging.getLogger(LOGGER)
    level, handlers = log.level, log.handlers[:]

    def ended(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["worker", *arguments])
        with pytest.raises(SystemExit) as end:
            command.main()
        said = capsys.readouterr()
        return Ended(int(end.value.code or 0), said.out, said.err)

    yield ended
    log.setLevel(level)
    log.handlers[:] = handlers


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


def test_a_voice_that_is_no_file_is_said_to_be_none(run: Run) -> None:
    ended = run("voices", "check", "none.wav")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "run `voices list`. There is no file 'none.wav'" in ended.err
    os.mkfifo("pipe.wav")
    assert "'pipe.wav' in this folder is no file." in run("voices", "check", "pipe.wav").err
    os.mkdir("é")
    said = run("voices", "check", "é").err
    assert "'é' in this folder is a folder. Name the recording" in said and said.count("{wav") == 1


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


def test_a_voice_is_added_listed_removed_and_restored(run: Run, tmp_path: Path) -> None:
    added = run("voices", "add", "me", "my voice.wav", "--consent", "Ann Lee, 2026-11-26")
    assert added.code == 0 and "voices/me.wav" in added.out
    stored = tmp_path / "data" / "voices"
    assert sorted(path.name for path in stored.iterdir()) == ["me.srt", "me.voice.json", "me.wav"]
    assert (stored / "me.srt").read_bytes() == (tmp_path / "my voice.srt").read_bytes()
    assert json.loads((stored / "me.voice.json").read_text())["consent"]["who"] == "Ann Lee"

    listed = run("voices", "list")
    assert "me" in listed.out and "with its words" in listed.out and str(stored) in listed.out
    assert [v["name"] for v in json.loads(run("voices", "list", "--json").out)["voices"]] == [
        "me",
        "demo",
    ]
    assert run("voices", "check", "me").code == 0
    mood = ("me", "--mood", "calm")
    assert run("voices", "add", "me", "my voice.wav", "--mood", "calm").code == 0
    assert f"`voices restore {' '.join(mood)}`" in run("voices", "remove", *mood).out
    assert "me/calm" in run("voices", "restore", *mood).out
    removed = run("voices", "remove", "me").out
    assert "restore" in removed and "Voices below me were not deleted: me/calm" in removed
    assert run("voices", "remove", *mood).code == 0
    assert not (stored / "me.wav").exists()
    assert run("voices", "restore", "me").code == 0
    assert (stored / "me.wav").exists() and (stored / "me.srt").exists()


def test_a_voice_that_takes_anothers_place_says_so_and_whose_words_stay(
    run: Run, tmp_path: Path
) -> None:
    assert "Added" in run("voices", "add", "me", "my voice.wav").out
    (tmp_path / "my voice.srt").unlink()
    said = " ".join(run("voices", "add", "me", "my voice.wav").out.split())
    assert said.startswith("Replaced me")
    assert "words of the voice that it replaces are kept (voices/me.srt)" in said
    assert "use `voices add` again with --words" in said


def test_without_words_it_says_what_is_to_be_typed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my voice.srt").unlink()
    said = " ".join(run("voices", "add", "me", "my voice.wav").out.split())
    assert "`say` must bring --words. Use `voices add` again with --words" in said
    said = " ".join(run("voices", "check", "my voice.wav").out.split())
    assert "unknown words not known, and needed: put me.txt" in said


def test_a_job_is_answered_in_words_of_its_own_fields(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {"error": "Unknown words. Give `ref_text`.", "status": "failed"}
    monkeypatch.setattr("worker.command.job.answered", lambda *_: failed)
    ended = run("job", "job.json")
    assert (ended.code, ended.err) == (1, "Unknown words. Give `ref_text`.\n")


def test_a_text_at_a_desk_has_time_unless_it_is_limited(tmp_path: Path) -> None:
    assert patient(Settings.load({})).jobs.timeout_s > 86_400
    assert patient(Settings.load({"JOB_TIMEOUT_S": "5"})).jobs.timeout_s == 5


def test_new_words_take_the_place_of_old_ones(run: Run, tmp_path: Path) -> None:
    run("voices", "add", "me", "my voice.wav")
    assert run("voices", "add", "me", "my voice.wav", "--words", "Other words.").code == 0
    stored = tmp_path / "data" / "voices"
    assert (stored / "me.txt").read_text() == "Other words." and not (stored / "me.srt").exists()


def test_a_malformed_transcript_stores_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my voice.srt").write_bytes(b"PK\x03\x04nothing to read")
    ended = run("voices", "add", "me", "my voice.wav")
    assert ended.code == 1 and "my voice.srt" in ended.err
    assert not (tmp_path / "data" / "voices").exists()


def test_a_file_is_checked_where_it_lies(run: Run) -> None:
    assert "Name the recording." in run("voices", "check", "my voice.srt").err
    ended = run("voices", "check", "my voice.wav", "--json")
    assert json.loads(ended.out)["words"] == 3
    assert run("voices", "check", "./none.wav").code == 1
    refused = run("voices", "check", "my voice.wav", "--strict")
    assert refused.code == 1 and "doubtful" in refused.out
    assert "bandwidth" in refused.out and "advice" in refused.out


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


def test_what_was_made_is_one_block_with_each_note_once() -> None:
    note = "Listen to “Upload it with `ref_text`.”"  # a user's own words, which stay
    answer = {
        "voice": "me", "duration": 1.52, "sample_rate": 24000, "format": "wav", "seed": 7,
        "metrics": {"total_s": 3.25, "nfe_step": 32}, "warnings": [note],
    }  # fmt: skip
    made = [Made(Path(name), (Path("a.srt"),), answer) for name in ("a.wav", "b.wav")]
    rows = rows_of(made, "./me.wav")
    assert rows[0] == ("Made", "a.wav (1.5 s, 24000 Hz, wav)")
    assert ("", "a.srt") in rows and ("Voice", "me, from ./me.wav") in rows
    assert rows[-1] == ("Note", note) and len(rows) == 11


def test_where_sounds_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert places(None, 1) == [Path("speech.wav")]
    Path("speech.wav").touch()
    assert places(None, 1) == [Path("speech-2.wav")]
    assert places(Path("out.flac"), 2) == [Path("out-1.flac"), Path("out-2.flac")]
    assert places(tmp_path, 1) == [tmp_path / "speech-2.wav"]
    assert (format_of(Path("a.OPUS")), format_of(Path("a.mp3"))) == ("ogg", "mp3")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "/proc/x.wav"), "/proc/x.wav cannot be written (No such file or directory)."),
        (("-o", "a.wav", "Two."), "a-2.wav is a folder. Give another name with -o."),
        (("--voice", "my voice.wav", "-o", "my voice.mp3", "--subtitles", "vtt,srt"),
         "my voice.srt belongs to the voice. Give another file with -o."),
        (("--voice", "my voice.wav", "-o", "my voice.wav"), "my voice.wav is the voice itself."),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_used_is_told_before_anything_is_spoken(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr("worker.command.say.App", None)
    Path("a-2.wav").mkdir()
    ended = run("say", "Hello.", *arguments)
    assert ended.code == 1 and said in ended.err and ended.err.count("\n") == 1
    assert Path("my voice.srt").read_text().endswith("Words of mine.\n")


def test_subtitles_do_not_take_the_place_of_those_that_are_spoken(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.command.say.App", None)
    with Path("my voice.srt").open() as piped:
        monkeypatch.setattr(sys, "stdin", piped)
        ended = run("say", "-o", "my voice.ogg", "--subtitles", "vtt,srt")
    assert ended.code == 1
    assert ended.err == "my voice.srt is the text itself. Give another file with -o.\n"


def test_the_name_of_a_file_given_as_a_text_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("book.txt").write_text("A book.")
    assert [*_named_file("book.txt")] == [
        "'book.txt' is a file; its name was spoken. For what it holds: say < FILE"
    ]
    assert not [*_named_file("Hello."), *_named_file("a\0.txt"), *_named_file("Long. " * 99)]


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


def test_texts_come_as_arguments_or_by_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    assert texts_of(["One.", "Two."]) == ("One.", "Two.")
    for given in ([], ["-"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO("\ufeffPiped.\n"))
        assert texts_of(given) == ("Piped.\n",)


@pytest.mark.parametrize(("piped", "said"), [("\udcff\udcfeH\0", "UTF-8"), (" \n", "no text")])
def test_what_is_piped_must_be_a_text(
    piped: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO(piped))
    with pytest.raises(InvalidInput, match=said):
        texts_of([])
