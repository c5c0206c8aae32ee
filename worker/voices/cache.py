"""Prepared voices in memory: bounded by bytes, the least recently used go first.

Two tables: what a job asked for leads to what was found, and that (the file's content and its
words) to the prepared voice. So a recording behind changing presigned URLs is held once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from cachetools import LRUCache

from worker.threads import Abandoned
from worker.voices.reference import PreparedVoice

_MAX_REQUESTS = 4096


@dataclass(frozen=True)
class Found:
    """What a request led to: content, its stamp, and when it was last checked, clock seconds."""

    content: Hashable
    stamp: str
    checked_at: float


class VoiceCache:
    """Thread-safe. `max_bytes` 0 keeps nothing."""

    def __init__(self, max_bytes: int) -> None:
        self._found: LRUCache[Hashable, Found] = LRUCache(_MAX_REQUESTS)
        self._voices: LRUCache[Hashable, PreparedVoice] = LRUCache(
            max_bytes, getsizeof=lambda voice: voice.nbytes
        )
        self._lock = threading.Lock()

    def get(self, request: Hashable) -> tuple[Found, PreparedVoice] | None:
        """What `request` led to last, if its voice is still held."""
        with self._lock:
            found = self._found.get(request)
            voice = self._voices.get(found.content) if found else None
            return (found, voice) if found and voice else None

    def content(self, content: Hashable) -> PreparedVoice | None:
        """The voice prepared from this content, whoever asked for it."""
        with self._lock:
            return self._voices.get(content)

    def put(self, request: Hashable, found: Found, voice: PreparedVoice) -> None:
        """Keeps what a request led to."""
        if voice.nbytes > self._voices.maxsize:
            return
        with self._lock:
            self._voices[found.content] = voice
            self._found[request] = found

    def refresh(self, request: Hashable, checked_at: float) -> None:
        """Notes that what was found was compared with its source just now."""
        with self._lock:
            if found := self._found.get(request):
                self._found[request] = replace(found, checked_at=checked_at)

    def clear(self) -> None:
        """Drops everything: voices of the library have changed."""
        with self._lock:
            self._found.clear()
            self._voices.clear()


class SingleFlight:
    """Runs a function once for all threads that ask for the same key meanwhile."""

    def __init__(self) -> None:
        self._running: dict[Hashable, Future[PreparedVoice]] = {}
        self._lock = threading.Lock()

    def run(self, key: Hashable, work: Callable[[], PreparedVoice]) -> PreparedVoice:
        """The result of `work`, or of the call for `key` that is already running; errors too."""
        while True:
            future, mine = self._joined(key)
            if mine:
                self._lead(key, future, work)
                return future.result()
            try:
                return future.result()
            except Abandoned:  # by its job, not by the one that waits here
                continue

    def _joined(self, key: Hashable) -> tuple[Future[PreparedVoice], bool]:
        with self._lock:
            if running := self._running.get(key):
                return running, False
            mine = self._running[key] = Future()
            return mine, True

    def _lead(
        self, key: Hashable, future: Future[PreparedVoice], work: Callable[[], PreparedVoice]
    ) -> None:
        outcome: PreparedVoice | BaseException
        try:
            outcome = work()
        except BaseException as exc:
            outcome = exc
        with self._lock:  # first: who is told of an error may ask again at once
            del self._running[key]
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
