"""The HTTP face starts where it may and can, and else says why it does not."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from errors import ConfigError
from standins.http_face import http_face
from standins.waiting import PATIENCE_S
from worker.http.serve import serve
from worker.settings.load import Settings


def test_what_cannot_serve_ends_with_1_and_says_why(tmp_path: Path) -> None:
    with http_face(
        {"F5_MODEL": str(tmp_path / "none.safetensors")}, tmp_path, genuine=True
    ) as face:
        assert face.process.wait(PATIENCE_S) == 1
        assert "model not loaded" in face.log.read_text()


def test_an_address_that_is_open_or_taken_is_refused() -> None:
    with pytest.raises(ConfigError, match="no key is set"):
        serve(Settings.load({}), "0.0.0.0", 0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match="cannot be listened on"):
            serve(Settings.load({}), "127.0.0.1", port)
