"""What the HTTP face says of a text beside its sound."""

from __future__ import annotations

import json

import pytest

from worker.http.problems import HERE
from worker.http.site import instead_of
from worker.http.speech import fitting
from worker.phrases import here, said_as
from worker.voices.sources import ADD_IT


def test_warnings_in_a_header_are_whole_and_those_left_out_are_counted() -> None:
    assert json.loads(fitting(["Zażółć.", "Two."])) == ["Zażółć.", "Two."]
    told = fitting([f"{number}: {'x' * 900}" for number in range(10)])
    assert told.isascii() and len(told) <= 3000
    *shown, last = json.loads(told)
    assert [warning[:2] for warning in shown] == ["0:", "1:", "2:"]
    assert last.startswith("7 more")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/audio/speech", "Use /v1/audio/speech: a client's base URL ends with /v1."),
        ("/v1/audio/speach", "Did you mean /v1/audio/speech?"),
        ("/runsync", "That is an address of RunPod's queue: send a job to POST /v1/jobs."),
        ("/v1/chat/completions", "docs/http.md lists the addresses."),
    ],
)
def test_a_wrong_address_is_answered_with_the_right_one(path: str, said: str) -> None:
    assert instead_of(path) == said


def test_a_missing_voice_is_told_in_words_of_this_interface() -> None:
    """Neither an endpoint of the queue nor a folder of the server."""
    with said_as(HERE):
        said = here(ADD_IT)
    assert said == "Add it with POST /v1/audio/voices, or call GET /v1/audio/voices."
