"""The voice library, over the queue."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from worker.app import App
from worker.operations.base import Answer, Operation
from worker.request.fields import CleanText, Voice, VoiceName

MAX_VOICES = 10_000  # in one answer: 5 MB with the longest names
NO_TRANSCRIPT = (
    "This voice has no transcript: jobs must bring `ref_text`. Upload it again with `ref_text`, or "
    "put NAME.txt or NAME.srt beside it."
)


class Upload(Operation):
    """Stores a voice: `voice` is a URL, an s3:// location or inline audio."""

    endpoint: Literal["upload"]
    voice_name: VoiceName
    voice: Voice
    ref_text: CleanText | None = None

    def run(self, app: App, caller: str) -> Answer:
        voice = app.voices.catalogue.add(self.voice_name, self.voice, self.ref_text)
        return {
            "voice_name": voice.name,
            "s3_key": voice.key,
            "size": voice.size,
            "has_transcript": voice.has_transcript,
            "warnings": [] if voice.has_transcript else [NO_TRANSCRIPT],
        }


class ListVoices(Operation):
    """Names the voices of the library, then those that come with the worker.

    At most `limit` of them, beginning after the one named `after`.
    """

    endpoint: Literal["list_voices"]
    limit: Annotated[int, Field(ge=1, le=MAX_VOICES)] = MAX_VOICES
    after: VoiceName | None = None

    def run(self, app: App, caller: str) -> Answer:
        known = app.voices.catalogue.all()
        names = [voice.name for voice in known]
        first = names.index(self.after) + 1 if self.after in names else 0
        shown = known[first : first + self.limit]
        voices = [
            {
                "name": voice.name,
                "key": voice.key,
                "size": voice.size,
                "has_transcript": voice.has_transcript,
            }
            for voice in shown
        ]
        truncated = first + len(shown) < len(known)
        return {"voices": voices, "count": len(voices), "truncated": truncated}
