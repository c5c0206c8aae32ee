"""Lexicons of the bucket: whatever lies there, jobs go on, and are told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from errors import StorageDenied, StorageError, StorageUnavailable
from s3_utils import ObjectInfo, Storage, StorageConfig, open_storage
from standins.waiting import PATIENCE_S, until
from worker import lexicons
from worker.lexicons import LEXICON_CACHE_S, LexiconLibrary, Lexicons


@pytest.fixture
def store(tmp_path: Path) -> Storage:
    return open_storage(StorageConfig(mode="local", local_dir=tmp_path))


def test_what_cannot_be_read_is_named_and_the_rest_counts(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("lexicons/a.json", b'{"SQL": "sequel"}')
    store.put("lexicons/broken.json", b"{")
    store.put("lexicons/digits.json", b'{"a": ' + b"9" * 5000 + b"}")
    store.put("lexicons/huge.json", b" " * (lexicons.MAX_BYTES + 1))
    store.put("lexicons/latin.json", '{"é": "e"}'.encode("latin-1"))
    store.put("lexicons/notes.txt", b"of another kind")
    store.put("lexicons/secret.json", b"{}")
    get = store.get

    def guarded(key: str, *, max_bytes: int | None = None) -> bytes:
        if "secret" in key:
            raise StorageDenied(f"{key} may not be read.", "")
        return get(key, max_bytes=max_bytes)

    monkeypatch.setattr(store, "get", guarded)
    current = LexiconLibrary(store, "lexicons/").current()
    assert [entry.spoken for entry in current.lexicon.entries] == ["sequel"]
    named = ["broken", "digits", "huge", "latin", "secret"]
    assert [said.split(" is not used")[0] for said in current.warnings] == [
        f"The lexicon lexicons/{name}.json" for name in named
    ]


def test_all_together_have_a_bound(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicons, "MAX_ENTRIES", 25)
    for name in "abc":
        words = {f"{name}{i}": "x" for i in range(10)}
        store.put(f"lexicons/{name}.json", json.dumps(words).encode())
    current = LexiconLibrary(store, "lexicons/").current()
    assert len(current.lexicon.entries) == 20
    (warning,) = current.warnings
    assert "lexicons/c.json is not used" in warning and "Delete" in warning


def test_a_change_is_noticed_after_the_while_it_is_remembered(store: Storage) -> None:
    now = 0.0
    library = LexiconLibrary(store, "lexicons/", clock=lambda: now)
    assert library.current().lexicon.entries == ()
    store.put("lexicons/a.json", b'{"SQL": "sequel"}')
    assert library.current().lexicon.entries == ()
    now += LEXICON_CACHE_S
    assert len(library.current().lexicon.entries) == 1


class Slow:
    """A store whose reads wait, and which counts its lists."""

    def __init__(self, store: Storage) -> None:
        self._store, self.go_on, self.lists, self.fails = store, threading.Event(), 0, False

    def list(self, prefix: str, *, limit: int | None = None) -> Iterator[ObjectInfo]:
        self.lists += 1
        self.go_on.wait()
        if self.fails:
            raise StorageUnavailable("S3 does not answer.")
        return self._store.list(prefix, limit=limit)

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        if self.fails:
            raise StorageUnavailable(f"{key} cannot be had.")
        return self._store.get(key, max_bytes=max_bytes)

    def put(self, *args: Any, **kwargs: Any) -> object:
        return self._store.put(*args, **kwargs)


def library_of(slow: Slow, clock: Callable[[], float] = lambda: 0.0) -> LexiconLibrary:
    return LexiconLibrary(cast(Storage, slow), "lexicons/", clock=clock)


def together(library: LexiconLibrary, jobs: int) -> list[Lexicons]:
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda _: library.current(), range(jobs)))


def test_while_storage_is_slow_jobs_wait_for_one_reading_and_not_for_ever(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexicons, "FIRST_WAIT_S", 0.2)
    monkeypatch.setattr(lexicons, "NEXT_WAIT_S", 0.1)
    monkeypatch.setattr(lexicons, "BRIEF_S", 0.2)
    store.put("lexicons/a.json", b'{"SQL": "sequel"}')
    now, slow = 0.0, Slow(store)
    library = library_of(slow, lambda: now)
    found = together(library, 16)
    assert slow.lists == 1
    assert all("still being read" in one.warnings[0] for one in found)
    assert library._wait_s == lexicons.NEXT_WAIT_S  # of the next ones, while nothing comes
    slow.go_on.set()
    until(lambda: library.current().lexicon.entries)
    assert slow.lists == 1
    now += LEXICON_CACHE_S
    slow.go_on.clear()
    again = library.current()  # as last seen
    assert again.lexicon.entries and "still being read" in again.warnings[0]
    slow.go_on.set()


def test_while_storage_is_silent_jobs_wait_less_than_for_the_first_time(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that come while it is asked again."""
    monkeypatch.setattr(lexicons, "FIRST_WAIT_S", 10 * PATIENCE_S)
    monkeypatch.setattr(lexicons, "NEXT_WAIT_S", 0.1)
    now, slow = 0.0, Slow(store)
    library = library_of(slow, lambda: now)
    slow.fails = True
    slow.go_on.set()
    library.current()
    slow.go_on.clear()
    now += lexicons.RETRY_S
    begun = time.monotonic()
    assert "could not be read" in library.current().warnings[0]
    assert time.monotonic() - begun < PATIENCE_S
    slow.go_on.set()


def test_credentials_that_fail_once_take_no_lexicon_away(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("lexicons/a.json", b'{"SQL": "sequel"}')
    now = 0.0
    library = LexiconLibrary(store, "lexicons/", clock=lambda: now)
    for _ in range(2):
        with monkeypatch.context() as patched:
            patched.setattr(store, "list", refuse)
            denied = library.current()
        now += lexicons.RETRY_S
        assert library.current().lexicon.entries and not library.current().warnings
        now += LEXICON_CACHE_S
    assert denied.lexicon.entries and "not allowed" in denied.warnings[0]


def test_a_lexicon_denied_once_is_tried_again(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("lexicons/a.json", b'{"SQL": "sequel"}')
    now = 0.0
    library = LexiconLibrary(store, "lexicons/", clock=lambda: now)
    with monkeypatch.context() as patched:
        patched.setattr(store, "get", refuse)
        assert "a.json is not used" in library.current().warnings[0]
    now += LEXICON_CACHE_S
    assert library.current().lexicon.entries


def refuse(*_: object, **__: object) -> Iterator[ObjectInfo]:
    raise StorageDenied("These keys are not allowed to.")


def test_storage_that_does_not_answer_is_asked_once_for_all_jobs(store: Storage) -> None:
    now, slow = 0.0, Slow(store)
    library = library_of(slow, lambda: now)
    slow.go_on.set()
    slow.fails = True
    for found in (*together(library, 16), library.current()):
        assert "S3 does not answer" in found.warnings[0]
    assert slow.lists <= 2
    store.put("lexicons/a.json", b'{"SQL": "sequel"}')
    slow.fails = False
    now += lexicons.RETRY_S
    assert library.current() == Lexicons(library.current().lexicon)
    assert library.current().lexicon.entries


def test_one_lexicon_that_cannot_be_had_fails_no_job(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it take what is known away: that is used until storage gives it."""
    store.put("lexicons/a.json", b'{"SQL": "sequel"}')
    store.put("lexicons/b.json", b'{"GIF": "jif"}')
    now = 0.0
    library = LexiconLibrary(store, "lexicons/", clock=lambda: now)
    assert len(library.current().lexicon.entries) == 2
    store.put("lexicons/c.json", b'{"API": "ay pee eye"}')
    get = store.get

    def archived(key: str, *, max_bytes: int | None = None) -> bytes:
        if key != "lexicons/a.json":
            raise StorageError(f"{key} is archived.", "")
        return get(key, max_bytes=max_bytes)

    monkeypatch.setattr(store, "get", archived)
    now += LEXICON_CACHE_S
    found = library.current()
    assert len(found.lexicon.entries) == 2
    assert [said.split(" is not")[0][-6:] for said in found.warnings] == ["b.json", "c.json"]
    monkeypatch.undo()
    now += lexicons.RETRY_S
    assert len(library.current().lexicon.entries) == 3


def test_what_is_stored_while_lexicons_are_read_counts_at_once(store: Storage) -> None:
    slow = Slow(store)
    library = library_of(slow)
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(library.current)
        until(lambda: slow.lists)
        library.put("names", '{"SQL": "sequel"}')
        slow.go_on.set()
        early.result()
    assert library.current().lexicon.entries


def test_a_hundred_that_are_wrong_are_a_few_warnings(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexicons, "MAX_LEXICONS", 20)
    for number in range(30):
        store.put(f"lexicons/{number:03d}-{'x' * 200}.json", b"{")
    found = LexiconLibrary(store, "lexicons/").current()
    assert "Only the first 20" in found.warnings[0]
    assert found.warnings[-1] == "16 more lexicons are not used."
    assert len(found.warnings) == 6 and all(len(said) < 300 for said in found.warnings)
