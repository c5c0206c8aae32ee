"""RunPod's asyncio client and the rest of its API against the same endpoint."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from standins.waiting import PATIENCE_S
from tests.clients.conftest import Endpoint


@pytest.fixture
def sdk(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Any:
    import runpod

    monkeypatch.setattr(runpod, "endpoint_url_base", endpoint.platform.api)
    return runpod


def test_runs_streams_and_reports(sdk: Any, endpoint: Endpoint) -> None:
    async def session() -> tuple[list[Any], Any, Any]:
        async with aiohttp.ClientSession() as http:
            client = sdk.AsyncioEndpoint(
                endpoint.platform.endpoint_id, http, api_key=endpoint.platform.api_key
            )
            fields = {"text": "One. [pause:0.3] Two.", "quality": "draft", "stream": True}
            job = await client.run(fields)
            parts = [part async for part in job.stream()]
            return parts, await job.output(timeout=PATIENCE_S), await client.health()

    parts, output, health = asyncio.run(session())
    assert [part["index"] for part in parts] == [0, 1]
    assert [part["last"] for part in parts] == [False, True]
    assert output["status"] == "completed"
    assert health["jobs"]["completed"] >= 1
    assert health["workers"] == {"idle": 1, "running": 0}
