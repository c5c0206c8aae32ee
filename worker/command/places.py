"""Whether the files that `say` is to write can be written, told before anything is spoken."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from errors import InvalidInput


def spare_the_voice(voice: Path | None, paths: Sequence[Path], subtitles: Sequence[str]) -> None:
    """Raises InvalidInput: a sound would take the place of the voice, or subtitles that of a file
    beside it, which may be its words."""
    for path in paths if voice else ():
        for new in (path, *(path.with_suffix(f".{form}") for form in subtitles)):
            old = voice if new is path else voice and voice.with_suffix(new.suffix)
            if old and old.exists() and new.exists() and old.samefile(new):
                said = "is the voice itself" if new is path else "belongs to the voice"
                raise InvalidInput(f"{new} {said}.", "Give another file with -o.")


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
