"""Texts that were pasted with what belongs to another medium, and what the user is told of it."""

from __future__ import annotations

import re
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
_WORDS = (
    "{} will be spoken as words: there are no tags for sounds and moods. Leave them out, or use a "
    "voice that was recorded so."
)
_SOUNDS = re.compile(
    r"(?<!\\)[\[<](?:(?:soft|loud|nervous)(?:ly)? )?(?:laugh(?:s|ing|ter)?|chuckl(?:es?|ing)|"
    r"giggl(?:es?|ing)|sigh(?:s|ing)?|gasps?|coughs?|clears? throat|sniffs?|groans?|yawns?|"
    r"whispers?|whispering|shouts?|shouting|sobs?|cry|cries|crying|breath|breathes?|inhales?|"
    r"exhales?|music|applause|happy|sad|angry|excited)[\]>]",
    re.IGNORECASE,
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


def sounds(written: str, said: str) -> set[str]:
    """Tags of other systems for sounds and moods, as `[laughs]`, that are `written` and still in
    what is `said`: not an escaped one, nor one that names a voice."""
    left = {match[0] for match in _SOUNDS.finditer(said)}
    return left & {match[0] for match in _SOUNDS.finditer(written)}


def warnings(taken_as: Iterable[str], as_words: Iterable[str]) -> list[str]:
    """What to tell of a text that was taken for `HTML` or a form of subtitles, and of `sounds` in
    it."""
    said = [_PAGE if form == "HTML" else _SUBTITLES.format(form) for form in sorted(taken_as)]
    if as_words := sorted(as_words):
        said.append(_WORDS.format(", ".join(as_words)))
    return said
