"""At least sixty kinds of transcript: right, or refused with a reason; none wrong in silence."""

from __future__ import annotations

import pytest

from errors import TranscriptMissing
from tests.worker.subtitles.kinds import (
    LENGTH_S,
    Kind,
    documents,
    encodings,
    subtitles,
    tables,
    texts,
)
from worker.subtitles.read import parse

KINDS = [*subtitles.KINDS, *tables.KINDS, *documents.KINDS, *texts.KINDS, *encodings.KINDS]


def test_there_are_sixty_kinds_and_each_has_a_name() -> None:
    assert len({kind.what for kind in KINDS}) >= 60


@pytest.mark.parametrize("kind", KINDS, ids=[kind.what for kind in KINDS])
def test_each_kind_is_right_or_refused_with_a_reason(kind: Kind) -> None:
    data = kind.data.encode() if isinstance(kind.data, str) else kind.data
    if kind.refused:
        with pytest.raises(TranscriptMissing) as caught:
            parse(data, kind.name, LENGTH_S)
        assert kind.refused in caught.value.message
        assert kind.name in caught.value.message
        return
    found = parse(data, kind.name, LENGTH_S)
    assert found.text == kind.words
    assert len(found.warnings) == len(kind.warns), found.warnings
    for warning, part in zip(found.warnings, kind.warns, strict=True):
        assert part in warning and kind.name in warning
    if kind.times is not None:
        times = [(cue.start, cue.end) for cue in found.cues]
        assert times == [pytest.approx(pair) for pair in kind.times]
