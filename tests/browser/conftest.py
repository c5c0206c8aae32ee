"""A worker that serves the page, and a browser on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from standins.browser import LEFT_OUT, Browser, chromium, programs
from standins.http_face import Face, ready_face
from standins.local_worker import wav
from standins.waiting import until


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def face(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    directory = tmp_path_factory.mktemp("http")
    with ready_face({"F5_MODEL": str(tiny_model)}, directory) as running:
        yield running


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("voice") / "ada's voice.wav"
    path.write_bytes(wav())
    return path


@pytest.fixture(scope="session")
def _browser(tmp_path_factory: pytest.TempPathFactory, recording: Path) -> Iterator[Browser]:
    if programs() is None:
        pytest.skip(LEFT_OUT)
    with chromium(tmp_path_factory.mktemp("browser"), microphone=recording) as running:
        yield running


@pytest.fixture
def page(_browser: Browser, face: Face) -> Browser:
    """The page, connected to its worker; nothing is left of what was done on it before."""
    _browser.open(f"{face.url}/")
    until(lambda: _browser.text("#served").startswith("Ready: tiny"))
    _browser.complaints()
    return _browser
