"""Sends what was kept on disk to S3 as soon as S3 answers, without anybody asking for it."""

from __future__ import annotations

import logging
import random
import threading

from errors import StorageUnavailable, WorkerError
from storage.disk.store import LocalStorage
from storage.hybrid.migrate import send
from storage.hybrid.outage import Outage
from storage.hybrid.pending import Pending
from storage.s3.store import S3Storage

log = logging.getLogger("f5worker.storage")
FIRST_WAIT_S = 10.0
LONGEST_WAIT_S = 30.0
REFUSED_WAIT_S = 300.0  # where S3 answers, but does not take it
SETTLE_S = 3.0  # after S3 is back, so that not all workers send in the same moment
_CLOSE_S = 1.0  # for what is under way; the marks on disk know the rest


class Sender:
    """A thread of its own while there is something to send; one object at a time.

    Of several processes on one disk one sends. Waits grow from 10 to 30 seconds (five minutes where
    S3 refuses an object) and end when any request finds that S3 answers again.
    """

    def __init__(self, local: LocalStorage, s3: S3Storage, pending: Pending) -> None:
        self._wake = threading.Event()
        self.outage = Outage(on_up=self._wake.set)
        self._local, self._s3, self._pending = local, s3, pending
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._sent = self._sent_bytes = 0
        self._problem = ""

    def start(self) -> None:
        """Begins to wait for S3, if anything is to be sent."""
        with self._lock:
            if self._ended.is_set() or self._thread is not None or not self._pending.waiting():
                return
            self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Lets the thread end; what it has not sent stays marked."""
        self._ended.set()
        self._wake.set()

    def close(self) -> None:
        """`end`, waited for, a second at most and once: S3 may be silent, and the worker's end is
        not to be held up."""
        if self._ended.is_set():
            return
        self.end()
        with self._lock:
            thread = self._thread
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
            if self._wake.wait(random.uniform(0.8, 1.0) * wait):
                self._wake.clear()
                self._ended.wait(random.uniform(0.5, 1.0) * SETTLE_S)
            if self._ended.is_set():
                return
            try:
                refused = self._round()
            except WorkerError as error:  # the disk's own trouble
                refused = True
                self._note(error)
            with self._lock:
                if self._ended.is_set() or not self._pending.waiting():
                    self._thread = None
                    return
            wait = min(wait * 2, REFUSED_WAIT_S if refused else LONGEST_WAIT_S)

    def _round(self) -> bool:
        """Sends what can be sent; True if S3 answered but did not take everything."""
        with self._pending.one_sender(wait=False) as alone:
            if not alone:
                return False
            before, refused = self._sent, False
            for key in self._pending.waiting():
                if self._ended.is_set():
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
