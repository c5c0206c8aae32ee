"""The bucket's lexicons: what words are said as, for every job of the worker.

    lexicons/names.json    {"Nguyen": "nwin"}
    lexicons/medicine.pls  a pronunciation lexicon with aliases

They are read together in the order of their keys; of two that name a word, the later counts. One
LIST within LEXICON_CACHE_S notices what has changed. One thread reads for all jobs, and none waits
for it without end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from errors import InvalidInput, ObjectNotFound, StorageDenied, StorageError, WorkerError, show
from s3_utils import BRIEF_S, ObjectInfo, Storage, StoredObject, side_by_side, time_limit
from text.lexicon import Lexicon, merged
from text.lexicon_file import parse
from worker.log import get_logger
from worker.threads import Lane, submit

log = get_logger("lexicons")

LEXICON_CACHE_S = 60.0
RETRY_S = 5.0  # until storage is asked again that did not answer
# A job waits as long for them at first, and where another waited in vain or they were not read.
FIRST_WAIT_S = 30.0
NEXT_WAIT_S = 1.0
MAX_BYTES = 2_000_000  # of one
MAX_LEXICONS = 100
MAX_ENTRIES = 50_000  # of all together: each takes memory as long as the worker runs
CONTENT_TYPES = {"json": "application/json", "pls": "application/pls+xml"}
_MAX_LISTED = 10 * MAX_LEXICONS  # objects looked at
_MAX_WARNINGS = 5  # of lexicons not used, in each job's answer; the rest are counted
_AT_ONCE = 8  # requests to storage
_MAX_KEY = 100  # characters of a key in a warning


@dataclass(frozen=True)
class Lexicons:
    """What all lexicons say together, and what the user should know of how they were read."""

    lexicon: Lexicon = field(default_factory=Lexicon)
    warnings: tuple[str, ...] = ()

    def but(self, warning: str) -> Lexicons:
        """The same with one more warning."""
        return replace(self, warnings=(*self.warnings, warning))


@dataclass(frozen=True)
class _Unread:
    """A lexicon that is not used. `again_s`: when to try again; None: when it is changed."""

    reason: str
    again_s: float | None = None


class LexiconLibrary:
    """The lexicons below one prefix. Blocking and thread-safe."""

    def __init__(
        self, storage: Storage, prefix: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._storage, self._prefix, self._clock = storage, prefix, clock
        self._lock = threading.Lock()  # never held while storage is asked
        self._reading: Future[Lexicons] | None = None
        self._changes = 0  # made by this worker
        self._good_until = -1.0
        self._answer = Lexicons()  # of the last reading
        self._wait_s = FIRST_WAIT_S
        # Only the thread that reads uses these:
        self._stamp: tuple[tuple[str, str], ...] | None = None
        self._known = Lexicons()  # as last read whole
        self._denied = ""  # the last refusal to list

    def current(self) -> Lexicons:
        """All lexicons; as last seen, with a warning, while storage does not answer."""
        with self._lock:
            if self._clock() < self._good_until:
                return self._answer
            if self._reading is None:
                self._reading = submit(Lane.LEXICON, self._read)
            reading, last, wait_s = self._reading, self._answer, self._wait_s
        try:
            return reading.result(wait_s)
        except TimeoutError:
            with self._lock:
                self._wait_s = min(self._wait_s, NEXT_WAIT_S)
            return last.but(
                "Lexicons are still being read, so words may be said otherwise: storage is slow."
            )

    def listed(self) -> tuple[list[ObjectInfo], bool]:
        """The lexicons stored, by key, and whether these are all."""
        items = list(self._storage.list(self._prefix, limit=_MAX_LISTED))
        found = [item for item in items if _extension(item.key) in CONTENT_TYPES]
        whole = len(items) < _MAX_LISTED and len(found) <= MAX_LEXICONS
        return found[:MAX_LEXICONS], whole

    def put(self, name: str, content: str) -> StoredObject:
        """Stores a lexicon under its name.

        Args:
            name: of the file; JSON and PLS are told apart by what it holds.

        Raises:
            InvalidInput: it is neither, or wrong; says where.
        """
        parse(content)
        extension = "pls" if content.lstrip("\ufeff \t\r\n").startswith("<") else "json"
        stem = name.rpartition(".")[0] if _extension(name) in CONTENT_TYPES else name
        key = f"{self._prefix}{stem}.{extension}"
        kind = CONTENT_TYPES[extension]
        stored = self._storage.put(key, content.encode(), content_type=kind)
        self._forget()
        return stored

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
        """What is being read may be older than what has just been changed: it is read again."""
        with self._lock:
            self._changes += 1
            self._good_until, self._reading = -1.0, None

    def _read(self) -> Lexicons:
        """Runs in its own lane, one at a time. Whatever it meets, jobs go on, and are told."""
        with self._lock:
            changes = self._changes
        try:
            with time_limit(BRIEF_S):
                found, whole = self._refreshed(*self.listed())
        except StorageDenied as error:  # a key that may not list has no lexicons
            if error.message != self._denied:  # once, not every few seconds
                log.warning("lexicons not listed: %s", error.message)
            self._denied = error.message
            found, whole = self._known, False
            if found.lexicon.entries:
                found = found.but(_not_read(error.message))
        except WorkerError as error:
            found, whole = self._known.but(_not_read(error.message)), False
        except Exception as exc:  # a bug; jobs wait for this
            log.exception("lexicons not read")
            found, whole = self._known.but(_not_read(f"{type(exc).__name__}.")), False
        with self._lock:
            if changes == self._changes:
                self._answer, self._reading = found, None
                self._good_until = self._clock() + (LEXICON_CACHE_S if whole else RETRY_S)
                self._wait_s = BRIEF_S if whole else NEXT_WAIT_S
        return found

    def _refreshed(self, items: Sequence[ObjectInfo], whole_list: bool) -> tuple[Lexicons, bool]:
        """What the lexicons say, and whether storage gave every one of them."""
        stamp = tuple((item.key, f"{item.etag}{item.size}{item.last_modified}") for item in items)
        if stamp == self._stamp:
            return self._known, True
        keys = [item.key for item in items]
        read = dict(zip(keys, side_by_side(self._get, keys, _AT_ONCE), strict=True))
        found, unread = _within_bound(read)
        warnings = [f"The lexicon {_named(key)} is not used: {unread[key]}" for key in unread]
        if not whole_list:
            warnings.insert(0, f"Only the first {len(items)} lexicons are used. Join some of them.")
        if (more := len(warnings) - _MAX_WARNINGS) > 0:
            warnings[_MAX_WARNINGS:] = [f"{more} more lexicons are not used."]
        lexicons = Lexicons(merged(found), tuple(warnings))
        again = {one.again_s for one in read.values() if isinstance(one, _Unread)}
        if RETRY_S in again:
            kept = self._known  # better all of them as they were than some as they are
            if kept.lexicon.entries:
                lexicons = replace(kept, warnings=lexicons.warnings)
            return lexicons, False
        self._stamp, self._known = None if LEXICON_CACHE_S in again else stamp, lexicons
        return lexicons, True

    def _get(self, key: str) -> Lexicon | _Unread | None:
        """A lexicon; None: it was deleted meanwhile."""
        try:
            return parse(self._storage.get(key, max_bytes=MAX_BYTES).decode())
        except ObjectNotFound:
            return None
        except UnicodeDecodeError:
            return _Unread("it is not UTF-8")
        except InvalidInput as error:
            return _Unread(error.message)
        except StorageDenied as error:  # perhaps for ever, perhaps by keys that are just renewed
            return _Unread(error.message, LEXICON_CACHE_S)
        except StorageError as error:
            return _Unread(error.message, RETRY_S)


def _within_bound(
    read: dict[str, Lexicon | _Unread | None],
) -> tuple[list[Lexicon], dict[str, str]]:
    """The lexicons that count, and why each of the others does not."""
    found: list[Lexicon] = []
    unread: dict[str, str] = {}
    for key, one in read.items():
        if isinstance(one, _Unread):
            unread[key] = one.reason
        elif one and sum(len(each.entries) for each in (*found, one)) > MAX_ENTRIES:
            unread[key] = (
                f"all together have more than {MAX_ENTRIES:,} entries. Delete what is not needed."
            )
        elif one:
            found.append(one)
    return found, unread


def _not_read(reason: str) -> str:
    return f"Lexicons could not be read, so words may be said otherwise: {reason}"


def _named(key: str) -> str:
    return key if key.isprintable() and len(key) <= _MAX_KEY else show(key)


def _extension(key: str) -> str:
    return key.rpartition(".")[2].lower()
