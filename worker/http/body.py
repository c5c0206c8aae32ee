"""Request bodies: JSON objects, read off the event loop where they are large."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from errors import InvalidInput
from worker.threads import Lane, in_thread
from worker.unique import each_once

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_json(request: Request) -> Any:
    """The JSON of the body. Raises InvalidInput: it is none, or nests too deep."""
    data = await request.body()
    try:
        return await in_thread(Lane.CHECK, parse_json, data)
    except InvalidInput as error:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in _FORMS and data[:1] not in (b"{", b"["):
            raise InvalidInput(f"The body is a form ({kind}), not JSON.", error.hint) from error
        raise


def parse_json(data: bytes, what: str = "The body") -> Any:
    """JSON in UTF-8; `what` it is, for messages. Raises InvalidInput: it is none, nests too deep,
    or gives a field twice."""
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=each_once)
    except InvalidInput:
        raise
    except UnicodeDecodeError as exc:
        raise InvalidInput(f"{what} is not UTF-8.", "Send JSON in UTF-8.") from exc
    except (ValueError, RecursionError) as exc:
        said = str(exc) if isinstance(exc, json.JSONDecodeError) else type(exc).__name__
        raise InvalidInput(
            f"{what} is not valid JSON ({said}).", "Send a JSON object, as docs/http.md shows."
        ) from exc
