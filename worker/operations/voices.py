"""The voice library, over the queue."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from errors import InvalidInput
from worker.app import App
from worker.operations.base import Answer, Operation
from worker.operations.records import Described, full_name
from worker.phrases import here
from worker.request.fields import CleanText, LibraryName, Voice, VoiceName
from worker.request.processing import processing_of
from worker.settings.load import Settings
from worker.voices.catalogue import VoiceInfo
from worker.voices.lent import path_meant
from worker.voices.located import TranscriptFile
from worker.voices.report import VoiceReport, refuse
from worker.voices.wish import Wish

MAX_VOICES = 10_000  # in one answer: 5 MB with the longest names


def no_transcript() -> str:
    """The warning of a voice whose words are not known."""
    return (
        f"This voice has no transcript: {here('jobs must bring `ref_text`')}. "
        f"{here('Upload it again with `ref_text`')}, or put NAME.txt, NAME.srt or another "
        "transcript beside it."
    )


class Upload(Described):
    """Checks and stores a voice, and reports on it: `voice` is a URL, an s3:// location or inline
    audio. With `mood` it is one of another voice's moods, `Dorota/calm`."""

    endpoint: Literal["upload"]
    voice_name: LibraryName
    voice: Voice
    ref_text: CleanText | None = None
    strict: bool = False
    picture: bool = False
    mood: VoiceName | None = None
    replace: bool = True

    def run(self, app: App, caller: str) -> Answer:
        return self.store(app)

    def store(self, app: App, transcripts: Sequence[TranscriptFile] = ()) -> Answer:
        """The answer, `transcripts` stored as the voice's words where it brings none."""
        name = full_name(self.voice_name, self.mood)
        voice = app.voices.catalogue.add(
            name,
            self.voice,
            self.ref_text,
            strict=self.strict,
            wish=_usual(app.settings),
            facts=self.facts(),
            transcripts=transcripts,
            over=self.replace,
        )
        warnings = [] if voice.has_transcript else [no_transcript()]
        report = voice.report.as_output() if voice.report else {}
        picture = {}
        if self.picture and voice.report:
            picture["picture_key"] = app.voices.catalogue.draw(name, voice.report.used)
        return {
            **picture,
            **({"replaced": True} if voice.replaced else {}),
            "voice_name": voice.name,
            "s3_key": voice.key,
            "size": voice.size,
            "has_transcript": voice.has_transcript,
            "report": report,
            "warnings": [*warnings, *voice.warnings, *_said(voice.report)],
        }


class CheckVoice(Operation):
    """What a voice is like and what to do better. `strict` fails a doubtful one; `picture` stores
    one beside a voice of the library."""

    endpoint: Literal["check_voice"]
    voice: Voice
    ref_text: CleanText | None = None
    strict: bool = False
    picture: bool = False

    def run(self, app: App, caller: str) -> Answer:
        if self.picture and not isinstance(self.voice, str):
            raise InvalidInput(
                "A picture lies beside a voice of the library, which inline audio is not.",
                "Upload it with `picture`.",
            )
        report = app.voices.catalogue.check(self.voice, self.ref_text, wish=_usual(app.settings))
        refuse(report, strict=self.strict)
        picture = {}
        if self.picture and isinstance(self.voice, str):
            picture["picture_key"] = app.voices.catalogue.draw(self.voice, report.used)
        return {**picture, "report": report.as_output(), "warnings": _said(report)}


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


def checked_from_shell(voice: str, ref_text: str, picture: Path | None = None) -> VoiceReport:
    """The report on a file of this machine, or on a voice of the library; its picture goes into the
    file `picture`. Raises WorkerError: it cannot be read or used."""
    settings = Settings.load()
    app = App(settings, speaks=False)
    try:
        path = path_meant(voice)
        meant = app.voices.lend(path) if path else voice
        report = app.voices.catalogue.check(meant, ref_text, wish=_usual(settings))
        if picture:
            _drawn_into(picture, app.voices.catalogue.picture(meant, report.used))
        return report
    finally:
        app.end_storage()


def _usual(settings: Settings) -> Wish:
    """How jobs that say nothing have their voices prepared."""
    return processing_of({}, settings.processing).wish


def _drawn_into(file: Path, png: bytes) -> None:
    try:
        file.write_bytes(png)
    except OSError as exc:
        raise InvalidInput(
            f"{file} cannot be written ({exc.strerror}).", "Give another place for the picture."
        ) from exc


def _said(report: VoiceReport | None) -> list[str]:
    return [*report.warnings, *report.advice] if report else []


def _place(voice: VoiceInfo) -> tuple[bool, str]:
    """By which voices are listed."""
    return voice.bundled, voice.name
