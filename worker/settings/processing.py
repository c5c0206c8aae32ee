"""The settings of what is done beyond f5-tts. CONFIG.md is made from these."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator

from errors import nearest
from text import languages
from text.script import Pauses
from worker.settings.env import Group, setting

F5_TTS = "f5-tts"
Mode: TypeAlias = Literal["full", "f5-tts"]
Listener: TypeAlias = Literal["off", "moonshine", "faster-whisper"]

_CODE = re.compile(r"[a-z]{2}(?:-[A-Z0-9]{2,4})?")
MAX_PAUSE_S = 10.0  # of a kind of break; a pause in the text may be longer


def language_code(value: str) -> str:
    """`en-GB` of `en_gb`.

    Raises:
        ValueError: not a code of a known language.
    """
    code = languages.canonical(value)
    if languages.base(code) not in languages.NAMES or not _CODE.fullmatch(code):
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

    processing: Mode = setting("PROCESSING", "full", F5_TTS)
    """`full`, or `f5-tts`: nothing beyond what f5-tts does with text, lengths and joins"""
    clean: bool | None = setting("TEXT_CLEAN", None, "false")
    """Canonical characters, no markdown; unset: as PROCESSING says"""
    breaks: bool | None = setting("TEXT_BREAKS", None, "false")
    """Line breaks end sentences and paragraphs; unset: as PROCESSING says"""
    normalize: bool | None = setting("TEXT_NORMALIZE", None, "false")
    """Figures, signs and short forms are read as words; unset: as PROCESSING says"""
    durations: bool | None = setting("SPOKEN_DURATIONS", None, "false")
    """Lengths and cuts follow what is spoken; `false`: f5-tts's rule, by bytes of the text; unset:
    as PROCESSING says"""
    joins: bool | None = setting("NATURAL_JOINS", None, "false")
    """Chunks keep a pause and are never laid over each other; `false`: f5-tts's cross-fade; unset:
    as PROCESSING says"""
    checks: bool | None = setting("CHECKS", None, "false")
    """What was made is checked; unset: as PROCESSING says"""
    best_clip: bool | None = setting("BEST_CLIP", None, "false")
    """A long recording is cloned from its best part, where its words have times or can be laid over
    its pauses; `false`: from its first 12 s, f5-tts's rule; unset: as PROCESSING says"""
    mend_voice: bool | None = setting("MEND_VOICE", None, "false")
    """A voice whose channels cancel, with a DC offset, or too quiet is made usable; `false`: it is
    mixed and left as f5-tts does; unset: as PROCESSING says"""
    markup: bool = setting("TEXT_MARKUP", True, "false")
    """Tags and SSML are read; `false`: every bracket is text"""
    language: Annotated[str | None, AfterValidator(language_code)] = setting(
        "TEXT_LANGUAGE", None, "en-GB"
    )
    """Language of texts; unset: found in each text"""
    default_language: Annotated[str, AfterValidator(language_code)] = setting(
        "DEFAULT_LANGUAGE", "en", "de"
    )
    """Language of texts too short to tell"""
    pauses: Annotated[Pauses, BeforeValidator(_pauses)] = setting(
        "PAUSES", Pauses(), "sentence=0.3,paragraph=0.8"
    )
    """Seconds of silence by kind of break: `sentence`, `clause`, `speaker`, `paragraph`,
    `heading`"""
    lexicon_prefix: str = setting("LEXICON_PREFIX", "lexicons/", "words/")
    """Prefix of the keys of lexicons, JSON or PLS"""
    asr: Listener = setting("ASR", "off", "moonshine")
    """Recogniser that listens to every chunk and to every voice: `moonshine` (English,
    requirements/listen.txt) or `faster-whisper` (requirements/listen-whisper.txt, ASR_MODEL)"""
    asr_model: Path | None = setting("ASR_MODEL", None, "/models/faster-whisper")
    """Folder of faster-whisper's model, in CTranslate2's format; nothing is downloaded"""
    transcriber: Listener = setting("TRANSCRIBER", "off", "faster-whisper")
    """Recogniser that writes down the words of voices that have none, likewise; `off`: such voices
    are refused"""
    word_times: Literal["estimate", "align"] = setting("WORD_TIMES", "estimate", "align")
    """How words get their times: an estimate, or forced alignment (requirements/align.txt)"""
