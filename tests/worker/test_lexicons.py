"""Lexicons of the bucket: whatever lies there, jobs go on, and are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errors import StorageDenied
from s3_utils import Storage, StorageConfig, open_storage
from worker import lexicons
from worker.lexicons import LEXICON_CACHE_S, LexiconLibrary


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
