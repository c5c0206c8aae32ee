"""`voices`: the queue's operations on the voice library, run here; files of this machine go in."""

from __future__ import annotations

from typing import Any

from errors import InvalidInput, VoiceNotFound, show
from worker.app import App
from worker.operations.base import Operation
from worker.operations.table import OPERATIONS
from worker.operations.voices import Upload
from worker.request.parse import parse
from worker.settings.load import Settings
from worker.voices.lent import lent_voice, path_meant


def asked(settings: Settings, endpoint: str, **fields: Any) -> dict[str, Any]:
    """What the queue's operation answers; fields that are None were not given. Raises WorkerError:
    typed as its cause."""
    app = App(settings, speaks=False)
    try:
        operation = _parsed(settings, endpoint, fields)
        assert isinstance(operation, Operation)
        return operation.run(app, endpoint)
    finally:
        app.end_storage()


def added(settings: Settings, name: str, file: str, **fields: Any) -> dict[str, Any]:
    """Stores the voice in a file of this machine, as the queue's `upload` does, with the words
    given in `ref_text`, else the transcripts beside it.

    Raises:
        WorkerError: typed as its cause; there is no such file, or no speech in it.
    """
    path = path_meant(file if file.startswith(("/", "~", "file://")) else f"./{file}")
    if path is None:
        raise VoiceNotFound(f"{show(file)} is no file.", "Name a recording of this machine.")
    app = App(settings, speaks=False)
    try:
        given = {"voice_name": name, "voice": app.voices.lend(path), **fields}
        upload = _parsed(settings, "upload", given)
        assert isinstance(upload, Upload)
        found = lent_voice(path, settings.voices.max_bytes)
        return upload.store(app, () if upload.ref_text else found.beside())
    finally:
        app.end_storage()


def library_place(settings: Settings) -> str:
    """Where the library is, for people."""
    app = App(settings, speaks=False)
    try:
        known = app.storage.describe()
        place = known.get("directory") or known.get("bucket")
        return f"{place}/{settings.voices.prefix}"
    finally:
        app.end_storage()


def consent(text: str | None) -> dict[str, str] | None:
    """`WHO, DATE` as the record has it. Raises InvalidInput: it is not of that form."""
    if text is None:
        return None
    who, comma, when = text.rpartition(",")
    if not comma or not who.strip():
        raise InvalidInput(
            f"--consent {show(text)} does not say who agreed, and when.",
            'Write it as "Ann Lee, 2026-11-26".',
        )
    return {"who": who.strip(), "when": when.strip()}


def _parsed(settings: Settings, endpoint: str, fields: dict[str, Any]) -> object:
    given = {name: value for name, value in fields.items() if value is not None}
    return parse({"endpoint": endpoint, **given}, OPERATIONS, settings).input
