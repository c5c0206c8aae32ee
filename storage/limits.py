"""The caller's limit on an object's size, checked before its bytes are in memory."""

from __future__ import annotations

from errors import InvalidInput


def check_max_bytes(key: str, size: int, max_bytes: int | None) -> None:
    """Raises InvalidInput, naming both numbers, if `size` is over `max_bytes` (bytes)."""
    if max_bytes is not None and size > max_bytes:
        raise InvalidInput(
            f"{key}: {size} bytes, at most {max_bytes} are accepted.", "Use a smaller file."
        )
