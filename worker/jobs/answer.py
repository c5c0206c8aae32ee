"""A finished job's output, field by field; README.md describes it to users."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from worker.jobs.chunks import Segment


@dataclass
class Metrics:
    """Where a job's time went, in seconds, and what was done. `rtf`: compute per second of audio.

    `queue_s` is the first chunk's wait for the engine, `inference_s` the time from then to the last
    chunk's end; both lie inside `total_s`. `resumed_chunks` came from an interrupted run.
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


@dataclass
class SpeechOutput:
    """What a `tts` job answers. Times in seconds, `bytes` of the file, `sha256` in hex."""

    job_id: str
    text: str
    voice: str
    duration: float
    sample_rate: int
    format: str
    bytes: int
    sha256: str
    seed: int
    segments: list[Segment]
    word_count: int
    metrics: Metrics
    warnings: list[str]
    status: str = "completed"
    s3_key: str = ""
    bucket: str | None = None
    storage_type: str = ""
    audio_url: str | None = None
    url_kind: str = "none"
    expires_at: str | None = None
    timing_files: dict[str, str | None] = field(default_factory=dict)
    audio_base64: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The output as JSON types, times rounded to milliseconds (microseconds in metrics)."""
        output = asdict(self)
        output["duration"] = round(self.duration, 3)
        output["segments"] = [
            {**asdict(s), "start": round(s.start, 3), "end": round(s.end, 3)} for s in self.segments
        ]
        metrics = {**asdict(self.metrics), "rtf": self.metrics.rtf}
        output["metrics"] = {
            name: round(value, 6) if isinstance(value, float) else value
            for name, value in metrics.items()
        }
        if self.audio_base64 is None:
            del output["audio_base64"]
        return output
