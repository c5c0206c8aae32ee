"""Voices in files of this machine: which written voice means one, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from errors import ConsentMissing, TranscriptMissing, VoiceNotFound, VoiceUnusable, WorkerError
from s3_utils import open_storage
from storage.config import StorageConfig
from tests.worker.voices.library import BUNDLED, voice
from worker.settings.groups import VoiceConfig
from worker.voices.lent import lent_voice, path_meant
from worker.voices.library import VoiceLibrary


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, and home, with two recordings and the words of one."""
    (tmp_path / "a folder").mkdir()
    (tmp_path / "me.wav").write_bytes(voice())
    (tmp_path / "a folder" / "my voice").write_bytes(voice())
    (tmp_path / "ME.TXT").write_text("Words of mine.")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def library(here: Path) -> VoiceLibrary:
    return library_with(here, VoiceConfig())


def library_with(here: Path, config: VoiceConfig) -> VoiceLibrary:
    def no_bucket(uri: str) -> Any:
        raise AssertionError(uri)

    store = open_storage(StorageConfig(mode="local", local_dir=here / "data"))
    return VoiceLibrary(store, config, bundled_dir=BUNDLED, fetch_bucket=no_bucket)


@pytest.mark.parametrize(
    ("written", "file"),
    [
        ("me.wav", "me.wav"),
        (" ./me.wav ", "me.wav"),
        ("~/me.wav", "me.wav"),
        ("a folder/../me.wav", "me.wav"),
        ("a folder/my voice", "a folder/my voice"),
        ("file://{}/a%20folder/my%20voice", "a folder/my voice"),
        ("{}/a folder/my voice", "a folder/my voice"),
    ],
)
def test_what_means_a_file(here: Path, written: str, file: str) -> None:
    path = path_meant(written.format(here))
    assert path is not None and path.samefile(here / file)


@pytest.mark.parametrize(
    "written",
    ["", "demo", "me", "a folder", "other.wav", "team/other.wav", "s3://b/me.wav", "data:audio/wav",
     "https://example.com/me.wav", "ME.TXT", "x" * 5000, "me\0.wav"],
)  # fmt: skip
def test_what_is_left_to_the_library(here: Path, written: str) -> None:
    assert path_meant(written) is None


@pytest.mark.parametrize(
    ("written", "error", "said"),
    [
        ("./mee.wav", VoiceNotFound, "no file mee.wav. Nearest in that folder: me.wav"),
        ("~/none/at/all.wav", VoiceNotFound, "Check the path"),
        ("~nobody-here/me.wav", VoiceNotFound, "no file"),
        (".", VoiceUnusable, "is a folder. Name the audio file in it, as me.wav"),
        ("./a folder", VoiceUnusable, "is a folder. No audio is in it"),
        ("/dev/null", VoiceUnusable, "is no file"),
        ("./" + "x" * 5000, VoiceNotFound, "no file"),
        ("./a\nb.wav", VoiceNotFound, "a\\nb.wav"),
    ],
)
def test_a_path_that_is_no_file(
    here: Path, written: str, error: type[WorkerError], said: str
) -> None:
    with pytest.raises(error) as caught:
        path_meant(written)
    assert said in f"{caught.value.message} {caught.value.hint}"


def test_a_file_that_may_not_be_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read all files, so the refusal is made here."""

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(VoiceUnusable, match=r"me.wav cannot be read \(Permission denied\)"):
        path_meant("me.wav")


def test_a_lent_voice_is_prepared_with_the_words_beside_it(
    here: Path, library: VoiceLibrary
) -> None:
    prepared = library.prepare(library.lend(Path("me.wav")))
    assert (prepared.name, prepared.ref_text) == ("me", "Words of mine. ")
    assert not prepared.warnings


def test_words_that_are_missing_are_looked_for_beside_the_file(
    here: Path, library: VoiceLibrary
) -> None:
    lent = library.lend(here / "a folder" / "my voice")
    with pytest.raises(TranscriptMissing, match=r"a folder/my voice\.srt"):
        library.prepare(lent)
    assert library.prepare(lent, "Given words.").ref_text == "Given words. "


def test_a_file_over_the_limit_is_not_read(here: Path) -> None:
    with pytest.raises(VoiceUnusable, match="at most 1024"):
        lent_voice(Path("me.wav"), 1024).read()


def test_consent_is_asked_for_as_of_any_voice(here: Path) -> None:
    library = library_with(here, VoiceConfig(require_consent=True))
    with pytest.raises(ConsentMissing):
        library.prepare(library.lend(Path("me.wav")))
    (here / "me.voice.json").write_text('{"consent": {"who": "Ann", "when": "2026-11-26"}}')
    assert library.prepare(library.lend(Path("me.wav"))).name == "me"


@pytest.mark.parametrize("written", ["lent/0/me.file", "./me.wav", "me.wav", "~/me.wav"])
def test_a_file_that_was_not_lent_is_no_voice(
    here: Path, library: VoiceLibrary, written: str
) -> None:
    """The library by itself, as the queue and HTTP use it, reads no files of this machine."""
    with pytest.raises(WorkerError):
        library.prepare(written, "Words of mine.")


def test_a_missing_voice_names_those_there_are_and_no_folder_of_this_machine(
    here: Path, library: VoiceLibrary
) -> None:
    with pytest.raises(VoiceNotFound) as caught:
        library.prepare("zzz")
    assert "demo" in caught.value.hint
    assert str(here) not in f"{caught.value.message} {caught.value.hint}"
