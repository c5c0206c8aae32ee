"""The examples of docs/text.md are true, and its figures those measured."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from text.front import TextOptions, prepare
from tools.text_accuracy import summary

_DOC = Path("docs/text.md").read_text(encoding="utf-8")
_CELL = r"`((?:[^`]|``)+)`"
_ENGLISH = re.findall(rf"^\| {_CELL} \| {_CELL} \|$", _DOC, re.MULTILINE)
_OTHERS = re.findall(rf"^\| (\w\w) \| {_CELL} \| {_CELL} \|$", _DOC, re.MULTILINE)


def _has_libraries() -> bool:
    return all(importlib.util.find_spec(name) for name in ("damga", "wetext"))


@pytest.mark.parametrize(("written", "spoken"), _ENGLISH)
def test_examples(written: str, spoken: str) -> None:
    script = prepare(written.replace("⏎", "\n"), TextOptions(language="en"))
    assert " ".join(line.text for line in script.lines) == spoken


@pytest.mark.parametrize(("language", "written", "spoken"), _OTHERS)
def test_examples_in_other_languages(language: str, written: str, spoken: str) -> None:
    if not _has_libraries():
        pytest.skip("damga or wetext is not installed")
    assert prepare(written, TextOptions(language=language)).lines[0].text == spoken


def test_there_are_examples() -> None:
    assert len(_ENGLISH) > 30 and len(_OTHERS) == 4


def test_the_figures_are_those_measured() -> None:
    if not _has_libraries():
        pytest.skip("damga or wetext is not installed")
    assert summary() in _DOC
