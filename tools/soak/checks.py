"""What must hold after a soak; each violation is one line."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import soundfile

from tools.soak.jobs import SoakJob
from tools.soak.workers import Sample

# Of answers to one job: when a lost report is posted again, or the stored answer is given again.
SAME = ("status", "sha256", "s3_key", "bytes", "duration", "error_code")
GROWTH_BYTES = 64 << 20
GROWTH_COUNT = 8  # descriptors, threads
_FEWEST_SAMPLES = 12


@dataclass
class After:
    """What a soak left behind. `results`: what was posted about each job, in order; `objects`: the
    bucket, by key; `unfinished`: multipart uploads; `temporary`: files in the workers' folders."""

    jobs: Sequence[SoakJob]
    statuses: Mapping[str, str]
    results: Mapping[str, Sequence[Mapping[str, Any]]]
    objects: Mapping[str, bytes]
    unfinished: int
    temporary: Sequence[str]
    samples: Sequence[Sample]
    logs: Mapping[str, str]
    orphaned: frozenset[str] = frozenset()  # cancelled when their worker was already gone
    given: frozenset[str] = frozenset()  # keys that were there before
    counts: Counter[str] = field(default_factory=Counter)


def violations(after: After) -> list[str]:
    """All of them; counts what was checked in `after.counts`."""
    found: list[str] = []
    known: set[str] = set(after.given)
    for job in after.jobs:
        found += [f"{job.job_id}: {fault}" for fault in _of_job(job, after, known)]
    found += _twins(after)
    found += _left_behind(after, known)
    found += _growth(after.samples)
    found += _logs(after.logs)
    return found


def _of_job(job: SoakJob, after: After, known: set[str]) -> Iterable[str]:
    """One final state, the right one, and its objects; adds their keys to `known`."""
    answers = after.results.get(job.job_id, ())
    status = after.statuses.get(job.job_id)
    after.counts[f"status {status}"] += 1
    after.counts["reports posted"] += len(answers)
    if status not in ("COMPLETED", "FAILED", "CANCELLED"):
        yield f"has no final state but {status}"
    if not answers:
        if job.cancel_s is None:
            yield "was never answered"
        return
    outputs = [answer.get("output") or {} for answer in answers]
    if len({tuple(output.get(name) for name in SAME) for output in outputs}) > 1:
        yield f"got {len(answers)} answers that differ: {_short(outputs)}"
    for output in outputs:
        if output.get("error_code", "") != job.error_code:
            yield f"expected {job.error_code or 'success'}, got {_short(output)}"
    if not job.error_code and outputs[0].get("sha256"):
        yield from _files(job, outputs[0], after, known)


def _files(job: SoakJob, output: Mapping[str, Any], after: After, known: set[str]) -> Iterable[str]:
    key, stream = str(output["s3_key"]), f"stream/{job.job_id}/"
    known |= {key, f"results/{job.job_id}.json"}
    known |= {name for name in after.objects if name.startswith((f"timings/{job.job_id}.", stream))}
    data = after.objects.get(key)
    if data is None:
        yield f"its object {key} is missing"
        return
    after.counts["objects checked"] += 1
    if hashlib.sha256(data).hexdigest() != output["sha256"] or len(data) != output["bytes"]:
        yield f"its object {key} is not what the answer says"
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        seconds = file.frames / file.samplerate
    if abs(seconds - output["duration"]) > 0.2:
        yield f"its object lasts {seconds:.2f} s, the answer says {output['duration']}"
    if job.job_input.get("return_audio") and base64.b64decode(output["audio_base64"]) != data:
        yield "its inline audio is not its object"
    for fmt in job.job_input.get("timing_format", ()):
        if not after.objects.get(f"timings/{job.job_id}.{fmt}"):
            yield f"its {fmt} file is missing"
    if job.job_input.get("stream"):
        pieces = sum(name.startswith(stream) for name in after.objects)
        if pieces != len(output["segments"]):
            yield f"{pieces} of {len(output['segments'])} pieces of its stream are there"


def _twins(after: After) -> Iterable[str]:
    """Jobs of one seed and text have one sound, whoever spoke them, killed between or not."""
    sounds: dict[int, set[str]] = {}
    for job in after.jobs:
        for answer in after.results.get(job.job_id, ())[:1]:
            if job.twin is not None and (sha256 := (answer.get("output") or {}).get("sha256")):
                sounds.setdefault(job.twin, set()).add(sha256)
    after.counts["kinds of twins"] = len(sounds)
    for twin, different in sounds.items():
        if len(different) > 1:
            yield f"the twins of number {twin} have {len(different)} different sounds"


def _left_behind(after: After, known: set[str]) -> Iterable[str]:
    for key in sorted(after.objects.keys() - known):
        if any(job_id in key for job_id in after.orphaned):
            after.counts["objects of jobs cancelled after their worker was killed"] += 1
        else:
            yield f"the object {key} belongs to no answer"
    if after.unfinished:
        yield f"{after.unfinished} multipart uploads were left unfinished"
    for name in after.temporary:
        yield f"the temporary file {name} was left"


def _growth(samples: Sequence[Sample]) -> Iterable[str]:
    """Flat: the last quarter takes no more than the second, within a small allowance."""
    quarter = len(samples) // 4
    if len(samples) < _FEWEST_SAMPLES:
        return
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    limits = {"rss_bytes": GROWTH_BYTES, "descriptors": GROWTH_COUNT, "threads": GROWTH_COUNT}
    for name, most in limits.items():
        before = max(getattr(sample, name) for sample in early)
        then = max(getattr(sample, name) for sample in late)
        if then > before + most:
            yield f"{name} grew from {before} in the second quarter to {then} in the last"


def _logs(logs: Mapping[str, str]) -> Iterable[str]:
    """Every line of ours is JSON, and nothing failed unexpectedly."""
    for pod, text in logs.items():
        for line in text.splitlines():
            if "Traceback" in line or "libmpg123" in line:
                yield f"the log of {pod} has: {line[:300]}"
            elif line.startswith('{"') and not _is_json(line):
                yield f"the log of {pod} has a broken line: {line[:300]}"


def _is_json(line: str) -> bool:
    """Whether it is JSON objects only, mostly one.

    Both streams of a worker are one file here, and the SDK ends a line of its own with another
    write: a line of ours may come between.
    """
    decoder, position = json.JSONDecoder(), 0
    try:
        while position < len(line):
            _, position = decoder.raw_decode(line, position)
    except ValueError:
        return False
    return True


def temporary_files(folder: Path) -> list[str]:
    """Every file below `folder`, relative."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _short(value: object) -> str:
    return json.dumps(value, default=str)[:400]
