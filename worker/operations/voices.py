"""The voice library, over the queue."""

from __future__ import annotations

from typing import Literal

from worker.app import App
from worker.operations.base import Answer, Operation
from worker.request.fields import CleanText, Voice, VoiceName

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

    def run(self, app: App) -> Answer:
        voice = app.voices.catalogue.add(self.voice_name, self.voice, self.ref_text)
        return {
            "voice_name": voice.name,
            "s3_key": voice.key,
            "size": voice.size,
            "has_transcript": voice.has_transcript,
            "warnings": [] if voice.has_transcript else [NO_TRANSCRIPT],
        }


class ListVoices(Operation):
    """Names every voice of the library, and those that come with the worker."""

    endpoint: Literal["list_voices"]

    def run(self, app: App) -> Answer:
        voices = [
            {
                "name": voice.name,
                "key": voice.key,
                "size": voice.size,
                "has_transcript": voice.has_transcript,
            }
            for voice in app.voices.catalogue.all()
        ]
        return {"voices": voices, "count": len(voices)}
