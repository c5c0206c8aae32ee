"""The `say` command without a model: texts in, places of the sounds, what it says."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from errors import InvalidInput
from tests.worker.command.conftest import Run
from worker.command.places import format_of, places
from worker.command.say import Made, _named_file, patient, rows_of, texts_of
from worker.settings.load import Settings


def test_a_text_at_a_desk_has_time_unless_it_is_limited(tmp_path: Path) -> None:
    assert patient(Settings.load({})).jobs.timeout_s > 86_400
    assert patient(Settings.load({"JOB_TIMEOUT_S": "5"})).jobs.timeout_s == 5


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


def test_texts_come_as_arguments_or_by_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    assert texts_of(["One.", "Two."]) == ("One.", "Two.")
    for given in ([], ["-"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO("\ufeffPiped.\n"))
        assert texts_of(given) == ("Piped.\n",)


@pytest.mark.parametrize(("piped", "said"), [("\udcff\udcfeH\0", "UTF-8"), (" \n", "no text")])
def test_what_is_piped_must_be_a_text(
    piped: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(piped))
    with pytest.raises(InvalidInput, match=said):
        texts_of([])
