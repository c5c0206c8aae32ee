"""The voice library, over the queue."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from s3_utils import Buckets, open_storage
from worker.app import BUNDLED_VOICES, App
from worker.operations.base import Answer, Operation
from worker.operations.records import Described, full_name
from worker.request.fields import CleanText, Voice, VoiceName
from worker.settings.load import Settings
from worker.voices.catalogue import VoiceInfo
from worker.voices.lent import lent_voice, path_meant
from worker.voices.library import VoiceLibrary
from worker.voices.located import TranscriptFile
from worker.voices.report import VoiceReport, check_located, refuse

MAX_VOICES = 10_000  # in one answer: 5 MB with the longest names
NO_TRANSCRIPT = (
    "This voice has no transcript: jobs must bring `ref_text`. Upload it again with `ref_text`, or "
    "put NAME.txt, NAME.srt or another transcript beside it."
)


class Upload(Described):
    """Stores a voice: `voice` is a URL, an s3:// location or inline audio. With `mood` it is one of
    another voice's moods, `Dorota/calm`."""

    endpoint: Literal["upload"]
    voice_name: VoiceName
    voice: Voice
    ref_text: CleanText | None = None
    strict: bool = False
    mood: VoiceName | None = None

    def run(self, app: App, caller: str) -> Answer:
        return self.store(app)

    def store(self, app: App, transcripts: Sequence[TranscriptFile] = ()) -> Answer:
        """The answer, `transcripts` stored as the voice's words where it brings none."""
        voice = app.voices.catalogue.add(
            full_name(self.voice_name, self.mood),
            self.voice,
            self.ref_text,
            strict=self.strict,
            facts=self.facts(),
            transcripts=transcripts,
        )
        warnings = [] if voice.has_transcript else [NO_TRANSCRIPT]
        report = voice.report.as_output() if voice.report else {}
        return {
            "voice_name": voice.name,
            "s3_key": voice.key,
            "size": voice.size,
            "has_transcript": voice.has_transcript,
            "report": report,
            "warnings": [*warnings, *voice.warnings, *report.get("advice", ())],
        }


class CheckVoice(Operation):
    """What a voice is like and what to do better; stores nothing. `strict` fails a doubtful one."""

    endpoint: Literal["check_voice"]
    voice: Voice
    ref_text: CleanText | None = None
    strict: bool = False

    def run(self, app: App, caller: str) -> Answer:
        report = app.voices.catalogue.check(self.voice, self.ref_text)
        refuse(report, strict=self.strict)
        return {"report": report.as_output(), "warnings": list(report.advice)}


class ListVoices(Operation):
    """Names the voices of the library, then those that come with the worker. About `limit` of them,
    beginning after the name `after`; files of one name come together."""

    endpoint: Literal["list_voices"]
    limit: Annotated[int, Field(ge=1, le=MAX_VOICES)] = MAX_VOICES
    after: Annotated[str, Field(max_length=1024)] | None = None

    def run(self, app: App, caller: str) -> Answer:
        known = sorted(app.voices.catalogue.all(), key=_place)
        first = 0
        if self.after is not None:  # it may have been deleted since
            bundled = any(voice.bundled and voice.name == self.after for voice in known)
            first = bisect_right(known, (bundled, self.after), key=_place)
        end = first + self.limit
        while end < len(known) and _place(known[end]) == _place(known[end - 1]):
            end += 1
        shown = ("name", "key", "size", "has_transcript", "has_record")
        voices = [{name: getattr(voice, name) for name in shown} for voice in known[first:end]]
        return {"voices": voices, "count": len(voices), "truncated": end < len(known)}


def checked_from_shell(voice: str, ref_text: str) -> VoiceReport:
    """The report on a file of this machine, or on a voice of the library. Raises WorkerError: it
    cannot be read or used."""
    settings = Settings.load()
    if path := path_meant(voice):
        return check_located(lent_voice(path, settings.voices.max_bytes), ref_text, settings.voices)
    storage = open_storage(settings.storage)
    buckets = Buckets(settings.storage)
    library = VoiceLibrary(
        storage, settings.voices, bundled_dir=BUNDLED_VOICES, fetch_bucket=buckets.at
    )
    try:
        return library.catalogue.check(voice, ref_text)
    finally:
        buckets.close()
        storage.close()


def _place(voice: VoiceInfo) -> tuple[bool, str]:
    """By which voices are listed."""
    return voice.bundled, voice.name
