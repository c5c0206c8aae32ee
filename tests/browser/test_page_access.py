"""The page by keyboard and for a screen reader; and what it keeps to itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from standins.browser import Browser, Keys
from standins.http_face import Face, ready_face
from standins.waiting import PATIENCE_S, until
from worker.operations.table import OPERATIONS
from worker.request.parse import parse
from worker.settings.load import Settings

CONTROLS = (
    *("voice", "file", "record", "text", "quality", "speed", "seed", "speak"),
    *("audio", "save", "kind", "copy", "code"),
)


def test_the_keyboard_alone_speaks_a_text(page: Browser) -> None:
    page.press(Keys.TAB, Keys.ENTER)  # the link over all else
    assert page.focused() == "text"
    page.press(Keys.CONTROL, "a")
    page.press(*"Hello there, reader.")
    page.press(Keys.CONTROL, Keys.ENTER)
    page.until_text("#state", "Done")
    assert page.run("return results[0].request.text") == "Hello there, reader."
    page.run("el('speak').focus()")
    page.press(Keys.ENTER)
    until(lambda: page.run("return results.length") == 2)
    assert page.focused() == "speak"
    reached = {page.focused()}
    page.run("document.querySelector('.skip').focus()")
    for _ in range(40):
        page.press(Keys.TAB)
        reached.add(page.focused())
    assert set(CONTROLS) <= reached


def test_a_screen_reader_is_told_what_every_control_is(page: Browser, recording: Path) -> None:
    page.fill("#text", "One.")
    page.click("#speak")
    page.until_text("#state", "Done")
    page.type("#file", str(recording))
    page.until_text("#report", "This recording")
    page.run("document.querySelectorAll('details').forEach((one) => one.open = true)")
    controls = page.run(
        "return [...document.querySelectorAll('input, select, textarea, button, audio, canvas, "
        "pre')].map((one, i) => (one.id ||= `control-${i}`))"
    )
    assert len(controls) > 20
    unnamed = [one for one in controls if not page.told(f"#{one}")[1]]
    assert unnamed == []
    assert page.told("#state")[0] == page.told("#report")[0] == "status"
    assert page.run("return document.querySelectorAll('h1').length") == 1


def pasted(page: Browser, kind: str) -> str:
    """What the copy button put on the clipboard, pasted into a field."""
    page.run("el('kind').value = arguments[0]; showCode()", kind)
    page.click("#copy")
    page.until_text("#copied", "Copied")
    page.run(
        "el('copied').textContent = ''; el('pasted')?.remove();"
        "const field = document.createElement('textarea'); field.id = 'pasted';"
        "document.body.prepend(field); field.focus()"
    )
    page.press(Keys.CONTROL, "v")
    return page.value("#pasted")


@pytest.mark.parametrize("own", [False, True])
def test_what_is_copied_runs(page: Browser, own: bool, recording: Path, tmp_path: Path) -> None:
    text = """It's "odd": $HOME, `ls` \\ 100%."""
    if own:
        page.type("#file", str(recording))
        page.until_text("#report", "This recording")
        page.type("#words", "This is what Ada says." + Keys.TAB)
        page.until_text("#report", "words are known")
        (tmp_path / recording.name).write_bytes(recording.read_bytes())
    page.fill("#text", text)
    page.run("el('quality').value = 'draft'")
    job = json.loads(pasted(page, "job"))["input"]
    assert job["text"] == text and parse(job, OPERATIONS, Settings.load({})).input
    for kind, command in (("curl", ["sh", "-c"]), ("python", [sys.executable, "-c"])):
        code = pasted(page, kind)
        subprocess.run([*command, code], cwd=tmp_path, check=True, timeout=PATIENCE_S)
        made = tmp_path / "speech.mp3"
        assert made.stat().st_size > 1000
        made.unlink()


def test_another_server_is_asked_with_a_key_that_is_never_kept(
    page: Browser, face: Face, tiny_model: Path, tmp_path: Path
) -> None:
    guarded = {
        "F5_MODEL": str(tiny_model),
        "HTTP_API_KEYS": "s3cret-key",
        "HTTP_CORS_ORIGINS": face.url,
    }
    with ready_face(guarded, tmp_path) as other:
        page.click("#elsewhere summary")
        page.type("#server", other.url)
        page.click("#connect")
        page.until_text("#problem", "KEY_REFUSED")
        assert page.focused() == "key"
        page.type("#key", "s3cret-key")
        page.click("#connect")
        until(lambda: page.text("#served").startswith("Ready"))
        assert page.text("#served").endswith(f" at {other.url}")
        assert page.text("#problem") == ""
        page.fill("#text", "One.")
        page.click("#speak")
        page.until_text("#state", "Done")
        metrics = other.ask("GET", "/metrics", headers={"X-API-Key": "s3cret-key"}).body
        assert b"f5worker_texts_total 1" in metrics
    for kind in ("job", "curl", "python"):
        page.run("el('kind').value = arguments[0]; showCode()", kind)
        assert "s3cret-key" not in page.text("#code")
    kept = page.run(
        "return [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, "
        "location.href, (await indexedDB.databases()).length]"
    )
    assert kept == ["{}", "{}", "", f"{face.url}/", 0]
    page.open(f"{face.url}/")
    assert page.value("#key") == ""


def test_the_page_of_a_server_with_keys_opens_and_asks_for_one(
    page: Browser, tiny_model: Path, tmp_path: Path
) -> None:
    guarded = {"F5_MODEL": str(tiny_model), "HTTP_API_KEYS": "s3cret-key"}
    with ready_face(guarded, tmp_path) as other:
        page.open(f"{other.url}/")
        page.until_text("#problem", "KEY_REFUSED")
        page.type("#key", "s3cret-key")
        page.click("#connect")
        until(lambda: page.text("#served").startswith("Ready: tiny"))


def test_nothing_from_elsewhere_runs_or_is_asked(page: Browser) -> None:
    page.run(
        "const s = document.createElement('script'); try { s.text = 'window.ran = 1' } catch {};"
        "document.body.append(s); const i = new Image(); i.src = 'https://example.com/a.png'"
    )
    assert page.run("return window.ran") is None
    asked = page.run("return performance.getEntriesByType('resource').map((one) => one.name)")
    here = page.run("return location.origin")
    assert [one for one in asked if not one.startswith(here) and "example.com" not in one] == []
    until(lambda: any("Content Security Policy" in said for said in page.complaints()))
    refused = "return fetch('http://example.com/').then(() => 'asked', () => 'refused')"
    assert page.run(refused) == "refused"
