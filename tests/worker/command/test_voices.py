"""The `voices` command: what it stores, and what it says of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.worker.command.conftest import Run


def test_a_voice_that_is_no_file_is_said_to_be_none(run: Run) -> None:
    ended = run("voices", "check", "none.wav")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "run `voices list`. There is no file 'none.wav'" in ended.err
    os.mkfifo("pipe.wav")
    assert "'pipe.wav' in this folder is no file." in run("voices", "check", "pipe.wav").err
    os.mkdir("é")
    said = run("voices", "check", "é").err
    assert "'é' in this folder is a folder. Name the recording" in said and said.count("{wav") == 1


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
    agreed = ("--consent", "Ann Lee, 2026-11-26")
    assert "Added" in run("voices", "add", "me", "my voice.wav", *agreed).out
    (tmp_path / "my voice.srt").unlink()
    said = " ".join(run("voices", "add", "me", "my voice.wav").out.split())
    assert said.startswith("Replaced me")
    assert "words of the voice that it replaces are kept (voices/me.srt)" in said
    assert "use `voices add` again with --words" in said
    assert "Use `voices add` again with --consent, or add it with a `job` of" in said


def test_without_words_it_says_what_is_to_be_typed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my voice.srt").unlink()
    said = " ".join(run("voices", "add", "me", "my voice.wav").out.split())
    assert "`say` must bring --words. Use `voices add` again with --words" in said
    said = " ".join(run("voices", "check", "my voice.wav").out.split())
    assert "unknown words not known, and needed: put me.txt" in said
    assert "or give --words" in said  # made in a thread of a lane


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
