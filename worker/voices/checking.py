"""The report on a voice that was found, with what a recogniser hears in it, as jobs have it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from worker.settings.groups import VoiceConfig
from worker.subtitles.notes import one_line
from worker.threads import Lane, in_turn
from worker.voices.beside import known_beside, read_ahead
from worker.voices.heard import Hearing
from worker.voices.located import Located, TranscriptFile
from worker.voices.part import Words
from worker.voices.record import HeardFacts
from worker.voices.reference import PreparedVoice, reference_of
from worker.voices.report import VoiceReport, measured, to_report
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
    look = partial(_looked_at, wish=wish, heard=known.heard, beside=beside, hears=hearing.listens)
    report, voice = in_turn(Lane.DECODE, look, located, data, words, config)
    if voice is None:
        return report.saying(*known.warnings, first=located.warnings)
    heard, said = hearing.told(located, voice, known, wish)
    return replace(report, heard=heard).saying(*said, first=located.warnings)


def _looked_at(
    located: Located,
    data: bytes,
    words: Words,
    config: VoiceConfig,
    *,
    wish: Wish,
    heard: HeardFacts | None,
    beside: Sequence[TranscriptFile],
    hears: bool,
) -> tuple[VoiceReport, PreparedVoice | None]:
    """The report on a voice file, and where somebody is to hear it the reference made of it."""
    recording = to_report(data, words, config, wish)
    report, part = measured(
        recording, words, located.name, located.stem, best=wish.best, heard=heard, beside=beside
    )
    if report.verdict == "unusable" or not hears:
        return report, None
    return report, reference_of(located, recording, part, words, wish=wish)
