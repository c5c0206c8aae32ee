"""The settings of what is done beyond f5-tts. CONFIG.md is made from these."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator

from errors import nearest
from text import languages
from text.script import Pauses
from worker.settings.env import Env, Group

F5_TTS = "f5-tts"
Mode: TypeAlias = Literal["full", "f5-tts"]

MAX_PAUSE_S = 10.0  # of a kind of break; a pause in the text may be longer


def language_code(value: str) -> str:
    """`en-GB` of `en_gb`.

    Raises:
        ValueError: not a code of a known language.
    """
    code = languages.canonical(value)
    if languages.base(code) not in languages.NAMES:
        names = {name.lower(): known for known, name in languages.NAMES.items()}
        near = names.get(value.strip().lower()) or nearest(value.lower(), languages.NAMES)
        meant = f"; did you mean {near}?" if near else ""
        raise ValueError(f"must be a language's code, as en, en-GB or de{meant}")
    return code


def pauses_of(values: dict[str, float]) -> dict[str, float]:
    """Seconds for kinds of breaks.

    Raises:
        ValueError: an unknown kind, or a pause that is too long; says which.
    """
    kinds = [kind.name for kind in fields(Pauses)]
    for name, seconds in values.items():
        if name not in kinds:
            raise ValueError(f"has the unknown kind {name!r}; kinds are {', '.join(kinds)}")
        if not 0 <= seconds <= MAX_PAUSE_S:
            raise ValueError(f"has {seconds:g} s for {name}; allowed are 0 to {MAX_PAUSE_S:g}")
    return values


def _pauses(value: object) -> object:
    if not isinstance(value, str):
        return value
    found: dict[str, float] = {}
    for item in value.split(","):
        name, _, number = item.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise ValueError("must be kinds and seconds, as sentence=0.3,paragraph=0.8") from None
    return Pauses(**pauses_of(found))


class ProcessingConfig(Group):
    """What is done to texts and sound beyond f5-tts, and how to keep it from being done."""

    processing: Annotated[
        Mode,
        Env(
            "PROCESSING",
            "`full`, or `f5-tts`: nothing beyond what f5-tts does with text, lengths and joins",
            "f5-tts",
        ),
    ] = "full"
    clean: Annotated[
        bool | None,
        Env("TEXT_CLEAN", "Canonical characters, no markdown; unset: as PROCESSING says", "false"),
    ] = None
    breaks: Annotated[
        bool | None,
        Env("TEXT_BREAKS", "Line breaks mean something; unset: as PROCESSING says", "false"),
    ] = None
    normalize: Annotated[
        bool | None,
        Env(
            "TEXT_NORMALIZE",
            "Figures, signs and short forms are read as words; unset: as PROCESSING says",
            "false",
        ),
    ] = None
    durations: Annotated[
        bool | None,
        Env(
            "SPOKEN_DURATIONS",
            "Lengths and cuts follow what is spoken; `false`: f5-tts's rule, by bytes of the "
            "text; unset: as PROCESSING says",
            "false",
        ),
    ] = None
    joins: Annotated[
        bool | None,
        Env(
            "NATURAL_JOINS",
            "Chunks keep a pause and never overlap; `false`: f5-tts's cross-fade; unset: as "
            "PROCESSING says",
            "false",
        ),
    ] = None
    checks: Annotated[
        bool | None,
        Env("CHECKS", "What was made is checked; unset: as PROCESSING says", "false"),
    ] = None
    markup: Annotated[
        bool, Env("TEXT_MARKUP", "Tags and SSML are read; `false`: brackets are text", "false")
    ] = True
    language: Annotated[
        str | None,
        AfterValidator(language_code),
        Env("TEXT_LANGUAGE", "Language of texts; unset: found in each text", "en-GB"),
    ] = None
    default_language: Annotated[
        str,
        AfterValidator(language_code),
        Env("DEFAULT_LANGUAGE", "Language of texts too short to tell", "de"),
    ] = "en"
    pauses: Annotated[
        Pauses,
        BeforeValidator(_pauses),
        Env(
            "PAUSES",
            "Seconds of silence by kind of break: `sentence`, `clause`, `speaker`, `paragraph`, "
            "`heading`",
            "sentence=0.3,paragraph=0.8",
        ),
    ] = Pauses()
    lexicon_prefix: Annotated[
        str, Env("LEXICON_PREFIX", "Prefix of the keys of lexicons, JSON or PLS", "words/")
    ] = "lexicons/"
