"""What the test server does wrong on demand, and what it remembers of each request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "answer",
    "drop",
    "lose_answer",
    "cut",
    "corrupt",
    "truncate_upload",
    "delay",
    "hold",
    "website",
    "ignore_range",
    "edit",
    "reply",
]
Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """One request as it arrived. `target` is the raw path with its query, in path style; `sent` is
    the same as it was sent and signed."""

    method: str
    target: str
    headers: Mapping[str, str]
    body_bytes: int
    sent: str = ""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass
class Fault:
    """Hits the next `times` requests of `method` whose target contains `contains`.

    answer: an error answer, the request is not done. drop: the connection closes, it is not done.
    lose_answer: it is done, then the connection closes. cut: the answer's body ends after `after`
    bytes. corrupt: one byte of the answer's body is changed. truncate_upload: only `after` bytes
    are stored, and success is answered. delay: it is done after `seconds`. hold: it is done after
    `Faults.release`. website: an HTML page. ignore_range: the whole object is answered, whatever
    range was asked for. edit: `edit` changes status, headers and body of the answer, which then go
    out exactly so; without a Content-Length the connection is closed after the body. reply: the
    same, but the request is not done: `edit` gets an empty answer.
    """

    kind: Kind
    method: str = ""
    contains: str = ""
    times: int = 1
    status: int = 503
    code: str = "SlowDown"
    message: str = "Please reduce your request rate."
    after: int = 0
    seconds: float = 0.0
    edit: Callable[[int, Headers, bytes], tuple[int, Headers, bytes]] | None = None

    def hits(self, request: Request) -> bool:
        return request.method == (self.method or request.method) and (
            self.contains in request.target
        )


@dataclass
class Faults:
    """Standing rules, and faults that wear off."""

    no_list_permission: bool = False  # s3:ListBucket; a missing key looks like 403, too
    refuse_checksums: bool = False  # as B2 did before it knew them
    object_lock: bool = False  # the bucket has a retention rule: no upload without a checksum
    drops_odd_headers: bool = False  # nginx stands before it: names of letters, digits, hyphens
    ignores_conditions: bool = False  # of uploads, as services do that do not know them
    folds_underscores: bool = False  # in names of metadata, as Ceph does
    expired_token: bool = False
    clock_offset_s: float = 0.0  # the server's clock against the real one
    only_bucket: str | None = None  # what the key is scoped to
    denied: set[str] = field(default_factory=set)  # methods answered by AccessDenied
    released: threading.Event = field(default_factory=threading.Event)
    _queue: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._queue.append(fault)

    def take(self, request: Request) -> Fault | None:
        """The fault for `request`; its count goes down."""
        with self._lock:
            for fault in self._queue:
                if fault.times > 0 and fault.hits(request):
                    fault.times -= 1
                    return fault
        return None

    def become(self, fault: Fault) -> None:
        """`fault` in place of all that have been added, without a moment between."""
        with self._lock:
            self._queue[:] = [fault]

    def release(self) -> None:
        """Lets the requests go on that are held, and those that would be."""
        self.released.set()

    def clear(self) -> None:
        """Back to a server that works."""
        self.release()
        fresh = Faults()
        with self._lock:
            self._queue.clear()
        self.released = fresh.released
        for name in (
            "no_list_permission",
            "refuse_checksums",
            "object_lock",
            "drops_odd_headers",
            "folds_underscores",
            "ignores_conditions",
            "expired_token",
            "clock_offset_s",
            "only_bucket",
            "denied",
        ):
            setattr(self, name, getattr(fresh, name))
