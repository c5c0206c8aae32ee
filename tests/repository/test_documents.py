"""Documents, comments and commands name files that exist, and none outside this repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HIDDEN = {".ci", ".github", ".runpod"}  # the hidden folders that belong to the repository
MADE = {ROOT / "data", ROOT / "models"}  # by commands; not part of it


def files_below(directory: Path) -> list[Path]:
    """Every file of the repository, relative to its root."""
    found: list[Path] = []
    for path in directory.iterdir():
        hidden = path.name.startswith((".", "__pycache__", "node_modules"))
        hidden = (hidden and path.name not in HIDDEN) or path in MADE
        if path.is_dir() and not hidden:
            found += files_below(path)
        elif path.is_file() and not hidden:
            found.append(path.relative_to(ROOT))
    return found


FILES = sorted(files_below(ROOT))
FOLDERS = {folder for file in FILES for folder in file.parents}
TOPS = "|".join(re.escape(folder.name) for folder in sorted(FOLDERS) if len(folder.parts) == 1)
DOCUMENTS = [file for file in FILES if file.suffix == ".md"]
# What people read and what commands are in; tests also name files that they make themselves.
TEXTS = [
    file
    for file in FILES
    if file.suffix in {".md", ".sh", ".toml", ".yml", ".mjs"}
    or file.name in {"Makefile", "Dockerfile", "run"}
    or (file.suffix == ".py" and file.parts[0] != "tests")
]

PATH = re.compile(rf"(?<![\w/.:-])((?:{TOPS})/[\w./-]*\.(?:py|md|sh|yml|toml|mjs))\b")
FOLDER = re.compile(rf"`((?:{TOPS})/(?:[\w.-]+/)*)`")
NAME = re.compile(r"`([\w./-]+\.(?:py|md|sh|mjs))`")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
ANCHOR = re.compile(r"\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)")
MODULE = re.compile(r" -m ((?:bench|tools|training|tests|standins)\b[\w.]*\w)")
OUTSIDE = re.compile(r"(?<![\w.])/(?:work|home|root|mnt|tmp|Users)/\S+")
UPWARD = re.compile(r"(?<![\w/])(?:\.\./)+[\w./-]+")


def text_of(file: Path) -> str:
    return (ROOT / file).read_text("utf-8")


def is_module(name: str) -> bool:
    path = Path(*name.split("."))
    return {path.with_suffix(".py"), path / "__main__.py"} & set(FILES) != set()


def resolved(name: str, document: Path) -> Path | None:
    """The relative path `name` seen from the document's folder; None where that is outside."""
    path = (ROOT / document).parent / name
    return path.resolve().relative_to(ROOT) if path.resolve().is_relative_to(ROOT) else None


def test_the_patterns_find_what_they_are_for() -> None:
    line = "see tests/whole/conftest.py, `keys.py` and [it](docs/a.md#b); python -m tools.load: x"
    assert PATH.findall(line) == ["tests/whole/conftest.py", "docs/a.md"]
    assert FOLDER.findall("`worker/`, `worker/jobs/` and `voices/`") == ["worker/", "worker/jobs/"]
    assert NAME.findall(line) == ["keys.py"]
    assert LINK.findall(line) == ["docs/a.md"]
    assert MODULE.findall(line) == ["tools.load"]
    assert OUTSIDE.findall("in /work/notes.md, https://example.com/work/x or /models/a") == [
        "/work/notes.md,"
    ]
    assert UPWARD.findall("from `../notes/a`, not ../b") == ["../notes/a", "../b"]
    assert Path("tests/README.md") in DOCUMENTS and Path("Makefile") in TEXTS
    assert is_module("tools.load") and is_module("tools.release") and not is_module("tools.none")


@pytest.mark.parametrize("file", TEXTS, ids=str)
def test_paths_and_modules_named_exist(file: Path) -> None:
    text = text_of(file)
    assert [path for path in PATH.findall(text) if Path(path) not in FILES] == []
    assert [name for name in MODULE.findall(text) if not is_module(name)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_files_a_document_names_exist_and_lie_in_the_repository(document: Path) -> None:
    """A name may leave out the folders before it, as `keys.py` does."""
    text = text_of(document)
    endings = {"/".join(file.parts[start:]) for file in FILES for start in range(len(file.parts))}
    assert [name for name in NAME.findall(text) if name not in endings] == []
    assert [name for name in FOLDER.findall(text) if Path(name) not in FOLDERS] == []
    relative = LINK.findall(text) + UPWARD.findall(text)
    known = {*FILES, *FOLDERS}
    assert [path for path in relative if resolved(path, document) not in known] == []
    assert OUTSIDE.findall(text) == []


def headings(document: Path) -> set[str]:
    """The anchors that GitHub gives to a document's headings."""
    text = re.sub(r"^```.*?^```$", "", text_of(document), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_headings_that_are_linked_to_exist(document: Path) -> None:
    for name, anchor in ANCHOR.findall(text_of(document)):
        target = resolved(name, document) if name else document
        assert target is not None and anchor in headings(target), (name, anchor)


def test_the_table_of_tests_names_every_folder_of_tests() -> None:
    table = re.findall(r"^\| (`[^|]+) \|", text_of(Path("tests/README.md")), re.MULTILINE)
    named = {name.rstrip("/") for row in table for name in re.findall(r"`([\w/]+/)`", row)}
    folders = {
        str(file.parent.relative_to("tests"))
        for file in FILES
        if file.parts[0] == "tests" and file.name.startswith("test_")
    }
    assert named <= {str(f.relative_to("tests")) for f in FOLDERS if f.parts[:1] == ("tests",)}
    assert [f for f in folders if f not in named and f.split("/")[0] not in named] == []
