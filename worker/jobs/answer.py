"""A finished job's answer, of a first run and of a redelivered job alike; docs/job.md describes it.

facts (what was made; stored) + how it is handed over (URLs, inline audio) = answer
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from s3_utils import ObjectUrl
from worker.jobs.chunks import Segment

REDELIVERED = "This job was redelivered: its stored answer is returned."
_FORMATS = ("timing_files", "timing_formats")  # of the facts, made and stored


@dataclass
class Metrics:
    """Where a job's time went, in seconds, and what was done. `rtf`: compute per second of audio.

    `download_s` is the time until the voices were read, `queue_s` the first chunk's wait for the
    engine, `inference_s` the time from then to the last chunk's end; all lie inside `total_s`.
    `resumed_chunks` came from an interrupted run.
    """

    queue_s: float
    inference_s: float
    audio_s: float
    chunks: int
    characters: int
    nfe_step: int
    device: str
    model: str
    download_s: float = 0.0
    upload_s: float = 0.0
    total_s: float = 0.0
    resumed_chunks: int = 0

    @property
    def rtf(self) -> float:
        return self.inference_s / self.audio_s if self.audio_s else 0.0


@dataclass(kw_only=True)
class SpeechFacts:
    """What a `tts` job made. `duration` in seconds, `bytes` of the file, `sha256` in hex.

    `bucket` and `storage_type` are known once it is stored; `timing_files` names the formats made,
    whose URLs come with the answer; `clips`, of voices that are longer, what part was used and why.
    `cost` is there where a price is set.
    """

    job_id: str
    text: str
    voice: str
    duration: float
    sample_rate: int
    format: str
    bytes: int
    sha256: str
    seed: int
    segments: Sequence[Segment]
    word_count: int
    metrics: Metrics
    cost: Mapping[str, Any] | None = None
    warnings: list[str]
    status: str = "completed"
    s3_key: str
    bucket: str | None = None
    storage_type: str = ""
    timing_files: dict[str, None]
    clips: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The facts as JSON types, times rounded to milliseconds (microseconds in metrics)."""
        facts = asdict(self)
        if self.cost is None:
            del facts["cost"]
        facts["duration"] = round(self.duration, 3)
        facts["segments"] = [_segment(segment) for segment in self.segments]
        metrics = {**asdict(self.metrics), "rtf": self.metrics.rtf}
        facts["metrics"] = {
            name: round(value, 6) if isinstance(value, float) else value
            for name, value in metrics.items()
        }
        return facts


def _segment(segment: Segment) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "index": segment.index,
        "text": segment.text,
        "voice": segment.voice,
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
    }
    if segment.word_times is not None:
        shown["word_times"] = str(segment.word_times)
    if (report := segment.report) is not None:
        shown |= {
            "attempts": report.attempts,
            "checked_by": list(report.checked_by),
            "findings": list(report.findings),
            "measures": dict(report.measures),
        }
        if report.attempts > 1:
            shown["seed"] = report.seed
    return shown


def answer(
    facts: Mapping[str, Any],
    url: ObjectUrl,
    timing_urls: Mapping[str, str | None],
    warnings: Sequence[str],
    *,
    inline: Callable[[], bytes] | None,
    most_inline: int,
) -> dict[str, Any]:
    """The answer of a job.

    Args:
        facts: of `SpeechFacts`, or as they were stored.
        url, timing_urls: where its files are, the latter by format.
        warnings: beside those in the facts.
        inline: reads the audio if it was asked for as base64.
        most_inline: see `worker.files.inline`.
    """
    said = [*facts.get("warnings", ()), *warnings]
    found = {name: value for name, value in facts.items() if name not in _FORMATS} | {
        "audio_url": url.url,
        "url_kind": url.kind,
        "expires_at": url.expires,
        "timing_files": dict(timing_urls),
        "warnings": said,
    }
    size = facts["bytes"]
    if inline and size > most_inline:
        said.append(
            f"The audio has {size} bytes, more than the {most_inline} that fit an answer: "
            "use audio_url."
        )
    elif inline:
        found["audio_base64"] = base64.b64encode(inline()).decode()
    return found
