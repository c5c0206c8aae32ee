"""Which prepared voices are kept in memory."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from errors import VoiceNotFound
from tests.worker.voices.library import LibraryWithStore
from worker.phrases import said_as
from worker.voices.cache import Found, VoiceCache
from worker.voices.reference import PreparedVoice


def voice(name: str, seconds: float = 1.0) -> PreparedVoice:
    samples = np.zeros(int(seconds * 24_000), dtype=np.float32)
    return PreparedVoice(name, samples, 0.1, seconds, "Hi. ", name, source=name)


def found(content: str) -> Found:
    return Found(content, "stamp", checked_at=0.0)


def test_the_least_recently_used_goes_when_the_bytes_are_too_many() -> None:
    cache = VoiceCache(3 * voice("a").nbytes)
    for name in "abc":
        cache.put(name, found(name), voice(name))
    assert cache.get("a")
    cache.put("d", found("d"), voice("d"))
    assert [bool(cache.get(name)) for name in "abcd"] == [True, False, True, True]
    cache.put("e", found("e"), voice("e", seconds=2))
    assert [bool(cache.get(name)) for name in "acde"] == [False, False, True, True]


def test_one_larger_than_everything_is_not_kept_and_drives_nothing_out() -> None:
    cache = VoiceCache(voice("a").nbytes)
    cache.put("a", found("a"), voice("a"))
    cache.put("b", found("b"), voice("b", seconds=2))
    assert cache.get("a")
    assert cache.get("b") is None


def test_a_content_is_held_once_for_all_who_ask_for_it() -> None:
    one = voice("a")
    cache = VoiceCache(one.nbytes)
    for request in ("link?1", "link?2"):
        cache.put(request, found("same"), one)
    first, second = cache.get("link?1"), cache.get("link?2")
    assert first and second
    assert first[1] is second[1] is cache.content("same")


def test_what_was_checked_again_is_fresh() -> None:
    cache = VoiceCache(1 << 20)
    cache.put("a", found("a"), voice("a"))
    cache.refresh("a", 7.0)
    cache.refresh("unknown", 7.0)
    known = cache.get("a")
    assert known
    assert known[0] == Found("a", "stamp", checked_at=7.0)


def test_who_asks_for_the_same_at_once_is_told_in_words_of_his_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library, both = LibraryWithStore(tmp_path).library, threading.Barrier(2, timeout=60)
    locate = library._sources.locate

    def at_once(*args: Any, **kwargs: Any) -> Any:
        both.wait()
        return locate(*args, **kwargs)

    monkeypatch.setattr(library._sources, "locate", at_once)

    def hint(phrases: dict[str, str]) -> str:
        with said_as(phrases), pytest.raises(VoiceNotFound) as refused:
            library.prepare("Nobody")
        return refused.value.hint

    faces = ({}, {"Add it with `upload`, or call `list_voices`.": "Ask me."})
    with ThreadPoolExecutor(2) as threads:
        plain, other = threads.map(hint, faces)
    assert "`upload`" in plain
    assert "Ask me." in other
