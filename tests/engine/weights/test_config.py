"""YAML that comes with a model: whatever it holds, the error is typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.vocoder.vocos import read_config as read_vocos_config
from engine.weights.card import read_card
from engine.weights.config import read_config
from errors import ModelUnavailable

BAD = {
    "nested 2,000 deep": "[" * 2000 + "]" * 2000,
    "nested 2,000 deep, by its layout": "".join(f"{' ' * i}a:\n" for i in range(2000)),
    "not closed": "model: [",
    "a list": "- model",
    "nothing": "",
    "an object of Python": "!!python/object/apply:os.system [id]",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
@pytest.mark.parametrize("read", [read_config, read_vocos_config, read_card])
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, read: Callable[[Path], object], text: str
) -> None:
    if read is read_card and not text:
        return  # an empty card says nothing
    path = tmp_path / "model.yaml"
    path.write_text(text)
    with pytest.raises(ModelUnavailable, match=r"model\.yaml") as caught:
        read(path)
    for word in ("yaml.", "constructor", "recursion", "None", "subscript", "Input", "'model'"):
        assert word not in caught.value.message.replace(str(path), "")
