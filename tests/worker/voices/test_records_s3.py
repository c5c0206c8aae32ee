"""Voices as wholes in S3 and in S3 with a disk beside it, by two workers at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from errors import InvalidInput, VoiceNotFound
from s3_utils import Storage, open_storage
from storage.config import StorageConfig
from tests.worker.voices.library import BUNDLED, Clock, voice
from worker.lexicons import LexiconLibrary
from worker.settings.groups import VoiceConfig
from worker.voices.library import VoiceLibrary
from worker.voices.shelf import VoiceShelf


class _Interrupted:
    """A store in which another worker does something before the first put of a key."""

    def __init__(self, store: Storage, key: str, other: Any) -> None:
        self._store, self._key, self._other = store, key, other

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, key: str, *args: Any, **kwargs: Any) -> object:
        if key == self._key and (other := self._other):
            self._other = None
            other()
        return self._store.put(key, *args, **kwargs)


class Two(NamedTuple):
    """The stores of two workers."""

    first: Storage
    second: Storage

    def keys(self) -> list[str]:
        """What S3 has, also of what is deleted."""
        s3 = self.second.stores()["s3"]
        return sorted(item.key for item in s3.list("voices/") if ".deleted" not in item.key)


@pytest.fixture(params=["s3", "hybrid"])
def two(request: pytest.FixtureRequest, s3_config: StorageConfig, tmp_path: Path) -> Iterator[Two]:
    configs = [replace(s3_config, mode=request.param, local_dir=tmp_path / name) for name in "ab"]
    stores = Two(*map(open_storage, configs))
    yield stores
    for store in stores:
        store.close()


def shelf(store: Any) -> VoiceShelf:
    return VoiceShelf(store, VoiceConfig(), changed=lambda: None)


def put(store: Storage, name: str) -> None:
    store.put(f"voices/{name}.txt", f"Words of {name}.".encode())
    store.put(f"voices/{name}.voice.json", json.dumps({"licence": name}).encode())
    store.put(f"voices/{name}.wav", f"Sound of {name}.".encode())


def is_whole(store: Storage, key: str, name: str) -> bool:
    """True if all files of a voice are those that `put` wrote for `name`."""
    return (
        store.get(f"voices/{key}.txt") == f"Words of {name}.".encode()
        and json.loads(store.get(f"voices/{key}.voice.json"))["licence"] == name
        and store.get(f"voices/{key}.wav") == f"Sound of {name}.".encode()
    )


def test_what_one_worker_does_the_other_finds(two: Two) -> None:
    put(two.first, "A")
    shelf(two.second).rename("A", "B")
    assert is_whole(two.first, "B", "A")
    shelf(two.second).remove("B")
    assert two.keys() == []
    shelf(two.second).restore("B")
    assert two.keys() == ["voices/B.txt", "voices/B.voice.json", "voices/B.wav"]
    assert is_whole(two.first, "B", "A")
    with pytest.raises(VoiceNotFound):
        shelf(two.second).restore("B")


def test_the_worker_that_wrote_a_voice_has_it_no_longer(two: Two) -> None:
    """Deleted, renamed, restored by the other: what its own disk has left does not count."""
    first, second = shelf(two.first), shelf(two.second)
    put(two.first, "A")
    second.remove("A")
    assert first.files("voices/A") == []
    with pytest.raises(VoiceNotFound):
        first.copy("A", "B")
    second.restore("A")
    assert is_whole(two.first, "A", "A")
    with pytest.raises(VoiceNotFound):
        first.restore("A")
    put(two.first, "A")
    second.rename("A", "B")
    assert first.files("voices/A") == [] and is_whole(two.first, "B", "A")
    first.remove("B")
    put(two.second, "B")
    assert is_whole(two.first, "B", "B")
    second.remove("B")
    VoiceShelf(two.second, VoiceConfig(restore_days=0), lambda: None).purge()
    for each in (first, second):
        with pytest.raises(VoiceNotFound):
            each.restore("B")


def test_a_job_does_not_speak_with_a_voice_that_another_worker_deleted(two: Two) -> None:
    clock = Clock()
    library = VoiceLibrary(
        two.first, VoiceConfig(), bundled_dir=BUNDLED, clock=clock,
        fetch_bucket=lambda uri: (two.first, uri),
    )  # fmt: skip
    library.catalogue.add("A", voice(), "Some words.")
    assert library.prepare("A").name == "A"
    shelf(two.second).remove("A")
    clock.now += 100
    for name in ("A", "A.wav", "voices/A.wav"):
        with pytest.raises(VoiceNotFound):
            library.prepare(name)
    assert [info.name for info in library.catalogue.all()] == ["demo"]
    shelf(two.second).restore("A")
    assert library.prepare("A").name == "A"


def test_a_lexicon_that_another_worker_deleted_says_nothing(two: Two) -> None:
    clock = Clock()
    ours, theirs = (LexiconLibrary(store, "lexicons/", clock=clock) for store in two)
    ours.put("names", '{"Nguyen": "nwin"}')
    assert ours.current().lexicon.entries
    assert theirs.delete("names") == ["lexicons/names.json"]
    clock.now += 100
    assert not ours.current().lexicon.entries
    assert ours.delete("names") == []


@pytest.mark.parametrize(("verb", "file"), [("rename", "txt"), ("copy", "wav")])
def test_one_of_two_that_want_a_name_has_it_whole(two: Two, verb: str, file: str) -> None:
    put(two.first, "A")
    put(two.second, "B")
    won = []

    def other() -> None:
        with suppress(InvalidInput):
            getattr(shelf(two.second), verb)("B", "X")
            won.append("B")

    with suppress(InvalidInput):
        getattr(shelf(_Interrupted(two.first, f"voices/X.{file}", other)), verb)("A", "X")
        won.append("A")
    assert len(won) <= 1
    left = {"A", "B"} - (set(won) if verb == "rename" else set())
    for name in left:
        assert is_whole(two.second, name, name)
    wanted = [*left, *(["X"] if won else [])]
    assert two.keys() == sorted(
        f"voices/{n}.{e}" for n in wanted for e in ("txt", "voice.json", "wav")
    )
    assert not won or is_whole(two.second, "X", won[0])


def test_a_voice_that_is_deleted_while_it_is_renamed_is_somewhere(two: Two) -> None:
    put(two.first, "A")
    store = _Interrupted(two.first, "voices/X.wav", lambda: shelf(two.second).remove("A"))
    with suppress(VoiceNotFound):
        shelf(store).rename("A", "X")
    if not two.keys():
        shelf(two.second).restore("A")
    keys = two.keys()
    there = [name for name in ("A", "X") if f"voices/{name}.wav" in keys]
    assert there and all(is_whole(two.second, name, "A") for name in there)
