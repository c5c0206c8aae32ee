"""All kinds of transcript, and what becomes of each."""

from __future__ import annotations

from errors import TranscriptMissing
from tests.worker.subtitles.kinds import (
    LENGTH_S,
    Kind,
    documents,
    encodings,
    grids,
    odd,
    services,
    strangers,
    subtitles,
    tables,
    texts,
)
from worker.subtitles.read import parse

KINDS = (
    *subtitles.KINDS, *tables.KINDS, *documents.KINDS, *texts.KINDS, *encodings.KINDS,
    *strangers.KINDS, *services.KINDS, *grids.KINDS,
    *odd.KINDS,
)  # fmt: skip


def outcome(kind: Kind) -> str:
    """ "right", "refused", or what is wrong: other words or warnings than `kind` says."""
    data = kind.data.encode() if isinstance(kind.data, str) else kind.data
    try:
        found = parse(data, kind.name, LENGTH_S)
    except TranscriptMissing as error:
        told = kind.refused and kind.refused in error.message and kind.name in error.message
        return "refused" if told else f"wrong: refused ({error.message})"
    if kind.refused or found.text != kind.words:
        return f"wrong: {found.text!r}"
    pairs = zip(found.warnings, kind.warns, strict=False)
    said = all(part in warning and kind.name in warning for warning, part in pairs)
    if not said or len(found.warnings) != len(kind.warns):
        return f"wrong: warns {found.warnings}"
    times = [(cue.start, cue.end) for cue in found.cues]
    return "right" if _same(times, kind.times) else f"wrong: times {times}"


def _same(found: list[tuple[float, float]], wanted: tuple[tuple[float, float], ...] | None) -> bool:
    if wanted is None:
        return True
    return len(found) == len(wanted) and all(
        abs(a - b) < 1e-6
        for one, other in zip(found, wanted, strict=True)
        for a, b in zip(one, other, strict=True)
    )
