"""Takes docs/page.png, in 64 colours: the page while it speaks, with the demo checkpoint.

python -m tools.docs.page       # needs Chromium and its driver
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from standins.browser import LEFT_OUT, chromium, programs
from standins.http_face import ready_face
from standins.waiting import until

TARGET = Path(__file__).parent.parent.parent / "docs" / "page.png"
_SIZE = (1120, 900)
_TEXT = "The picture shows what is heard, and the words are marked as they come."


def picture() -> bytes:
    """The page as a PNG, in the light colours."""
    with (
        tempfile.TemporaryDirectory() as directory,
        ready_face({"OMP_NUM_THREADS": "2"}, Path(directory)) as face,
        chromium(Path(directory)) as browser,
    ):
        browser.resize(*_SIZE)
        browser.open(f"{face.url}/")
        browser.until_text("#served", "Ready")
        browser.fill("#text", _TEXT)
        browser.click("#speak")
        browser.until_text("#state", "Done")
        browser.run("live.stop(); el('audio').muted = true; return el('audio').play()")
        until(lambda: browser.run("return marked[5].node.ariaCurrent") == "true")
        return browser.picture()


def main() -> int:
    """Writes the picture; returns the exit code."""
    if programs() is None:
        sys.stderr.write(LEFT_OUT + "\n")
        return 1
    with Image.open(io.BytesIO(picture())) as taken:
        taken.convert("RGB").quantize(64).save(TARGET, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
