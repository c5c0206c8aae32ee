"""The report on a voice that was found, with what a recogniser hears in it, as jobs have it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial

from worker.settings.groups import VoiceConfig
from worker.subtitles.notes import one_line
from worker.threads import Lane, in_turn
from worker.voices.beside import known_beside, read_ahead
from worker.voices.heard import Hearing
from worker.voices.located import Located
from worker.voices.part import Words
from worker.voices.reference import prepare_voice
from worker.voices.report import VoiceReport, report_on
from worker.voices.wish import USUAL, Wish


def check_located(
    located: Located,
    ref_text: str | None,
    config: VoiceConfig,
    hearing: Hearing,
    *,
    wish: Wish = USUAL,
) -> VoiceReport:
    """The report on a voice, with the words given, or those beside it. What is heard in it is told
    and not kept.

    Raises:
        VoiceUnusable, TranscriptMissing, StorageError: as reading it and its transcript does.
    """
    words: Words = one_line(ref_text or "")
    beside = known_beside(located) if words else ()
    if not words and (found_beside := located.beside()):
        words = read_ahead(found_beside)
    data = located.read()
    known = hearing.known(located, words, hashlib.sha256(data).hexdigest(), wish)
    report = partial(
        report_on,
        name=located.name, stem=located.stem, wish=wish, heard=known.heard, beside=beside,
    )  # fmt: skip
    found: VoiceReport = in_turn(Lane.DECODE, report, data, words, config)
    if found.verdict == "unusable" or not hearing.listens:
        return found.saying(*known.warnings, first=located.warnings)
    prepare = partial(prepare_voice, wish=wish, heard=known.heard)
    voice = in_turn(Lane.DECODE, prepare, located, data, words, config)
    heard, said = hearing.told(located, voice, known, wish)
    return replace(found, heard=heard).saying(*said, first=located.warnings)
