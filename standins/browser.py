"""A headless Chromium, driven by the W3C's WebDriver protocol: JSON over HTTP to chromedriver.

https://www.w3.org/TR/webdriver2/
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standins.waiting import PATIENCE_S, until

LEFT_OUT = (
    "LEFT OUT: the page in a browser, as Chromium and its driver are not installed "
    "(Debian: apt-get install chromium chromium-driver)"
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_READY = re.compile(r"started successfully on port (\d+)")
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the standard's name of a reference to one


class Keys:
    """Keys that are no letters, by the standard's code points."""

    TAB, ENTER, CONTROL, DOWN, RELEASE = "\ue004", "\ue007", "\ue009", "\ue015", "\ue000"


class DriverError(Exception):
    """chromedriver's answer to what cannot be done."""


def programs() -> tuple[str, str] | None:
    """The paths of the browser and its driver, None where they are not installed."""
    browser = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@dataclass
class Browser:
    """One window. Elements are found by CSS selectors."""

    port: int
    session: str = ""

    def open(self, url: str) -> None:
        """Goes to an address and waits until it is loaded."""
        self._post("/url", {"url": url})

    def run(self, script: str, *arguments: object) -> Any:
        """What a function's body in the page returns; promises are awaited."""
        return self._post("/execute/sync", {"script": script, "args": list(arguments)})

    def click(self, selector: str) -> None:
        """Clicks as a pointer would: it must be in view and not covered."""
        self._post(f"{self._at(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Types at the end of a field; a file field takes a path."""
        self._post(f"{self._at(selector)}/value", {"text": text})

    def fill(self, selector: str, text: str) -> None:
        """Types in place of what a field holds."""
        self._post(f"{self._at(selector)}/clear", {})
        self.type(selector, text)

    def press(self, *keys: str) -> None:
        """Presses keys one after the other, without choosing an element; CONTROL is held down for
        those behind it."""
        pressed = [{"type": "keyDown", "value": key} for key in keys if key == Keys.CONTROL]
        for key in keys:
            if key != Keys.CONTROL:
                pressed += [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        pressed += [{"type": "keyUp", "value": key} for key in keys if key == Keys.CONTROL]
        self._post("/actions", {"actions": [{"type": "key", "id": "keys", "actions": pressed}]})

    def text(self, selector: str) -> str:
        """The text that is seen of an element, empty where it is hidden."""
        return str(self._get(f"{self._at(selector)}/text"))

    def value(self, selector: str) -> str:
        return str(self._get(f"{self._at(selector)}/property/value"))

    def focused(self) -> str:
        """The id of the element that has the focus, else its tag."""
        return str(self.run("const at = document.activeElement; return at.id || at.tagName"))

    def told(self, selector: str) -> tuple[str, str]:
        """Role and name, as a screen reader is told them."""
        at = self._at(selector)
        return str(self._get(f"{at}/computedrole")), str(self._get(f"{at}/computedlabel"))

    def complaints(self) -> list[str]:
        """What the browser's console says was refused or failed since it was last asked."""
        return [entry["message"] for entry in self._post("/se/log", {"type": "browser"})]

    def resize(self, width: int, height: int) -> None:
        self._post("/window/rect", {"width": width, "height": height})

    def picture(self) -> bytes:
        """The window as a PNG."""
        return base64.b64decode(self._get("/screenshot"))

    def until_text(self, selector: str, part: str) -> str:
        """The text of an element, once it holds `part`."""
        until(lambda: part in self.text(selector), f"{part!r} in {selector}")
        return self.text(selector)

    def _at(self, selector: str) -> str:
        found = self._post("/element", {"using": "css selector", "value": selector})
        return f"/element/{found[_ELEMENT]}"

    def _get(self, path: str) -> Any:
        return ask(self.port, "GET", f"/session/{self.session}{path}")

    def _post(self, path: str, body: object) -> Any:
        return ask(self.port, "POST", f"/session/{self.session}{path}", body)


def ask(port: int, method: str, path: str, body: object = None) -> Any:
    """chromedriver's answer to one command. Raises DriverError: it could not be done."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = json.load(connection.getresponse())["value"]
    finally:
        connection.close()
    if isinstance(answer, dict) and "error" in answer and "message" in answer:
        raise DriverError(f"{answer['error']}: {answer['message']}")
    return answer


@contextmanager
def chromium(directory: Path, microphone: Path | None = None) -> Iterator[Browser]:
    """A fresh browser, its driver's log in `directory`; `microphone`: a WAV that it hears.

    Raises:
        DriverError: it cannot be started.
    """
    found = programs()
    assert found, LEFT_OUT
    log = directory / "chromedriver.log"
    with log.open("wb") as out:
        process = subprocess.Popen([found[1], "--port=0"], stdout=out, stderr=subprocess.STDOUT)
    try:
        until(lambda: process.poll() is not None or _READY.search(log.read_text()), str(log))
        started = _READY.search(log.read_text())
        assert started, log.read_text()
        port = int(started[1])
        wanted = {"capabilities": {"alwaysMatch": _capabilities(found[0], directory, microphone)}}
        browser = Browser(port, ask(port, "POST", "/session", wanted)["sessionId"])
        try:
            yield browser
        finally:
            ask(port, "DELETE", f"/session/{browser.session}")
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _capabilities(program: str, directory: Path, microphone: Path | None) -> dict[str, Any]:
    # Without the sandbox: it cannot be had in most containers.
    arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
    arguments += [f"--user-data-dir={directory / 'profile'}", "--window-size=1000,900"]
    if microphone:
        arguments += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        arguments.append(f"--use-file-for-fake-audio-capture={microphone}")
    return {
        "browserName": "chrome",
        "timeouts": {"script": int(PATIENCE_S * 1000)},
        "goog:chromeOptions": {"binary": program, "args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
    }
