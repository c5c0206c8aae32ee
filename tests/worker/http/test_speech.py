"""What the HTTP face says of a text beside its sound."""

from __future__ import annotations

import json

from worker.http.speech import fitting


def test_warnings_in_a_header_are_whole_and_those_left_out_are_counted() -> None:
    assert json.loads(fitting(["Zażółć.", "Two."])) == ["Zażółć.", "Two."]
    told = fitting([f"{number}: {'x' * 900}" for number in range(10)])
    assert told.isascii() and len(told) <= 3000
    *shown, last = json.loads(told)
    assert [warning[:2] for warning in shown] == ["0:", "1:", "2:"]
    assert last.startswith("7 more")
