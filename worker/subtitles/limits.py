"""How large a transcript may be, so that none takes seconds or much memory to read."""

from __future__ import annotations

from worker.subtitles.notes import Malformed

MAX_BYTES = 1 << 20
MAX_JSON_BYTES = 16 << 20  # services write 100 to 500 bytes a word
MAX_LINES = 100_000
MAX_CUES = 50_000  # two hours of speech are 20,000 words
_MAX_LETTERS = 1 << 20
# Of a JSON document. Two hours of speech with every word have at most half as many.
_MAX_NESTED = 250_000
_MAX_VALUES = 1_000_000


def most_bytes(key: str) -> int:
    """How many bytes a transcript of this name may have."""
    return MAX_JSON_BYTES if key.lower().endswith(".json") else MAX_BYTES


def refuse_large(data: bytes, key: str) -> None:
    """Raises Malformed for more bytes than are read."""
    if len(data) > most_bytes(key):
        raise Malformed(f"has {len(data)} bytes; at most {most_bytes(key)} are allowed")


def refuse_many_lines(text: str) -> None:
    """Raises Malformed for more lines than are read."""
    if (count := text.count("\n")) > MAX_LINES:
        raise Malformed(f"has {count} lines; at most {MAX_LINES} are read, far more than are said")


def refuse_many_cues(count: int) -> None:
    """Raises Malformed for more pieces with times than are read."""
    if count > MAX_CUES:
        raise Malformed(f"has {count} pieces with times; at most {MAX_CUES} are read")


def refuse_many_letters(count: int) -> None:
    """Raises Malformed for more letters of words than are read."""
    if count > _MAX_LETTERS:
        raise Malformed(f"has words of {count} letters; at most {_MAX_LETTERS} are read")


def refuse_many_values(text: str) -> None:
    """Raises Malformed for JSON that unfolds to far more than its length in memory."""
    nested = text.count("{") + text.count("[")
    if nested > _MAX_NESTED or text.count(",") > _MAX_VALUES:
        raise Malformed(
            f"has {nested} lists and objects; at most {_MAX_NESTED} with {_MAX_VALUES} values are "
            "read. Keep its words and their times, or save it as SRT"
        )
