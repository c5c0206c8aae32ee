"""The worker from a shell: `python -m worker doctor`. Settings come from the environment."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

# Nothing heavy is imported here: help answers at once.
app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
_COLOURS = {"ok": "green", "warning": "yellow", "FAILED": "red", "unknown": "cyan", "not run": ""}


@app.callback()
def main() -> None:
    """F5-TTS voice cloning worker; its settings are environment variables, see CONFIG.md."""


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    model: Annotated[bool, typer.Option("--model", help="Load the model as well.")] = False,
) -> None:
    """Try storage step by step, and say what it is like. Ends with 1 if jobs would fail."""
    from errors import ConfigError
    from worker.operations.doctor import as_lines, check_up, describe_model, judged
    from worker.settings.load import Settings

    try:
        settings = Settings.load()
    except ConfigError as error:
        answer = {"healthy": False, **error.as_output()}
        _print(answer, [("FAILED", "settings", str(answer["error"]))], as_json)
        raise typer.Exit(1) from None
    logging.getLogger("f5worker").setLevel(logging.CRITICAL)  # the steps say what is wrong
    answer = check_up(settings.storage, settings)
    if model:
        from worker.app import App

        worker = App(settings)
        answer["model"] = describe_model(worker)
        worker.close()
    answer = {"settings": list(settings.warnings), **judged(answer)}
    rows = [("warning", "settings", text) for text in settings.warnings] + as_lines(answer)
    _print(answer, rows, as_json)
    raise typer.Exit(0 if answer["healthy"] else 1)


voices = typer.Typer(no_args_is_help=True, help="Look at voices.")
app.add_typer(voices, name="voices")


@voices.command()
def check(
    voice: Annotated[str, typer.Argument(help="A file, or a voice's name in the library.")],
    ref_text: Annotated[str, typer.Option(help="What it says, if no file beside it does.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 if it is doubtful.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw it into this PNG file.")] = None,
) -> None:
    """Measure a voice, and say what to do better. Ends with 1 if it cannot be used."""
    from errors import WorkerError
    from worker.operations.voices import checked_from_shell
    from worker.voices.report import refuse

    try:
        report = checked_from_shell(voice, ref_text, picture)
        found = report.as_output()
        rows = report.as_rows()
        refuse(report, strict=strict)
    except WorkerError as error:
        found = error.as_output()
        rows = [("FAILED", "voice", str(found["error"]))]
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        _show(rows)
    raise typer.Exit(1 if "error" in found else 0)


def _print(answer: dict[str, Any], rows: list[tuple[str, str, str]], as_json: bool) -> None:
    """`answer` for scripts, or (mark, name, detail) `rows` and a verdict for people."""
    if as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    _show(rows)
    typer.echo(f"\nJobs {'can run' if answer['healthy'] else 'would fail'}.")


def _show(rows: list[tuple[str, str, str]]) -> None:
    """A table as wide as the terminal; without colours where the output is no terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for mark, name, detail in rows:
        table.add_row(Text(mark, _COLOURS[mark]), name, Text(detail))
    width = None if sys.stdout.isatty() else 100
    Console(width=width, highlight=False).print(table)


if __name__ == "__main__":
    app(prog_name="python -m worker")
