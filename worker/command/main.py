"""The commands as they are typed. Nothing heavy is imported before one runs: help answers at once.

A command that fails says in one line what to do, and ends with 1.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from errors import Unexpected, WorkerError
from worker.command import show
from worker.command.common import (
    OF_JOBS,
    RUN_WITH_LOG,
    TYPED,
    Json,
    Log,
    logging_settings,
    one_line,
    quiet_settings,
)
from worker.command.library import voices
from worker.phrases import said_as
from worker.platform.leave import leave

PROGRAM = "python -m worker"

app = typer.Typer(add_completion=False, rich_markup_mode=None)
app.add_typer(voices, name="voices")


def main(program: str = PROGRAM) -> NoReturn:
    """Runs the command line of this process, and ends it."""
    code: object
    _open_streams()
    logging.getLogger("f5worker").addHandler(logging.NullHandler())  # until one is set up
    try:
        code = app(standalone_mode=False, prog_name=program)
    except WorkerError as error:
        code = one_line(f"{error.message} {error.hint}".strip())
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)  # of the command that was typed
        path = context.command_path if context else program
        code = f"{_sentence(_wording(error))} `{path} --help` shows what there is."
    except typer.Abort:
        code = 130
    except BrokenPipeError:
        code = 1
    except Exception as error:
        logging.getLogger("f5worker").exception("unexpected failure")
        code = f"{Unexpected(type(error).__name__).message} {RUN_WITH_LOG}"
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO):
            code = _not_written(error)
    code = _flushed() or code
    with suppress(BrokenPipeError):
        leave(1 if isinstance(code, str) and _told(code) else code or 0)
    leave(1)


def _flushed() -> int | str | None:
    """What ends a command whose answer is not taken any more, and then is dropped; else None."""
    try:
        sys.stdout.flush()
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 -- else the end tries it again
        return 1 if isinstance(error, BrokenPipeError) else _not_written(error)
    return None


def _not_written(error: OSError) -> str:
    return f"The answer cannot be written ({error.strerror}). Send it to another place."


def _open_streams() -> None:
    """Standard streams that the caller has closed are empty ones from here on, and what standard
    output cannot hold is written in escapes, as standard error does."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _told(line: str) -> bool:
    show.aside(line)
    return True


def _wording(error: Exception) -> str:
    said: Callable[[], str] | None = getattr(error, "format_message", None)
    return said() if said else str(error)


def _sentence(text: str) -> str:
    line = " ".join(text.split())
    return line if line.endswith((".", "?", "!")) else f"{line}."


@app.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """F5-TTS voice cloning: texts and a voice in, speech out. Its settings are environment
    variables, see CONFIG.md."""
    if context.invoked_subcommand is None:
        show.line(context.get_help())
    elif context.invoked_subcommand not in OF_JOBS:
        context.with_resource(said_as(TYPED))


@app.command()
def say(
    texts: Annotated[
        list[str] | None,
        typer.Argument(help="What to say, a file of sound each; - or none: standard input."),
    ] = None,
    voice: Annotated[
        str | None, typer.Option(help="A recording of 5 to 12 s, or a voice of the library.")
    ] = None,
    words: Annotated[
        str | None, typer.Option(help="What it says, if no me.txt or me.srt beside me.wav does.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="out.wav, .flac, .mp3, .ogg, .opus, or a folder."),
    ] = None,
    quality: Annotated[str | None, typer.Option(help="draft, balanced or best.")] = None,
    speed: Annotated[float | None, typer.Option(help="0.3 to 2.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same gives the same sound.")] = None,
    subtitles: Annotated[
        str, typer.Option(help="srt, vtt, ass, csv, json; several with commas.")
    ] = "",
    as_json: Json = False,
    log: Log = False,
) -> None:
    """Speak texts into sound files. Nothing is played."""
    from worker.command.say import Wish, rows_of, said, texts_of

    settings = quiet_settings(log)
    names = {"voice": voice, "ref_text": words, "quality": quality, "speed": speed, "seed": seed}
    forms = tuple(form for form in subtitles.replace(" ", "").split(",") if form)
    wish = Wish(texts_of(texts or ()), names, output, forms)
    with show.progress("Loading the model") as step:
        made, problems = said(wish, settings, step)
    if as_json:
        show.as_json([each.as_output() for each in made])
    elif made:
        show.table(rows_of(made, voice))
    for problem in problems:
        show.aside(problem)
    raise typer.Exit(1 if problems else 0)


@app.command()
def job(
    file: Annotated[Path, typer.Argument(help="A job's JSON; - is standard input.")] = Path(
        "test_input.json"
    ),
) -> None:
    """Run one job, as the queue has it. Its answer is JSON, its log on standard error."""
    from worker.command.job import answered, say_where

    settings = logging_settings()
    answer = answered(file, settings)
    show.as_json(answer)
    sys.stdout.flush()
    if "error" in answer:
        show.aside(one_line(str(answer["error"])))  # in the job's own words: it has fields
    else:
        say_where(answer)
    raise typer.Exit(1 if "error" in answer else 0)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen; else HTTP_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Its port; else PORT.", min=0, max=65535)] = None,
) -> None:
    """Serve speech over HTTP, as OpenAI's interface has it."""
    from worker.http import serve as server

    raise typer.Exit(server.serve(logging_settings(), host, port))


@app.command()
def doctor(
    as_json: Json = False,
    model: Annotated[bool, typer.Option("--model", help="Load the model as well.")] = False,
) -> None:
    """Try storage step by step, and say what it is like. Ends with 1 if jobs would fail."""
    from worker.command.doctor import checked

    answer, rows = checked(with_model=model)
    if as_json:
        show.as_json(answer)
    else:
        show.table(rows, marked=True)
        show.line(f"\nJobs {'can run' if answer['healthy'] else 'would fail'}.")
    raise typer.Exit(0 if answer["healthy"] else 1)
