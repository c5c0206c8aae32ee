"""The page at `/`: one small file that names nothing elsewhere; what a browser may do with it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re

import pytest
from starlette.requests import Request

from errors import KeyRefused
from standins.platform import ROOT
from worker.http.access import Access
from worker.http.page import PARTS, SCRIPTS, Page
from worker.settings.load import Settings

TEXT = Page().text
MOST_LINES = 300


def policy() -> str:
    answer = asyncio.run(Page().show(Request({"type": "http"})))
    return answer.headers["content-security-policy"]


def test_every_part_is_in_it_once() -> None:
    parts = {path.name for path in PARTS.iterdir()}
    assert parts == {"page.html", "page.css", *SCRIPTS}
    for name in (*SCRIPTS, "page.css"):
        assert TEXT.count((PARTS / name).read_text("utf-8")) == 1
    assert max(len(path.read_text("utf-8").splitlines()) for path in PARTS.iterdir()) < MOST_LINES


@pytest.mark.parametrize("tag", ["script", "style"])
def test_its_policy_lets_its_own_script_and_style_run_alone(tag: str) -> None:
    [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", TEXT, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
    rules = policy()
    assert f"{tag}-src 'sha256-{digest}';" in rules
    assert rules.startswith("default-src 'none';") and "unsafe" not in rules


def test_it_names_nothing_elsewhere_and_writes_no_html() -> None:
    assert not re.search(r"\b(?:src|href)=\"(?!#|data:,)", TEXT)
    assert not re.search(
        r"innerHTML|outerHTML|document\.write|\bimport\b.*from \"|@import|url\(", TEXT
    )
    assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie", TEXT)


def test_every_element_that_the_script_names_is_there() -> None:
    named = set(re.findall(r"\bel\(\"([\w-]+)\"\)", TEXT)) | set(
        re.findall(r"\bon\(\"([\w-]+)\"", TEXT)
    )
    assert named <= set(re.findall(r" id=\"([\w-]+)\"", TEXT))


def test_its_weight_is_the_one_in_the_document() -> None:
    [told] = re.findall(r"one file of (\d+) KB", (ROOT / "docs" / "http.md").read_text("utf-8"))
    assert round(len(TEXT.encode()) / 1000) == int(told)


def test_the_page_alone_opens_without_a_key() -> None:
    access = Access(Settings.load({"HTTP_API_KEYS": "one"}).http)
    access.check({"host": "tts.example.com"}, opens_page=True)
    with pytest.raises(KeyRefused):
        access.check({"host": "tts.example.com"})
