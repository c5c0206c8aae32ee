"""The job of a local run: read and checked before the SDK does, whose only message is a traceback;
and the files of this machine that its user names as voices."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import InvalidInput
from worker.log import get_logger
from worker.unique import each_once

if TYPE_CHECKING:
    from worker.voices.library import VoiceLibrary

log = get_logger("local")

Job = dict[str, Any]

FILE = Path("test_input.json")
LOCAL_ID = "local_test"  # as the SDK names it
AFTER_S = 20.0  # for callbacks and records of cost; on the platform all have ended by then
_SERVES = ("--rp_serve_api",)
_OPTION = "--test_input"
_BASE64 = "ref_audio_base64"
_READ = ("id", "input")  # of a job here


def check_local_job(arguments: Sequence[str]) -> Job | None:
    """The job of `--test_input` or `test_input.json`; None where the command line's arguments say
    that jobs are served.

    Raises:
        InvalidInput: it cannot be read, or is not a JSON object with an `input`.
    """
    if any(argument.startswith(_SERVES) for argument in arguments):
        return None
    text = _option(arguments)
    return read_job(FILE) if text is None else job_in(text, _OPTION)


def read_job(path: Path) -> Job:
    """The job in a file; `-` is standard input. Raises InvalidInput as `check_local_job`."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
    except (OSError, ValueError) as exc:
        said = getattr(exc, "strerror", None) or type(exc).__name__
        raise InvalidInput(
            f"{path} cannot be read ({said}).",
            "Put a job into it, or name another file.",
        ) from exc
    return job_in(text, "The job on standard input" if str(path) == "-" else str(path))


def job_in(text: str, source: str) -> Job:
    """The job in `text`; `source` is its name for messages. Raises InvalidInput."""
    try:
        job = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=each_once)
    except InvalidInput as error:
        raise InvalidInput(f"{source}: {error.message}", error.hint) from error
    except (ValueError, RecursionError) as exc:
        raise InvalidInput(
            f"{source} is not valid JSON: {exc}.",
            "Correct it there; test_input.json is an example.",
        ) from exc
    if not isinstance(job, dict) or job.get("input") is None:
        raise InvalidInput(
            f'{source} must be a JSON object like {{"input": {{"text": "..."}}}}.',
            "test_input.json is an example.",
        )
    if others := [name for name in job if name not in _READ]:
        log.warning("%s: only RunPod reads %s; here it is dropped", source, ", ".join(others))
    return job


def with_lent_voices(job: Job, library: VoiceLibrary) -> Job:
    """`job` with what `library` calls the voices that are files of this machine: `voice`, under
    older names too, of the job and of its segments, the clips in it, and `voices`. For the command
    line alone.

    Raises:
        VoiceNotFound, VoiceUnusable: a path is no file, or cannot be read.
    """
    given = job["input"]
    if not isinstance(given, Mapping):
        return job
    found = _lent(given, library)
    segments = found.get("segments")
    if isinstance(segments, list):
        lent = [_lent(one, library) if isinstance(one, Mapping) else one for one in segments]
        found = {**found, "segments": lent}
    named = found.get("voices")
    if isinstance(named, Mapping):
        lent_by_name = {name: _of_files(voice, library) for name, voice in named.items()}
        found = {**found, "voices": lent_by_name}
    return job if found == given else {**job, "input": found}


def _lent(fields: Mapping[str, Any], library: VoiceLibrary) -> dict[str, Any]:
    from worker.request.aliases import ALIASES

    found = dict(fields)
    for name, value in fields.items():
        means_voice = name == "voice" or (ALIASES.get(name) == "voice" and name != _BASE64)
        if means_voice:
            found[name] = _of_files(value, library)
    return found


def _of_files(voice: Any, library: VoiceLibrary) -> Any:
    """A job's voice: its name, a clip, or a list of both, in which files become what is lent."""
    from worker.voices.lent import path_meant

    if isinstance(voice, list):
        return [_of_files(one, library) for one in voice]
    if isinstance(voice, Mapping) and isinstance(voice.get("voice"), str):
        return {**voice, "voice": _of_files(voice["voice"], library)}
    path = path_meant(voice) if isinstance(voice, str) else None
    if path is None:
        return voice
    log.info("voice from a file of this machine", extra={"file": str(path)})
    return library.lend(path)


def with_job(arguments: Sequence[str], job: Job) -> list[str]:
    """The command line's arguments with `job` in place of theirs."""
    kept, skip = [], False
    for argument in arguments:
        if not skip and argument != _OPTION and not argument.startswith(_OPTION + "="):
            kept.append(argument)
        skip = not skip and argument == _OPTION
    return [*kept, _OPTION, json.dumps(job)]


def _option(arguments: Sequence[str]) -> str | None:
    for position, argument in enumerate(arguments):
        if argument == _OPTION and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith(_OPTION + "="):
            return argument.removeprefix(_OPTION + "=")
    return None
