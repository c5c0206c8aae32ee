"""The words of a voice held against what a recogniser hears in it, and what is said of both."""

from __future__ import annotations

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
    try:
        listener = ears.checker() if ears.checker else None
        if listener is None or (listener.languages and code not in listener.languages):
            return None, []
        heard = ears.hear(listener, voice, code)
    except Abandoned:
        raise
    except Exception as exc:  # whatever a recogniser does, the voice is there
        log.warning("words not checked", exc_info=True)
        return None, [
            f"The words of voice {voice.name} were not checked ({type(exc).__name__}): make "
            "sure that they are what is said; the worker's log has more."
        ]
    if heard.confidence is not None and heard.confidence < _UNSURE:
        return heard, []
    if not likeness(voice.ref_text, heard.text, code).other_words:
        return heard, []
    said = f"“{short(heard.text)}”" if heard.text else "no words"
    return heard, [
        f"The words of voice {voice.name} do not seem to be those of its sound: {heard.by} "
        f"heard {said}. Give exactly what is said in the recording."
    ]


def overheard(ears: Ears, voice: PreparedVoice, own: str | None, wished: str | None) -> Compared:
    """What is heard in a voice whose words are not known, for a report: nothing is kept.

    Args:
        own: the language in its record; `wished`: that of the job.
    """
    language = base(own or wished or ears.default_language)
    try:
        listener = ears.checker() if ears.checker else None
        if listener is None:
            return None, []
        if listener.languages and language not in listener.languages:
            name = NAMES.get(language, language)
            return None, [
                f"Voice {voice.name} has no words, and {listener.name} does not know {name}, so "
                f"none were heard. Give them in {here('`ref_text`')}."
            ]
        heard = ears.hear(listener, voice, language if listener.languages or own else None)
    except Abandoned:
        raise
    except Exception as exc:  # whatever a recogniser does, there is a report
        log.warning("words not heard", exc_info=True)
        why = exc.message if isinstance(exc, WorkerError) else f"{type(exc).__name__}."
        return None, [f"The words of voice {voice.name} were not heard: {why} Give them."]
    if not any(character.isalnum() for character in heard.text):
        return heard, [
            f"{heard.by} heard no words in voice {voice.name}. Give them in {here('`ref_text`')}."
        ]
    return heard, [guessed(voice.name, heard, f"Give the right ones in {here('`ref_text`')}")]


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
