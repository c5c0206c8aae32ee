"""Sizes and arrows of a checkout, as rows of a table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.house.arrows import PRODUCT, Module, arrows, circular, entry, height, read, upward

FOLDERS = ("worker", "engine", "storage")


def figures(root: Path) -> dict[str, str]:
    """What is measured of the checkout at `root`, by the name of the figure."""
    modules = read(root)
    product = [m for m in modules.values() if entry(m.name) in PRODUCT]
    top = arrows(modules.values())
    rows = {"arrows between top folders that do not go down": _named(upward(top))}
    for folder in FOLDERS:
        rows |= _folder(folder, modules)
    lines = {m.name: len(m.path.read_text("utf-8").splitlines()) for m in product}
    functions = {f"{m.name}.{name}": size for m in product for name, size in _functions(m.tree)}
    return rows | {
        "files of product code": str(len(product)),
        "lines of product code": f"{sum(lines.values()):,}",
        "longest file": _longest(lines),
        "longest function": _longest(functions),
    }


def _folder(folder: str, modules: dict[str, Module]) -> dict[str, str]:
    entries = {entry(name, folder) for name in modules} - {""}
    inside = arrows(modules.values(), folder)
    mutual = {(a, b) for a, b in inside if a < b and (b, a) in inside}
    return {
        f"{folder}/: entries, arrows, floors": (f"{len(entries)}, {len(inside)}, {height(inside)}"),
        f"{folder}/: arrows in a circle": _named(circular(inside)),
        f"{folder}/: pairs that use each other": _named(mutual),
    }


def _functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every function and its lines, decorators not counted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def _longest(sizes: dict[str, int]) -> str:
    name = max(sizes, key=lambda name: sizes[name], default="")
    return f"{name}, {sizes[name]}" if name else "none"


def _named(found: set[tuple[str, str]]) -> str:
    names = ", ".join(f"{start} → {end}" for start, end in sorted(found))
    return f"{len(found)} ({names})" if found else "0"
