"""What people see: tables and lines; colours on terminals only, none where NO_COLOR is set."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

Row: TypeAlias = tuple[str, str, str]  # mark, name, detail

_COLOURS = {"ok": "green", "warning": "yellow", "FAILED": "red", "unknown": "cyan"}
_PLAIN_WIDTH = 100  # characters, where there is no terminal

Step: TypeAlias = Callable[[float, float, str], None]  # done, of how many, and a phrase


def line(text: str) -> None:
    """A line on standard output."""
    sys.stdout.write(f"{text}\n")


def aside(text: str) -> None:
    """A line on standard error, beside what scripts read."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def as_json(answer: object) -> None:
    """`answer` as readable JSON on standard output, in escapes what that cannot hold."""
    text = json.dumps(answer, indent=2, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(answer, indent=2)
    line(text)


def table(rows: Sequence[Sequence[str]], *, marked: bool = False) -> None:
    """Rows as wide as the terminal. `marked`: the first of each is a mark, which has a colour."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, show_header=False, pad_edge=False)
    columns = len(rows[0]) if rows else 0
    for column in range(columns):
        last = column == columns - 1
        shown.add_column(no_wrap=not last, overflow="fold")
    for row in rows:
        styles = [_COLOURS.get(row[0], "") if marked else "", *[""] * (columns - 1)]
        shown.add_row(*(Text(text, style) for text, style in zip(row, styles, strict=True)))
    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    Console(width=width, highlight=False).print(shown)


@contextmanager
def progress(what: str) -> Iterator[Step]:
    """A bar on standard error where that is a terminal, gone when the block ends; elsewhere
    nothing. The block calls what it is given with how much is done of how much, and a phrase."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns: list[Any] = [SpinnerColumn(), TextColumn("{task.description}", markup=False)]
    columns += [BarColumn(), TimeElapsedColumn()]
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total, text: bar.update(
            task, completed=done, total=total, description=text
        )
