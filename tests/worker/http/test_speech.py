"""What a streamed answer says beside its sound."""

from __future__ import annotations

import json

from worker.http.speech import _listed


def test_warnings_in_a_header_are_json_however_many() -> None:
    assert json.loads(_listed(["short", "größer"])) == ["short", "größer"]
    found = json.loads(_listed([f"{n} " + "x" * 900 for n in range(9)]))
    assert [text[0] for text in found[:3]] == ["0", "1", "2"]
    assert found[3] == "and 6 more, in the answer's last event with `sse`"
    assert json.loads(_listed(["x" * 9_000])) == [
        "and 1 more, in the answer's last event with `sse`"
    ]
