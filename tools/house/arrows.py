"""Which file of a checkout imports which, and what that comes to between folders.

An *entry* is a file or folder directly in a folder; an *arrow* says that one entry imports another.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

Arrow = tuple[str, str]  # importer, imported

# From the top; entries of one row do not import each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("tests",),
    ("tools", "bench", "training"),
    ("standins",),
    ("handler",),
    ("worker",),
    ("s3_utils",),
    ("engine", "text", "storage"),
    ("errors",),
)
PRODUCT = ("handler", "worker", "s3_utils", "engine", "text", "storage", "errors")


@dataclass(frozen=True)
class Module:
    """A Python file: its dotted name, and the dotted names of the project's files it imports."""

    name: str
    path: Path
    tree: ast.Module
    imports: frozenset[str]


def read(root: Path) -> dict[str, Module]:
    """Every module of the checkout at `root` that stands on one of the `FLOORS`, by dotted name.

    Raises:
        SyntaxError: a file is not Python.
    """
    files: dict[str, Path] = {}
    for top in (name for floor in FLOORS for name in floor):
        for path in (root / f"{top}.py", *sorted((root / top).rglob("*.py"))):
            if path.is_file():
                parts = path.relative_to(root).with_suffix("").parts
                files[".".join(part for part in parts if part != "__init__")] = path
    return {name: _module(name, path, files) for name, path in files.items()}


def arrows(modules: Iterable[Module], folder: str = "") -> set[Arrow]:
    """The arrows between the entries of `folder` (dotted; "": the top of the checkout)."""
    found: set[Arrow] = set()
    for module in modules:
        start = entry(module.name, folder)
        ends = {entry(name, folder) for name in module.imports}
        found |= {(start, end) for end in ends if start and end and start != end}
    return found


def entry(name: str, folder: str = "") -> str:
    """The entry of `folder` that the dotted `name` lies in; empty if in none."""
    prefix = f"{folder}." if folder else ""
    return name.removeprefix(prefix).partition(".")[0] if name.startswith(prefix) else ""


def circular(found: set[Arrow]) -> set[Arrow]:
    """The arrows from whose end other arrows lead back to their start."""
    ahead: dict[str, set[str]] = {}
    for start, end in found:
        ahead.setdefault(start, set()).add(end)

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = ahead.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    return {(start, end) for start, end in found if start in reachable(end)}


def height(found: set[Arrow]) -> int:
    """How many floors the entries stand on when every arrow goes down, circular ones left out."""
    straight = found - circular(found)
    below: dict[str, int] = {}

    def floor(name: str) -> int:
        if name not in below:
            ends = [end for start, end in straight if start == name]
            below[name] = 1 + max(map(floor, ends), default=0)
        return below[name]

    return max((floor(name) for arrow in straight for name in arrow), default=1)


def upward(found: set[Arrow]) -> set[Arrow]:
    """The arrows between top folders that do not go down (`FLOORS`)."""
    place = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    return {(start, end) for start, end in found if place[end] <= place[start]}


def _module(name: str, path: Path, known: Iterable[str]) -> Module:
    tree = ast.parse(path.read_text("utf-8"), str(path))
    wanted: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            wanted |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from a import b`: the module a.b if there is one, else a.
            wanted |= {
                f"{node.module}.{alias.name}"
                if f"{node.module}.{alias.name}" in known
                else node.module
                for alias in node.names
            }
    return Module(name, path, tree, frozenset(wanted & set(known)))
