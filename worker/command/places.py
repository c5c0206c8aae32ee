"""Where `say` writes its files, and whether they can be written, told before anything is spoken."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from errors import InvalidInput
from worker.audio.formats import AUDIO_FORMATS

_NAME = "speech.wav"


def places(output: Path | None, number: int) -> list[Path]:
    """Where `number` sounds go: `out.wav`, or `out-1.wav` and so on; without `output`, or with a
    folder, under names that are free.

    Raises:
        InvalidInput: its folder is not there, its ending is that of no format, or it is `-`.
    """
    if str(output) == "-":
        raise InvalidInput("No sound goes to standard output.", "Name a file: -o out.wav.")
    name = Path(_NAME) if output is None else output
    if output is not None and (output.is_dir() or str(output).endswith(os.sep)):
        name, output = output / _NAME, None
    if not name.parent.is_dir():
        raise InvalidInput(f"There is no folder {name.parent}.", "Make it first, or change -o.")
    format_of(name)
    if output is not None:
        return _numbered(name, number)
    for number_tried in count(1):
        base = name.with_stem(f"{name.stem}-{number_tried}") if number_tried > 1 else name
        found = _numbered(base, number)
        if not any(path.exists() for path in found):
            break
    return found


def _numbered(name: Path, number: int) -> list[Path]:
    if number == 1:
        return [name]
    return [name.with_stem(f"{name.stem}-{n + 1}") for n in range(number)]


def format_of(path: Path) -> str:
    """The format of a file's ending. Raises InvalidInput: there is none of that ending."""
    ending = path.suffix[1:].lower()
    for name, encoding in AUDIO_FORMATS.items():
        if ending in encoding.extensions:
            return name
    known = dict.fromkeys(f".{e}" for each in AUDIO_FORMATS.values() for e in each.extensions)
    raise InvalidInput(
        f"No sound can be written as {path.name}: its ending names no format.",
        f"Use one of {', '.join(known)}.",
    )


def spare_the_voice(voice: Path | None, paths: Sequence[Path], subtitles: Sequence[str]) -> None:
    """Raises InvalidInput: a sound would take the place of the voice, or subtitles that of a file
    beside it, which may be its words."""
    for path in paths if voice else ():
        for new in (path, *(path.with_suffix(f".{form}") for form in subtitles)):
            old = voice if new is path else voice and voice.with_suffix(new.suffix)
            if old and old.exists() and new.exists() and old.samefile(new):
                said = "is the voice itself" if new is path else "belongs to the voice"
                raise InvalidInput(f"{new} {said}.", "Give another file with -o.")


def spare_the_text(paths: Sequence[Path], subtitles: Sequence[str]) -> None:
    """Raises InvalidInput: subtitles would take the place of the file on standard input."""
    try:
        text = os.fstat(sys.stdin.fileno())
    except (OSError, ValueError):  # it is closed, or no file of the system
        return
    for path in paths:
        for new in (path.with_suffix(f".{form}") for form in subtitles):
            if new.exists() and os.path.samestat(new.stat(), text):
                raise InvalidInput(f"{new} is the text itself.", "Give another file with -o.")


def check_places(paths: Sequence[Path]) -> None:
    """Raises InvalidInput: a file cannot be written; better said before hours of speech."""
    for path in paths:
        if path.is_dir():
            raise InvalidInput(f"{path} is a folder.", "Give another name with -o.")
    try:
        with tempfile.TemporaryFile(dir=paths[0].parent):
            pass
    except OSError as exc:
        raise unwritable(paths[0], exc) from exc


def unwritable(path: Path, exc: OSError) -> InvalidInput:
    """The error of a file that the system does not take."""
    said = f"{path} cannot be written ({exc.strerror})."
    return InvalidInput(said, "Give another place with -o.")
