"""Where a job's files go: every key a job writes, and the type of what lies there.

    output/{job_id}.wav                      audio, by the job's or the worker's key template
    timings/{job_id}.srt                     timing files, one per format
    results/{job_id}.json                    the job's answer
    stream/{job_id}/000.wav                  chunks of a streamed job
    parts/{job_id}/{fingerprint}/00000.f32   chunks of a job that has not ended
    callbacks/{job_id}.completed.json        a callback that nobody took yet

Each kind of file beside the audio is a row of `KINDS`: deleting and cleaning up go by the rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from errors import InvalidInput, show
from worker.audio.formats import AUDIO_FORMATS, AudioFormat
from worker.keys import HOLE, earlier_piece, safe_piece, template_fault, user_key_fault
from worker.settings.load import Settings
from worker.subtitles.write import TIMING_FORMATS, TimingFormat

ANONYMOUS = "anonymous"  # in keys, for a job that names no user
NO_SESSION = "default"
PART_ENDING = ".f32"

_ENDINGS = "|".join(name for row in AUDIO_FORMATS.values() for name in row.extensions)
_ENDING = re.compile(rf"\.({_ENDINGS}|\{{ext\}})$", re.IGNORECASE)


@dataclass(frozen=True)
class JobFile:
    """Where one file of a job goes, and what type it has."""

    key: str
    content_type: str


@dataclass(frozen=True)
class Kind:
    """Files named `{prefix}{job_id}{ending}`; without endings, any below `{prefix}{job_id}/`.

    `setting` is the field of the job settings that holds the prefix.
    """

    setting: str
    endings: tuple[str, ...] = ()

    def prefix(self, settings: Settings) -> str:
        """What all keys of this kind start with."""
        return str(getattr(settings.jobs, self.setting))


TIMINGS = Kind("timings_prefix", tuple(f".{row.extension}" for row in TIMING_FORMATS.values()))
ANSWERS = Kind("results_prefix", (".json",))
STREAMED = Kind("stream_prefix")
PARTS = Kind("parts_prefix")
CALLBACKS = Kind("callbacks_prefix", (".completed.json", ".failed.json", ".cancelled.json"))
KINDS = (TIMINGS, ANSWERS, STREAMED, PARTS, CALLBACKS)


def prefixes(settings: Settings) -> tuple[str, ...]:
    """What the keys of all jobs' files start with, audio by the worker's own template."""
    found = (settings.jobs.output_beginning, *(kind.prefix(settings) for kind in KINDS))
    return tuple(dict.fromkeys(prefix for prefix in found if prefix))


class Layout:
    """Where each file of one job goes.

    `piece` is the job's id as keys have it; `pieces` has behind it the one that older versions
    made of it, if it was another.
    """

    def __init__(self, settings: Settings, job_id: str) -> None:
        self.settings, self.job_id, self.piece = settings, job_id, safe_piece(job_id)
        self.pieces = tuple(dict.fromkeys((self.piece, earlier_piece(job_id))))

    def audio(
        self,
        fmt: AudioFormat,
        template: str | None = None,
        *,
        date: str = "",
        voice: str = "",
        user_id: str | None = None,
        session: str | None = None,
        index: int = 0,
    ) -> JobFile:
        """The audio, by a key template; the key always ends in the format's extension.

        Args:
            template: the worker's own if None.
            date: as it appears in the key, `2026-01-31`.
            index: number of the segment, three digits in the key.

        Raises:
            InvalidInput: template or key are wrong, or the key lies among voices or lexicons.
        """
        template = template or self.settings.jobs.output_template
        if problem := template_fault(template):
            raise InvalidInput(
                f"The key template {show(template)} {problem}.",
                "Correct the job's `output_key`, or OUTPUT_KEY.",
            )
        encoding = AUDIO_FORMATS[fmt]
        values = {
            "job_id": self.piece,
            "date": safe_piece(date),
            "voice": safe_piece(voice),
            "user_id": safe_piece(user_id, reserved=ANONYMOUS) if user_id else ANONYMOUS,
            "session": safe_piece(session, reserved=NO_SESSION) if session else NO_SESSION,
            "index": f"{index:03d}",
            "ext": encoding.extension,
        }
        filled = HOLE.sub(lambda hole: values[hole.group(1)], template)
        key = f"{without_extension(filled)}.{encoding.extension}"
        if problem := user_key_fault(key):
            raise InvalidInput(
                f"The key {show(key)} {problem}.",
                "Give a key of letters, digits, `-`, `_`, `.` and `/`.",
            )
        if kept_apart := self.settings.kept_apart(key):
            place, operation = kept_apart
            raise InvalidInput(f"The key {show(key)} lies in {place}.", f"Use `{operation}`.")
        return JobFile(key, encoding.content_type)

    def timing(self, fmt: TimingFormat, piece: str | None = None) -> JobFile:
        """The timing file of one format."""
        row = TIMING_FORMATS[fmt]
        return JobFile(self.key(TIMINGS, f".{row.extension}", piece), row.content_type)

    @property
    def answer(self) -> JobFile:
        """What the job answered."""
        return JobFile(self.key(ANSWERS, ".json"), "application/json")

    def streamed(self, index: int, fmt: AudioFormat) -> JobFile:
        """A chunk of a streamed job, as an audio file."""
        encoding = AUDIO_FORMATS[fmt]
        name = f"/{index:03d}.{encoding.extension}"
        return JobFile(self.key(STREAMED, name), encoding.content_type)

    def part(self, fingerprint: str, index: int) -> JobFile:
        """A finished chunk of a job that has not ended, as raw samples."""
        name = f"/{fingerprint}/{index:05d}{PART_ENDING}"
        return JobFile(self.key(PARTS, name), "application/octet-stream")

    def callback(self, outcome: str) -> JobFile:
        """A callback that was not taken yet, of a job that ended so."""
        return JobFile(self.key(CALLBACKS, f".{outcome}.json"), "application/json")

    def is_clear(self, key: str) -> bool:
        """True if only this job writes such a key."""
        if key.startswith(tuple(self.key(kind, "." if kind.endings else "/") for kind in KINDS)):
            return True
        template = without_extension(self.settings.jobs.output_template)
        literal = re.escape(template.replace("{job_id}", self.piece))
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", literal)
        whole = "{job_id}" in template.split("/")
        return whole and re.fullmatch(pattern, without_extension(key)) is not None

    def key(self, kind: Kind, name: str, piece: str | None = None) -> str:
        """The key of a file of some kind, by what follows the job's id in it.

        Args:
            piece: one of `pieces`; None for the job's own.
        """
        return f"{kind.prefix(self.settings)}{piece or self.piece}{name}"


def without_extension(key: str) -> str:
    """A key or template without an audio extension or `.{ext}` at its end."""
    return _ENDING.sub("", key)
