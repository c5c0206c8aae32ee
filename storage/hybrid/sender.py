"""Sends what was kept on disk to S3 as soon as S3 answers, without anybody asking for it."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable

from errors import StorageUnavailable, WorkerError
from storage.disk.store import LocalStorage
from storage.hybrid.migrate import send
from storage.hybrid.outage import Outage
from storage.hybrid.pending import Pending
from storage.s3.store import S3Storage

log = logging.getLogger("f5worker.storage")
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 30.0
REFUSED_WAIT_S = 300.0  # where S3 answers, but does not take it
_CLOSE_S = 10.0


class Sender:
    """A thread of its own while there is something to send; one object at a time.

    Of several processes on one disk one sends. Waits grow from 5 to 30 seconds (five minutes where
    S3 refuses an object) and end when `now` is called.
    """

    def __init__(
        self,
        local: LocalStorage,
        s3: S3Storage,
        pending: Pending,
        in_s3: Callable[[str], None],
    ) -> None:
        """`in_s3` is told each key that S3 has from then on."""
        self.outage = Outage(on_up=self.now)
        self._local, self._s3, self._pending, self._in_s3 = local, s3, pending, in_s3
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._sent = self._sent_bytes = 0
        self._problem = ""

    def start(self) -> None:
        """Begins to wait for S3, if anything is to be sent."""
        with self._lock:
            if self._closed or self._thread is not None or not self._pending.waiting():
                return
            self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
            self._thread.start()

    def now(self) -> None:
        """S3 answers: what waits is sent at once."""
        self._wake.set()

    def close(self) -> None:
        """Ends the thread; what it has not sent stays marked. Waits ten seconds at most."""
        with self._lock:
            self._closed = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join(_CLOSE_S)

    def counts(self) -> dict[str, object]:
        """How much waits, and what this process has sent so far; sizes in bytes."""
        waiting = self._pending.waiting()
        found: dict[str, object] = {
            "waiting_files": len(waiting),
            "waiting_bytes": sum(self._size(key) for key in waiting),
            "sent_files": self._sent,
            "sent_bytes": self._sent_bytes,
        }
        return found | ({"problem": self._problem} if waiting and self._problem else {})

    def _size(self, key: str) -> int:
        try:
            return self._local.size(key)
        except WorkerError:
            return 0

    def _run(self) -> None:
        wait = FIRST_WAIT_S
        while True:
            self._wake.wait(random.uniform(0.8, 1.0) * wait)
            self._wake.clear()
            if self._closed:
                return
            refused = self._round()
            with self._lock:
                if self._closed or not self._pending.waiting():
                    self._thread = None
                    return
            wait = min(wait * 2, REFUSED_WAIT_S if refused else LONGEST_WAIT_S)

    def _round(self) -> bool:
        """Sends what can be sent; True if S3 answered but did not take everything."""
        with self._pending.one_sender() as alone:
            if not alone:
                return False
            before, refused = self._sent, False
            for key in self._pending.waiting():
                if self._closed:
                    break
                try:
                    size = self.outage.ask(
                        lambda key=key: send(key, self._local, self._s3, self._pending),  # type: ignore[misc]
                        spare=True,
                    )
                except StorageUnavailable as error:
                    self._note(error)
                    if self.outage.is_on:
                        break
                except WorkerError as error:
                    refused = True
                    self._note(error)
                else:
                    if size is not None:
                        self._in_s3(key)
                        self._sent += 1
                        self._sent_bytes += size
            if self._sent > before:
                log.info(
                    "storage: %d files kept on disk are in S3 now, %d are left",
                    self._sent - before,
                    len(self._pending.waiting()),
                )
            return refused

    def _note(self, error: WorkerError) -> None:
        """Logs a problem once, not once a round."""
        if error.message != self._problem and not self.outage.is_on:
            log.warning("storage: a file kept on disk was not sent: %s", error.message)
        self._problem = error.message
