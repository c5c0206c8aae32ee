"""Every error that a user may see says what to do next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import errors
from storage.s3.class_table import CLASSES
from storage.s3.error_table import CODES, STATUSES, WORDS
from worker.command import common
from worker.http import problems
from worker.voices.sources import ADD_IT

_ROOT = Path(__file__).parents[2]
_PRODUCT = ("handler.py", "s3_utils.py", "engine", "storage", "text", "worker")
# Their classes write their own.
_OWN = {"Unexpected"}
_RAISED = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.WorkerError) and name not in _OWN
}


def _product() -> Iterator[Path]:
    for place in _PRODUCT:
        path = _ROOT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _calls() -> Iterator[tuple[Path, ast.Call]]:
    for file in _product():
        text = file.read_text(encoding="utf-8")
        if not any(name in text for name in _RAISED):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _RAISED:
                yield file.relative_to(_ROOT), node


def _hinted(call: ast.Call) -> bool:
    given = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "hint")]
    starred = any(isinstance(value, ast.Starred) for value in call.args)
    empty = any(isinstance(value, ast.Constant) and not value.value for value in given)
    return starred or (bool(given) and not empty)


def test_no_error_of_the_product_has_an_empty_hint() -> None:
    calls = list(_calls())
    assert len(calls) > 200  # they are found
    bare = [f"{file}:{call.lineno}" for file, call in calls if not _hinted(call)]
    assert not bare


def test_no_meaning_of_s3_has_an_empty_hint() -> None:
    words = [meaning for _, meaning in WORDS]
    every = [*CODES.values(), *STATUSES.values(), *CLASSES.values(), *words]
    assert len(every) > 50
    assert not [meaning.message for meaning in every if not meaning.hint]


def test_what_is_said_otherwise_on_a_shell_and_over_http_is_still_said() -> None:
    """After a change of a message nobody would notice that a face has no word for it any more."""
    said = set()
    for file in _product():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "here":
                given = node.args[0]
                said.add(given.value if isinstance(given, ast.Constant) else ADD_IT)
    assert said == set(common.TYPED) | set(problems.HERE)
