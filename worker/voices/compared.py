"""The words of a voice held against what a recogniser hears in it, and what is said of both."""

from __future__ import annotations

from dataclasses import dataclass

from errors import WorkerError
from text.languages import NAMES, base, detect
from worker.log import get_logger
from worker.phrases import here
from worker.quality.words import likeness
from worker.threads import Abandoned
from worker.voices.ears import Ears
from worker.voices.reference import HeardWords, PreparedVoice

log = get_logger("voices")

_SHOWN = 200  # characters of heard words in a warning
_UNSURE = 0.5  # a recogniser that gives its own words less is not believed against a transcript

Compared = tuple[HeardWords | None, list[str]]


def compared(ears: Ears, voice: PreparedVoice, language: str | None = None) -> Compared:
    """What is heard in a voice, None where nobody listened, and a warning where its words are
    others."""
    code = base(language or detect(voice.ref_text, ears.default_language))
    found = _listened(ears, voice, code, code)
    if isinstance(found, _Untold):
        return None, [found.of_words_given(voice.name)] if found.failed else []
    if found is None or (found.confidence is not None and found.confidence < _UNSURE):
        return found, []
    if not likeness(voice.ref_text, found.text, code).other_words:
        return found, []
    said = f"“{short(found.text)}”" if found.text else "no words"
    return found, [
        f"The words of voice {voice.name} do not seem to be those of its sound: {found.by} "
        f"heard {said}. Give exactly what is said in the recording."
    ]


def overheard(ears: Ears, voice: PreparedVoice, own: str | None, wished: str | None) -> Compared:
    """What is heard in a voice whose words are not known, for a report: nothing is kept.

    Args:
        own: the language in its record; `wished`: that of the job.
    """
    language = base(own or wished or ears.default_language)
    found = _listened(ears, voice, language, base(own) if own else None)
    if isinstance(found, _Untold):
        return None, [found.of_no_words(voice.name)]
    if found is None:
        return None, []
    if not any(character.isalnum() for character in found.text):
        told = (
            f"{found.by} heard no words in voice {voice.name}. Give them in {here('`ref_text`')}."
        )
        return found, [told]
    return found, [guessed(voice.name, found, f"Give the right ones in {here('`ref_text`')}")]


@dataclass(frozen=True)
class _Untold:
    """Why nothing was heard: `listener` does not know the `language`, or what `failed`."""

    listener: str = ""
    language: str = ""
    failed: Exception | None = None

    def of_words_given(self, name: str) -> str:
        return (
            f"The words of voice {name} were not checked ({type(self.failed).__name__}): make "
            "sure that they are what is said; the worker's log has more."
        )

    def of_no_words(self, name: str) -> str:
        if self.failed is None:
            language = NAMES.get(self.language, self.language)
            return (
                f"Voice {name} has no words, and {self.listener} does not know {language}, so "
                f"none were heard. Give them in {here('`ref_text`')}."
            )
        kind = type(self.failed).__name__
        why = self.failed.message if isinstance(self.failed, WorkerError) else f"{kind}."
        return f"The words of voice {name} were not heard: {why} Give them."


def _listened(
    ears: Ears, voice: PreparedVoice, language: str, found_by: str | None
) -> HeardWords | _Untold | None:
    """What is heard in a voice, or why nothing is; None where nobody listens.

    Args:
        language: what a recogniser that knows only some must know; `found_by`: what one that knows
            all is told, None: it finds the language itself.
    """
    try:
        listener = ears.checker() if ears.checker else None
        if listener is None:
            return None
        if listener.languages and language not in listener.languages:
            return _Untold(listener.name, language)
        return ears.hear(listener, voice, language if listener.languages else found_by)
    except Abandoned:
        raise
    except Exception as exc:  # whatever a recogniser does, the voice is there
        log.warning("a voice was not heard", exc_info=True)
        return _Untold(failed=exc)


def guessed(name: str, heard: HeardWords, correct: str) -> str:
    """The warning that words were heard, not given; `correct`: how to correct them."""
    sure = "" if heard.confidence is None else f", {heard.confidence:.0%} sure"
    return (
        f"The words of voice {name} were heard by {heard.by}{sure}, not given: "
        f"“{short(heard.text)}”. {correct} if they are not right."
    )


def short(text: str) -> str:
    """Words as a warning shows them."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
