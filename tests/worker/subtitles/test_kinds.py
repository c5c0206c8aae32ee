"""At least sixty kinds of transcript: right, or refused with a reason; none wrong in silence."""

from __future__ import annotations

import pytest

from tests.worker.subtitles.kinds import Kind
from tests.worker.subtitles.kinds.table import KINDS, outcome


def test_there_are_sixty_kinds_with_a_name_of_its_own() -> None:
    assert len({kind.what for kind in KINDS}) >= 60


@pytest.mark.parametrize("kind", KINDS, ids=[kind.what for kind in KINDS])
def test_each_kind_is_right_or_refused_with_a_reason(kind: Kind) -> None:
    assert outcome(kind) == ("refused" if kind.refused else "right")
