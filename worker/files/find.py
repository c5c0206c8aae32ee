"""Finding a job's stored files again from its id: the stored objects are the only record.

The key template gives the key where it consists of the id alone; with a date, a voice or a user in
it the keys below its fixed beginning are searched for the id.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from errors import ObjectNotFound
from s3_utils import ObjectInfo
from worker.app import App
from worker.files.answers import Records
from worker.keys import AUDIO_EXTENSIONS, safe_piece, timing_key, without_extension
from worker.request.fields import TIMING_FORMATS

_MAX_SEARCHED = 10_000  # keys looked at for one id; ten requests to S3


def find_result(app: App, job_id: str, extension: str | None = None) -> ObjectInfo | None:
    """The audio a job stored under the worker's own template, None when there is none."""
    template = app.settings.jobs.output_template
    piece = safe_piece(job_id)
    stem = without_extension(template).replace("{job_id}", piece)
    if "{" not in stem:
        candidates = app.storage.list(f"{stem}.", limit=16)
        wanted = {f"{stem}.{ext}" for ext in _extensions(extension)}
        found = [item for item in candidates if item.key in wanted]
    else:
        searched = islice(app.storage.list(app.settings.jobs.output_beginning), _MAX_SEARCHED)
        found = [item for item in searched if _is_of(item.key, piece, extension)]
    for item in sorted(found, key=lambda item: item.last_modified, reverse=True):
        known = app.storage.info(item.key)
        if known.metadata.get("job-id", job_id) == job_id:  # not every service keeps metadata
            return known
    return None


def result_key(app: App, job_id: str, kind: str, fmt: str | None) -> str | None:
    """The key of a job's audio or timing file, None when it is not stored."""
    if kind == "audio":
        item = find_result(app, job_id, "wav" if fmt == "wav_f32" else fmt)
        return item.key if item else None
    stored = timing_keys(app, job_id, load_record(app, job_id))
    if fmt and stored and fmt not in stored:
        raise ObjectNotFound(f"The job {job_id} has no {fmt} file; it has {', '.join(stored)}.")
    return stored.get(fmt) if fmt else next(iter(stored.values()), None)


def load_record(app: App, job_id: str) -> dict[str, Any] | None:
    """The job's stored answer, None when there is none."""
    return Records(app.storage, app.settings.jobs.results_prefix).load(job_id)


def timing_keys(app: App, job_id: str, record: Mapping[str, Any] | None) -> dict[str, str]:
    """The job's timing files, format to key: those its answer names, else those that are there.

    A file of an earlier run under the same id, in a format the last run did not make, is not its.
    """
    prefix = app.settings.jobs.timings_prefix
    made = TIMING_FORMATS if record is None else record.get("timing_formats", TIMING_FORMATS)
    return {
        fmt: key
        for fmt in TIMING_FORMATS
        if fmt in made and app.storage.exists(key := timing_key(prefix, job_id, fmt))
    }


def facts_of(item: ObjectInfo) -> dict[str, Any]:
    """What the audio's own metadata still tells of a job without a stored answer."""
    facts = item.metadata
    answer: dict[str, Any] = {
        "s3_key": item.key,
        "bytes": item.size,
        "sha256": facts.get("sha256"),
        "voice": facts.get("voice"),
        "format": facts.get("format"),
    }
    if "duration" in facts:
        answer["duration"] = float(facts["duration"])
    for name, key in (("sample_rate", "sample-rate"), ("seed", "seed"), ("nfe_step", "nfe-step")):
        if key in facts:
            answer[name] = int(facts[key])
    return answer


def _extensions(extension: str | None) -> tuple[str, ...]:
    return (extension,) if extension else AUDIO_EXTENSIONS


def _is_of(key: str, piece: str, extension: str | None) -> bool:
    """True if the id is a whole part of the key, not a piece of a longer id."""
    path = PurePosixPath(key)
    if path.suffix.removeprefix(".") not in _extensions(extension):
        return False
    return piece in (*path.parent.parts, path.stem) or path.stem.endswith(
        (f"_{piece}", f"-{piece}")
    )
