"""Whether a voice may be spoken with where REQUIRE_CONSENT is set, and how it is made so."""

from __future__ import annotations

from errors import ConsentMissing, show
from worker.voices.located import Located
from worker.voices.record import SUFFIX, parse_record

FORM = '"consent": {"who": "Ann Lee", "when": "2026-11-26"}'


def check_consent(located: Located) -> None:
    """Raises ConsentMissing: a voice has no record, or one without consent; VoiceUnusable: it is
    damaged."""
    key = located.stem + SUFFIX
    data = located.record()
    if data is None or parse_record(data, key).consent is None:
        raise ConsentMissing(
            f"The voice {show(located.name)} has no consent, which this worker requires.",
            _how(located, key),
        )


def _how(located: Located, key: str) -> str:
    if not located.stem:  # a link, or audio in the job
        return f"Upload it under a name with {FORM}, and speak with that name."
    if located.in_library:
        return f"Add it with `describe_voice` and {FORM}."
    return f"Put {key} beside it, which holds {{{FORM}}}, or upload the voice with it."
