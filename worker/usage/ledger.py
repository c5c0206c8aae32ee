"""Records what jobs took, beside the jobs: no answer waits for it."""

from __future__ import annotations

import contextvars
from concurrent.futures import Future, wait
from functools import partial

from errors import WorkerError
from s3_utils import Storage
from worker.log import get_logger
from worker.settings.cost import CostConfig
from worker.threads import Lane, submit
from worker.usage.record import Usage, body

log = get_logger("usage")


class Ledger:
    """Writes records in the background. What storage does not take is in the log, with its
    numbers."""

    def __init__(self, storage: Storage, config: CostConfig) -> None:
        self._storage, self._config = storage, config
        self._writing: set[Future[None]] = set()

    def add(self, usage: Usage, job_id: str, user_id: str | None) -> None:
        """Records what an attempt took."""
        context = contextvars.copy_context()
        future = submit(Lane.USAGE, partial(context.run, self._write, usage, job_id, user_id))
        self._writing.add(future)
        future.add_done_callback(self._writing.discard)

    def close(self, timeout_s: float) -> None:
        """Waits, for `timeout_s` seconds at most, until all is written."""
        left = wait(list(self._writing), timeout_s).not_done
        if left:
            log.error("the worker ends before the cost of %d jobs is recorded", len(left))

    def _write(self, usage: Usage, job_id: str, user_id: str | None) -> None:
        key = usage.key(self._config.usage_prefix)
        data, metadata = body(job_id, user_id)
        try:
            self._storage.put(key, data, content_type="application/json", metadata=metadata)
        except WorkerError as error:
            log.error("the cost of a job is not recorded: %s", error.message, extra={"key": key})
