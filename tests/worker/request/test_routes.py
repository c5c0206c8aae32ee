"""OpenAI's addresses on the queue, in the shape of RunPod's own workers."""

from __future__ import annotations

from typing import Any

import pytest

from errors import InvalidInput, NoSuchPath
from worker.request.routes import is_routed, read_route
from worker.settings.load import Settings


def routed(route: object, body: object = None, **more: Any) -> Any:
    raw = {"openai_route": route, "openai_input": body, **more}
    assert is_routed(raw)
    return read_route(raw, Settings.load({}), "demo")


def test_speech_is_a_job_whose_answer_holds_the_sound() -> None:
    found = routed("/v1/audio/speech", {"input": "Hi.", "voice": "alloy", "model": "tts-1"})
    assert found.job["text"] == "Hi." and found.job["return_audio"] is True
    assert found.job["stream"] is False
    assert "alloy is spoken by demo" in found.warnings[0]


def test_models_are_answered_at_once_and_voices_by_their_operation() -> None:
    assert [one["id"] for one in routed("/v1/models").answer["data"]][:2] == ["demo", "tts-1"]
    assert routed("/v1/audio/voices").job == {"endpoint": "list_voices"}


@pytest.mark.parametrize("route", ["/v1/chat/completions", None, 3, ["x"]])
def test_other_addresses_are_refused(route: object) -> None:
    with pytest.raises(NoSuchPath, match="nothing at"):
        routed(route)


@pytest.mark.parametrize(
    "more", [{"stream_format": "sse"}, {"response_format": "aac"}, {"response_format": "pcm"}]
)
def test_what_a_queue_cannot_carry_is_refused(more: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="for the HTTP face"):
        routed("/v1/audio/speech", {"input": "Hi.", **more})


def test_fields_beside_the_route_are_named() -> None:
    with pytest.raises(InvalidInput, match="voice is not a known field beside openai_route"):
        routed("/v1/audio/speech", {"input": "Hi."}, voice="x")
    assert not is_routed({"text": "Hi."}) and not is_routed([1])
