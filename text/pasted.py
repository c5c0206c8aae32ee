"""Texts that were pasted with what belongs to another medium, and what the user is told of it."""

from __future__ import annotations

from collections.abc import Iterable

from errors import InvalidInput
from text import tags
from text.events import Marked, MarkupOptions
from text.html import is_page, without_page_tags
from text.spans import Mapped

_PAGE = (
    "The text was taken for HTML, since its tags are no SSML: they are not spoken. Begin the text "
    "with <speak> where SSML is meant."
)
_SUBTITLES = (
    "The text was taken for subtitles ({}): their numbers and times are not spoken. Send "
    "clean: false to have them read."
)


def tagged(
    text: Mapped, written: str, options: MarkupOptions, *, page: bool
) -> tuple[Marked, bool]:
    """`text` with its tags read, and whether they were no tags but those of a page (`page`: it may
    be one), which are gone.

    Raises:
        InvalidInput: as `tags.parse`.
    """
    try:
        return tags.parse(text, written, options), False
    except InvalidInput:
        if not (page and is_page(text.text)):
            raise
    text, removed = without_page_tags(text)
    marked = tags.parse(text, written, options)
    marked.removed += removed
    return marked, True


def warnings(taken_as: Iterable[str]) -> list[str]:
    """What to tell of a text that was taken for `HTML` or a form of subtitles."""
    return [_PAGE if form == "HTML" else _SUBTITLES.format(form) for form in sorted(taken_as)]
