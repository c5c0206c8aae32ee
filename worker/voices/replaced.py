"""What is said of a voice that takes the place of another, or of what was left of one."""

from __future__ import annotations

from collections.abc import Sequence

from worker.phrases import here
from worker.voices.stored import is_audio, split_transcript


def not_agreed() -> str:
    """The warning that the consent which was there does not count for the new recording."""
    return (
        "The consent to the replaced recording was taken out of the record: it is none to the new "
        f"one. {here('Upload it again')} with {here('`consent`')}, or add it with "
        f"{here('`describe_voice`')}."
    )


def hides(name: str) -> str:
    """The warning of a voice that has the name of a bundled one."""
    return (
        f"It is used instead of the voice {name} that comes with the worker, until it is deleted."
    )


def of_kept_words(old: Sequence[str]) -> list[str]:
    """A warning that names the transcripts among `old`, the keys that were there; none for none."""
    words = ", ".join(key for key in old if split_transcript(key)[1])
    if not words:
        return []
    kept = (
        f"The words of the voice that it replaces are kept ({words})."
        if any(map(is_audio, old))
        else f"Its words are those that were there before it ({words})."
    )
    again = here("upload it again with `ref_text`")
    return [f"{kept} If the new recording says others, {again}."]
