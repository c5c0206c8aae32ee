"""Finding a job's files again from its id: the stored objects are the only record."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from errors import ObjectNotFound
from s3_utils import ObjectInfo
from worker.files.answers import load_answer
from worker.files.jobfiles import JobFiles
from worker.subtitles.write import TIMING_FORMATS

_NUMBERS = ("duration", "sample_rate", "seed", "nfe_step")


def find_audio(files: JobFiles, fmt: str | None = None) -> ObjectInfo:
    """The job's audio, of any format if `fmt` is None.

    Raises:
        ObjectNotFound: it is not stored.
    """
    found = files.stored_audio(fmt)
    if not found:
        raise _no_file(files)
    return found[0]


def find_timing(files: JobFiles, fmt: str | None = None) -> str:
    """The key of the job's timing file, of any format if `fmt` is None.

    Raises:
        ObjectNotFound: it is not stored.
    """
    stored = find_timings(files, load_answer(files))
    if not stored:
        raise _no_file(files)
    wanted = fmt or next(iter(stored))
    if wanted not in stored:
        has = ", ".join(stored)
        raise ObjectNotFound(
            f"The job {files.job_id} has no {fmt} file; it has {has}.",
            "Ask for a format that it has.",
        )
    return stored[wanted]


def find_timings(files: JobFiles, answer: Mapping[str, Any] | None) -> dict[str, str]:
    """Keys of the job's timing files by format: those its answer names, else those that are there.

    Files that an earlier run under the same id left in other formats do not count.
    """
    made = TIMING_FORMATS if answer is None else answer.get("timing_formats", TIMING_FORMATS)
    return files.stored_timings(fmt for fmt in TIMING_FORMATS if fmt in made)


def facts_of(item: ObjectInfo) -> dict[str, Any]:
    """What the audio's metadata says about a job without a stored answer."""
    facts = item.metadata
    answer: dict[str, Any] = {
        "s3_key": item.key,
        "bytes": item.size,
        "sha256": facts.get("sha256"),
        "voice": facts.get("voice"),
        "format": facts.get("format"),
    }
    for name in _NUMBERS:
        number = _number(facts.get(name.replace("_", "-"), ""))
        if number is not None:
            answer[name] = number if name == "duration" else int(number)
    return answer


def _number(text: str) -> float | int | None:
    """None for what is no number that JSON has: anybody may have written it."""
    try:
        number = float(text)
        return (int(text) if text.isdecimal() else number) if isfinite(number) else None
    except ValueError:
        return None


def _no_file(files: JobFiles) -> ObjectNotFound:
    return ObjectNotFound(
        f"No stored file of the job {files.job_id} was found.",
        "It may still be running, have failed or be deleted; `list` shows what is stored.",
    )
