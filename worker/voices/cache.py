"""Prepared voices in memory: bounded by bytes, least recently used out first, one entry a content.

Two tables: what was asked for (voice and words) to a content, and contents to prepared voices. The
same recording under two names, or behind two presigned URLs, is prepared and held once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass

from worker.voices.reference import PreparedVoice

_MAX_REQUESTS = 4096


@dataclass(frozen=True)
class CacheEntry:
    """A voice as asked for: its version when last checked, at `checked_at` clock seconds."""

    voice: PreparedVoice
    stamp: str
    checked_at: float


class VoiceCache:
    """Thread-safe. `max_bytes` 0 keeps nothing."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._requests: OrderedDict[Hashable, tuple[Hashable, CacheEntry]] = OrderedDict()
        self._contents: OrderedDict[Hashable, PreparedVoice] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        return self._bytes

    def get(self, request: Hashable) -> CacheEntry | None:
        """What was last prepared for `request`, if it is still held."""
        with self._lock:
            content, entry = self._requests.get(request, (None, None))
            if entry is None or content not in self._contents:
                self._requests.pop(request, None)
                return None
            self._contents.move_to_end(content)
            self._requests.move_to_end(request)
            return entry

    def content(self, content: Hashable) -> PreparedVoice | None:
        """The voice prepared from this content, under whatever name."""
        with self._lock:
            found = self._contents.get(content)
            if found is not None:
                self._contents.move_to_end(content)
            return found

    def put(self, request: Hashable, content: Hashable, entry: CacheEntry) -> None:
        """Keeps `entry`; drops the least recently used contents beyond the bound."""
        size = entry.voice.nbytes
        if size > self._max_bytes:
            return
        with self._lock:
            old = self._contents.pop(content, None)
            self._bytes += size - (old.nbytes if old is not None else 0)
            self._contents[content] = entry.voice
            self._requests.pop(request, None)
            self._requests[request] = (content, entry)
            while self._bytes > self._max_bytes:
                self._bytes -= self._contents.popitem(last=False)[1].nbytes
            self._drop_stale_requests()

    def refresh(self, request: Hashable, checked_at: float) -> None:
        """Notes that the entry was compared with its source just now."""
        with self._lock:
            found = self._requests.get(request)
            if found:
                content, entry = found
                fresh = CacheEntry(entry.voice, entry.stamp, checked_at)
                self._requests[request] = (content, fresh)

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._requests.clear()
            self._contents.clear()
            self._bytes = 0

    def _drop_stale_requests(self) -> None:
        # Entries hold their voice alive, so those of dropped contents must go too.
        stale = [
            key for key, (content, _) in self._requests.items() if content not in self._contents
        ]
        for key in stale:
            del self._requests[key]
        while len(self._requests) > _MAX_REQUESTS:
            self._requests.popitem(last=False)


class SingleFlight:
    """Runs a function once for all threads that ask for the same key meanwhile."""

    def __init__(self) -> None:
        self._running: dict[Hashable, Future[PreparedVoice]] = {}
        self._lock = threading.Lock()

    def run(self, key: Hashable, work: Callable[[], PreparedVoice]) -> PreparedVoice:
        """The result of `work`, or of the call for `key` that is already running; errors too."""
        with self._lock:
            future = self._running.get(key)
            mine = future is None
            if future is None:
                future = self._running[key] = Future()
        if mine:
            try:
                future.set_result(work())
            except BaseException as exc:
                future.set_exception(exc)
            finally:
                with self._lock:
                    del self._running[key]
        return future.result()
