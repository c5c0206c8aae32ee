"""What every endpoint beside `tts` is: the model of its input, with a verb that answers it.

Results are found again from the stored objects alone: there is no database, and any worker can
answer for any other.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from s3_utils import ObjectUrl
from worker.app import App
from worker.request.fields import Strict

Answer: TypeAlias = dict[str, Any]


class Operation(Strict):
    """Base of every operation. A subclass's `endpoint` is a Literal of its name."""

    endpoint: str

    def run(self, app: App, caller: str) -> Answer:
        """The answer to the job `caller`, by its id; blocking, as storage is. Raises WorkerError:
        typed as its cause."""
        raise NotImplementedError


def url_fields(url: ObjectUrl) -> Answer:
    """A URL as answers carry it."""
    return {"url": url.url, "url_kind": url.kind, "expires_at": url.expires}
