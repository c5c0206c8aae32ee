"""The bucket's lexicons, over the queue."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import PlainValidator

from errors import ObjectNotFound
from worker.app import App
from worker.lexicons import MAX_BYTES
from worker.operations.base import Answer, Operation
from worker.request.fields import VoiceName


def _content(value: Any) -> str:
    """A lexicon as the text of its file: PLS or JSON as text, or JSON as it is."""
    content = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    if len(content.encode(errors="replace")) > MAX_BYTES:
        raise ValueError(f"has over {MAX_BYTES} bytes")
    return content


class ListLexicons(Operation):
    """Names the lexicons of the bucket, and what is wrong with them."""

    endpoint: Literal["list_lexicons"]

    def run(self, app: App, caller: str) -> Answer:
        found, whole = app.lexicons.listed()
        return {
            "lexicons": [{"key": item.key, "size": item.size} for item in found],
            "count": len(found),
            "truncated": not whole,
            "warnings": list(app.lexicons.current().warnings),
        }


class StoreLexicon(Operation):
    """Stores a lexicon: words with what they are said as, in place of one of that name."""

    endpoint: Literal["store_lexicon"]
    name: VoiceName
    lexicon: Annotated[str, PlainValidator(_content)]

    def run(self, app: App, caller: str) -> Answer:
        stored = app.lexicons.put(self.name, self.lexicon)
        return {"s3_key": stored.key, "warnings": list(stored.warnings)}


class DeleteLexicon(Operation):
    """Deletes a lexicon by its name."""

    endpoint: Literal["delete_lexicon"]
    name: VoiceName

    def run(self, app: App, caller: str) -> Answer:
        if not (deleted := app.lexicons.delete(self.name)):
            raise ObjectNotFound(
                "There is no lexicon of that name.", "`list_lexicons` shows those there are."
            )
        return {"deleted": deleted, "count": len(deleted)}
