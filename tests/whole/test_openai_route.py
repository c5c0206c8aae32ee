"""OpenAI's addresses on the queue: answered as jobs are, in the shape of RunPod's own workers."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from standins.local_worker import FAST, Worker


def routed(worker: Worker, route: str, body: Any = None) -> dict[str, Any]:
    return worker.run({"openai_route": route, "openai_input": body}, "job-openai")


def test_speech_comes_as_base64(local_worker: Worker) -> None:
    body = {"input": "Hello there.", "model": "tts-1", "voice": "alloy", **FAST}
    answer = routed(local_worker, "/v1/audio/speech", body)
    assert answer["status"] == "completed" and answer["format"] == "mp3"
    assert len(base64.b64decode(answer["audio_base64"])) == answer["bytes"]
    assert any("alloy is spoken by" in said for said in answer["warnings"])


def test_models_and_voices_are_listed(local_worker: Worker, tiny_model: Path) -> None:
    names = [model["id"] for model in routed(local_worker, "/v1/models")["data"]]
    assert names[0].startswith(tiny_model.name) and "tts-1" in names
    assert "demo" in [one["name"] for one in routed(local_worker, "/v1/audio/voices")["voices"]]


def test_what_is_wrong_has_openais_names(local_worker: Worker) -> None:
    answer = routed(local_worker, "/v1/audio/speech", {"input": " ", "speed": 9})
    assert answer["error_code"] == "INVALID_INPUT"
    assert "input is empty" in answer["error"] and "speed must be at most 2" in answer["error"]
    assert routed(local_worker, "/v1/embeddings")["error_code"] == "NO_SUCH_PATH"
