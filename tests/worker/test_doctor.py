"""What `doctor` and the start say of a voice that is not there, and of several faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from standins.local_worker import wav
from worker.app import App
from worker.command.doctor import checked
from worker.operations.doctor import as_lines, check_up, judged, look_at_default_voice
from worker.settings.load import Settings

Open = Callable[..., App]


@pytest.fixture
def with_voice(tmp_path: Path) -> Iterator[Open]:
    """A worker without a model, by its DEFAULT_VOICE."""
    opened: list[App] = []

    def open_it(voice: str, **more: str) -> App:
        env = {"LOCAL_STORAGE_DIR": str(tmp_path), "DEFAULT_VOICE": voice, **more}
        opened.append(App(Settings.load(env), speaks=False))
        return opened[-1]

    yield open_it
    for app in opened:
        app.end_storage()


def found(app: App) -> list[tuple[str, str]]:
    answer = check_up(app.storage, app.settings)
    look_at_default_voice(app, answer)
    assert judged(answer)["healthy"], "a job may name another voice"
    findings = answer["storage"]["findings"]
    return [(f["level"], f["detail"]) for f in findings if f["name"] == "default voice"]


def test_a_default_voice_that_is_not_there_is_told(
    with_voice: Open, caplog: pytest.LogCaptureFixture
) -> None:
    app = with_voice("nobody")
    ((level, said),) = found(app)
    assert level == "warning" and said.startswith("DEFAULT_VOICE=nobody: There is no voice")
    with caplog.at_level("WARNING", "f5worker.app"):
        app._try_storage()
    assert f"settings: {said}" in caplog.text


def test_one_without_words_is_told_and_a_whole_one_is_well(with_voice: Open) -> None:
    app = with_voice("Ann")
    app.storage.put("voices/Ann.wav", wav())
    assert "has no transcript" in found(app)[0][1]
    app.storage.put("voices/Ann.txt", b"Hi.")
    assert found(app) == [("ok", "Ann")]
    assert "has no consent" in found(with_voice("Ann", REQUIRE_CONSENT="true"))[0][1]


@pytest.mark.parametrize("voice", ["demo", "https://example.com/a.wav"])
def test_a_bundled_one_and_a_link_are_not_asked_for(with_voice: Open, voice: str) -> None:
    assert with_voice(voice).default_voice_fault() is None


def test_each_step_that_failed_is_named() -> None:
    steps = [
        {"step": step, "ok": step == "upload", "detail": f"{step} went wrong."}
        for step in ("client", "upload", "size", "list")
    ]
    model = {"error": "None.", "hint": "Get one."}
    answer = judged({"storage": {"steps": steps, "findings": []}, "model": model})
    assert as_lines(answer)[-1] == ("FAILED", "model", "None. Get one.")
    assert answer["error"].startswith("client: client went wrong. Also failed: size, list, model. ")


def test_a_warning_of_the_settings_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    warning = "A is used."
    caplog.set_level("INFO", "f5worker")  # which is put back at the end, whatever a command sets
    monkeypatch.setattr(
        "worker.command.doctor.Settings.load", lambda: replace(Settings(), warnings=(warning,))
    )
    monkeypatch.setattr("worker.command.doctor.check_up", lambda *_: {"healthy": True})
    monkeypatch.setattr("worker.command.doctor.storage_works", lambda _: False)
    monkeypatch.setattr("worker.command.doctor.judged", lambda answer: answer)
    step = ("ok", "configuration", f"mode=s3. {warning}")
    monkeypatch.setattr("worker.command.doctor.as_lines", lambda _: [step])
    _, rows = checked(with_model=False)
    assert rows == [("warning", "settings", warning), ("ok", "configuration", "mode=s3.")]
