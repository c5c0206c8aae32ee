"""The bucket's lexicons: what words are said as, for every job of the worker.

    lexicons/names.json    {"Nguyen": "nwin"}
    lexicons/medicine.pls  a pronunciation lexicon with aliases

They are read together in the order of their keys; of two that name a word, the later counts. One
LIST within LEXICON_CACHE_S notices what has changed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from errors import InvalidInput, ObjectNotFound, StorageDenied, StorageUnavailable
from s3_utils import BRIEF_S, ObjectInfo, Storage, time_limit
from text.lexicon import Lexicon, merged, parse
from worker.log import get_logger

log = get_logger("lexicons")

LEXICON_CACHE_S = 60.0
MAX_BYTES = 2_000_000  # of one
MAX_LEXICONS = 100
MAX_ENTRIES = 50_000  # of all together: each takes memory as long as the worker runs
CONTENT_TYPES = {"json": "application/json", "pls": "application/pls+xml"}


@dataclass(frozen=True)
class Lexicons:
    """What all lexicons say together, and what the user should know of how they were read."""

    lexicon: Lexicon = field(default_factory=Lexicon)
    warnings: tuple[str, ...] = ()


class LexiconLibrary:
    """The lexicons below one prefix. Blocking and thread-safe."""

    def __init__(
        self, storage: Storage, prefix: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._storage, self._prefix, self._clock = storage, prefix, clock
        self._lock = threading.Lock()
        self._stamp: tuple[tuple[str, str], ...] | None = None
        self._known = Lexicons()
        self._checked_at = 0.0

    def current(self) -> Lexicons:
        """All lexicons; as last seen, with a warning, while storage does not answer."""
        with self._lock:
            if self._stamp is not None and self._clock() - self._checked_at < LEXICON_CACHE_S:
                return self._known
            try:
                with time_limit(BRIEF_S):
                    self._refresh(self.all())
            except StorageDenied as error:  # a key that may not list has no lexicons
                log.warning("lexicons not listed: %s", error.message)
                self._stamp, self._known = (), Lexicons()
            except StorageUnavailable as error:
                said = (
                    f"Lexicons could not be read, so words may be said otherwise: {error.message}"
                )
                return Lexicons(self._known.lexicon, (*self._known.warnings, said))
            self._checked_at = self._clock()
            return self._known

    def all(self) -> list[ObjectInfo]:
        """The lexicons stored, by key."""
        items = self._storage.list(self._prefix, limit=10 * MAX_LEXICONS)
        return [item for item in items if _extension(item.key) in CONTENT_TYPES][:MAX_LEXICONS]

    def put(self, name: str, content: str) -> str:
        """Stores a lexicon under its name and returns its key.

        Args:
            name: of the file; JSON and PLS are told apart by what it holds.

        Raises:
            InvalidInput: it is neither, or wrong; says where.
        """
        parse(content)
        extension = "pls" if content.lstrip("\ufeff \t\r\n").startswith("<") else "json"
        stem = name.rpartition(".")[0] if _extension(name) in CONTENT_TYPES else name
        key = f"{self._prefix}{stem}.{extension}"
        self._storage.put(key, content.encode(), content_type=CONTENT_TYPES[extension])
        self._forget()
        return key

    def delete(self, name: str) -> list[str]:
        """Deletes the lexicons of that name and returns their keys."""
        names = (
            [name] if _extension(name) in CONTENT_TYPES else [f"{name}.{e}" for e in CONTENT_TYPES]
        )
        keys = [f"{self._prefix}{each}" for each in names]
        deleted = [key for key in keys if self._storage.delete(key)]
        self._forget()
        return deleted

    def _forget(self) -> None:
        with self._lock:
            self._stamp = None

    def _refresh(self, items: list[ObjectInfo]) -> None:
        stamp = tuple((item.key, f"{item.etag}{item.size}{item.last_modified}") for item in items)
        if stamp == self._stamp:
            return
        found: list[Lexicon] = []
        warnings: list[str] = []
        for item in items:
            try:
                read = parse(self._storage.get(item.key, max_bytes=MAX_BYTES).decode())
            except ObjectNotFound:  # deleted meanwhile
                continue
            except (InvalidInput, StorageDenied, UnicodeDecodeError) as error:
                reason = (
                    "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.message
                )
                warnings.append(f"The lexicon {item.key} is not used: {reason}")
                continue
            if sum(len(lexicon.entries) for lexicon in [*found, read]) > MAX_ENTRIES:
                warnings.append(
                    f"The lexicon {item.key} is not used: all together have more than "
                    f"{MAX_ENTRIES:,} entries. Delete what is not needed."
                )
                continue
            found.append(read)
        self._stamp, self._known = stamp, Lexicons(merged(found), tuple(warnings))


def _extension(key: str) -> str:
    return key.rpartition(".")[2].lower()
