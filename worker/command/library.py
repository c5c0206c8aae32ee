"""`voices ...` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from errors import WorkerError
from worker.command import show
from worker.command.common import Json, missing_file, one_line, quiet_settings

voices = typer.Typer(help="Look after voices: list, add, check, remove, restore.")


@voices.callback(invoke_without_command=True)
def of_voices(context: typer.Context) -> None:
    """Look after voices: list, add, check, remove, restore."""
    if context.invoked_subcommand is None:
        show.line(context.get_help())


@voices.command("list")
def list_voices(as_json: Json = False) -> None:
    """Name the voices there are."""
    from worker.command.voices import asked, library_place

    settings = quiet_settings()
    answer = asked(settings, "list_voices")
    if as_json:
        return show.as_json(answer)
    rows = [
        (
            str(voice["name"]),
            f"{voice['size'] / 1000:.0f} kB",
            "with its words" if voice["has_transcript"] else "its words are missing",
            str(voice["key"] or "comes with the worker"),
        )
        for voice in answer["voices"]
    ]
    show.table(rows)
    show.line(f"\nThe library is {library_place(settings)}.")


@voices.command()
def add(
    name: Annotated[str, typer.Argument(help="What jobs call it.")],
    file: Annotated[str, typer.Argument(help="A recording of this machine, 5 to 12 s of speech.")],
    words: Annotated[
        str | None, typer.Option(help="What it says, if no me.txt or me.srt beside me.wav does.")
    ] = None,
    mood: Annotated[str | None, typer.Option(help="A mood of the voice: calm.")] = None,
    description: Annotated[str | None, typer.Option(help="For its record.")] = None,
    language: Annotated[str | None, typer.Option(help="Its language: en, en-GB.")] = None,
    licence: Annotated[str | None, typer.Option(help="Under which it may be used.")] = None,
    consent: Annotated[str | None, typer.Option(help='Who agreed: "Ann Lee, 2026-11-26".')] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse a doubtful one.")] = False,
    as_json: Json = False,
) -> None:
    """Put a recording into the library, checked, with its words."""
    from worker.command import voices as of_library

    answer = of_library.added(
        quiet_settings(), name, file,
        ref_text=words, mood=mood, description=description, language=language, licence=licence,
        consent=of_library.consent(consent), strict=strict,
    )  # fmt: skip
    if as_json:
        return show.as_json(answer)
    verdict = answer["report"].get("verdict", "")
    done = "Replaced" if answer.get("replaced") else "Added"
    rows = [(done, f"{answer['voice_name']} ({verdict})"), ("Key", str(answer["s3_key"]))]
    show.table([*rows, *(("Note", one_line(warning)) for warning in answer["warnings"])])


@voices.command()
def check(
    voice: Annotated[str, typer.Argument(help="A file, or a voice's name in the library.")],
    ref_text: Annotated[
        str, typer.Option("--words", "--ref-text", help="What it says, if no file beside it does.")
    ] = "",
    as_json: Json = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 if it is doubtful.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw it into this PNG file.")] = None,
) -> None:
    """Measure a voice, and say what to do better. Ends with 1 if it cannot be used."""
    from worker.operations.voices import checked_from_shell
    from worker.voices.report import refuse

    found: dict[str, Any] = {}
    rows: list[show.Row] = []
    try:
        report = checked_from_shell(voice, ref_text, picture)
        found = report.as_output()
        rows = [(mark, what, one_line(said)) for mark, what, said in report.as_rows()]
        refuse(report, strict=strict)
    except WorkerError as error:
        found = error.as_output()
        said = missing_file(one_line(str(found["error"])), error.code, voice)
        if not (as_json or rows):  # nothing was measured
            show.aside(said)
            raise typer.Exit(1) from error
        rows.append(("FAILED", "voice", said))
    if as_json:
        show.as_json(found)
    else:
        show.table(rows, marked=True)
    raise typer.Exit(1 if "error" in found else 0)


@voices.command()
def remove(
    name: Annotated[str, typer.Argument(help="A voice of the library.")],
    mood: Annotated[str | None, typer.Option(help="That mood of it alone.")] = None,
) -> None:
    """Take a voice and its words out of the library. `restore` brings it back."""
    from worker.command.voices import asked
    from worker.operations.records import full_name

    settings = quiet_settings()
    answer = asked(settings, "delete", voice_name=name, mood=mood)
    days = settings.voices.restore_days
    again = f"voices restore {name}" + (f" --mood {mood}" if mood else "")
    kept = f"kept for {days:g} days (`{again}`)" if days else "gone for good"
    show.line(f"Removed {full_name(name, mood)}; {kept}.")
    for warning in answer["warnings"]:
        show.line(warning)


@voices.command()
def restore(
    name: Annotated[str, typer.Argument(help="A voice that was removed.")],
    mood: Annotated[str | None, typer.Option(help="That mood of it alone.")] = None,
) -> None:
    """Bring a removed voice back."""
    from worker.command.voices import asked
    from worker.operations.records import full_name

    asked(quiet_settings(), "restore_voice", voice_name=name, mood=mood)
    show.line(f"Restored {full_name(name, mood)}.")
