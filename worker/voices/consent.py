"""Whether a voice may be spoken with where REQUIRE_CONSENT is set, and how it is made so."""

from __future__ import annotations

from errors import ConsentMissing, show
from worker.phrases import here
from worker.voices.located import Located
from worker.voices.record import SUFFIX, VoiceRecord, parse_record

FORM = '"consent": {"who": "Ann Lee", "when": "2026-11-26"}'


def check_consent(located: Located) -> VoiceRecord:
    """The record of a voice with its consent. Raises ConsentMissing: it has none; VoiceUnusable: it
    is damaged."""
    key = located.stem + SUFFIX
    data = located.record()
    record = parse_record(data, key) if data is not None else None
    if not located.stem:
        raise no_record(located.name)
    if record is None or record.consent is None:
        raise ConsentMissing(
            f"The voice {show(located.name)} has no consent, which this worker requires.",
            _how(located, key),
        )
    return record


def no_record(name: str) -> ConsentMissing:
    """The refusal of a voice that can have no record: a link, or audio in the job."""
    return ConsentMissing(
        f"The voice {show(name)} has no consent, which this worker requires.",
        f"{here('Upload it')} under a name with {FORM}, and speak with that name.",
    )


def check_recording(located: Located, record: VoiceRecord, digest: str) -> None:
    """Raises ConsentMissing: the consent is for another recording than that of SHA-256 `digest`."""
    if record.agreed_to not in (None, digest):
        raise ConsentMissing(
            f"The consent of the voice {show(located.name)} is for another recording: "
            f"{located.source} was put there since, and this worker requires consent.",
            f"If it is agreed to, too: {here('`describe_voice`')} with {FORM}.",
        )


def _how(located: Located, key: str) -> str:
    if located.in_library:
        return f"Add it with {here('`describe_voice`')} and {FORM}."
    return f"Put {key} beside it, which holds {{{FORM}}}, or upload the voice with it."
