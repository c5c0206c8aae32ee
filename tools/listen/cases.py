"""What is said to the listener: each case with the words that should be heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from standins.text_tables import rows
from text.front import TextOptions, prepare

_HERE = Path(__file__).parent
_SENTENCES = 20
_EVERYDAY = (
    "The weather was bright, and the river ran high after the rain.",
    "She put the letters back into the drawer and closed it with care.",
    "We took the early train and were home before dark.",
    "Nobody at the table could remember who had paid for dinner.",
    "The old clock in the hall stopped on the day he left.",
    "If you turn left at the church, you will see the market.",
    "My brother plays the piano, but he never learned to read music.",
    "They painted the kitchen white and the doors a dark green.",
    "It takes about an hour to walk around the lake.",
    "The children were asleep long before the story was over.",
)


@dataclass(frozen=True)
class Case:
    """`text` is sent to the worker; `words` is what should be heard."""

    group: str
    text: str
    words: str


def cases(limit: int | None = None) -> Iterator[Case]:
    """All cases, at most `limit` of each group."""
    for text in _short_lines()[:limit]:
        yield Case("short lines", text, text)
    for text in _EVERYDAY[:limit]:
        yield Case("everyday sentences", text, text)
    for written in [row.written for row in rows("sentences_en", "en")][:_SENTENCES][:limit]:
        spoken = prepare(written, TextOptions(language="en")).spoken
        yield Case("figures, as written", written, spoken)
        yield Case("figures, in words", spoken, spoken)
    yield Case("a long text", " ".join(_EVERYDAY), " ".join(_EVERYDAY))


def _short_lines() -> list[str]:
    return (_HERE / "short_lines.txt").read_text(encoding="utf-8").splitlines()
