"""The records of voices, and what is done with voices as wholes, over the queue."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from errors import InvalidInput, StorageDenied
from worker.app import App
from worker.operations.base import Answer, Operation
from worker.phrases import here
from worker.request.fields import LanguageCode, LibraryName, VoiceName
from worker.voices.record import Consent, Line, Text, VoiceFacts
from worker.voices.stored import is_audio, split_extension

NO_MOODS = "The voice's moods are not known: they take s3:ListBucket, which these credentials lack."
_MOODS_SHOWN = 10
FACTS = tuple(VoiceFacts.model_fields)
Fact = Literal["description", "language", "licence", "consent", "tags"]


def full_name(name: str, mood: str | None) -> str:
    """The name of a voice's mood, `Dorota/calm`; the voice's own without one."""
    return f"{split_extension(name)[0]}/{mood}" if mood else name


def moods_left(app: App, name: str, verb: str, made: str = "") -> list[str]:
    """A warning where a voice has moods, which are voices of their own and were not `verb`. `made`:
    the voice that this made, which may be a mood now."""
    shelf = app.voices.shelf
    name = shelf.name(name)
    try:
        moods = [mood for mood in shelf.moods(shelf.stem(name)) if f"{name}/{mood}" != made]
    except StorageDenied:  # may not list: nothing is known of them
        return []
    if not moods:
        return []
    shown = ", ".join(f"{name}/{mood}" for mood in moods[:_MOODS_SHOWN])
    more = f" and {len(moods) - _MOODS_SHOWN} more" if len(moods) > _MOODS_SHOWN else ""
    return [f"Voices below {name} were not {verb}: {shown}{more}. {here('Name each with `mood`.')}"]


class Described(Operation):
    """Base of operations that say what a voice is, for its record."""

    description: Text | None = None
    language: LanguageCode | None = None
    licence: Line | None = None
    consent: Consent | None = None
    tags: Annotated[list[Line], Field(max_length=50)] | None = None

    def facts(self) -> dict[str, Any]:
        """What was given of them."""
        given = self.model_dump(mode="json", include=set(FACTS), exclude_none=True)
        return {name: given[name] for name in FACTS if name in given}


class OneVoice(Operation):
    """Base of what is done with one voice of the library, or one mood of it."""

    voice_name: LibraryName
    mood: VoiceName | None = None

    @property
    def name(self) -> str:
        return full_name(self.voice_name, self.mood)


class ShowVoice(OneVoice):
    """A voice's record, its files and its moods."""

    endpoint: Literal["show_voice"]

    def run(self, app: App, caller: str) -> Answer:
        shelf = app.voices.shelf
        stem, keys = shelf.voice(self.name, to="show")
        record = shelf.record(stem)
        moods: list[str] | None = None
        with suppress(StorageDenied):
            moods = shelf.moods(stem)
        return {
            "voice_name": shelf.name(self.name),
            "keys": keys,
            "moods": moods,
            "record": record.as_output() if record else None,
            "warnings": [] if moods is not None else [NO_MOODS],
        }


class DescribeVoice(OneVoice, Described):
    """Writes what is given into a voice's record, and takes out what `remove` names."""

    endpoint: Literal["describe_voice"]
    remove: list[Fact] = Field(default_factory=list)

    def run(self, app: App, caller: str) -> Answer:
        facts = self.facts()
        if both := [name for name in self.remove if name in facts]:
            raise InvalidInput(
                f"`{both[0]}` is given and in `remove`.", "Leave it out of one of them."
            )
        if not facts and not self.remove:
            raise InvalidInput("Nothing is given to describe.", f"Give one of {', '.join(FACTS)}.")
        shelf = app.voices.shelf
        stem, keys = shelf.voice(self.name, to="describe")
        if "consent" in facts:
            facts["agreed_to"] = shelf.digest(keys)
        gone: dict[str, Any] = {name: None for name in self.remove}
        record = shelf.write(stem, shelf.record(stem), {**facts, **gone})
        return {"voice_name": shelf.name(self.name), "record": record.as_output()}


class _Moved(OneVoice):
    """Base of what puts a voice's files under another name."""

    new_name: LibraryName
    new_mood: VoiceName | None = None
    verb: ClassVar[Literal["rename", "copy"]]
    done: ClassVar[str]

    def run(self, app: App, caller: str) -> Answer:
        shelf, target = app.voices.shelf, full_name(self.new_name, self.new_mood)
        keys = getattr(shelf, self.verb)(self.name, target)
        audio = next(filter(is_audio, keys))
        return {
            "voice_name": shelf.name(audio),
            "keys": keys,
            "warnings": moods_left(app, self.name, self.done, target),
        }


class RenameVoice(_Moved):
    """Gives a voice, its words and its record another name; never that of another voice."""

    endpoint: Literal["rename_voice"]
    verb = "rename"
    done = "renamed"


class CopyVoice(_Moved):
    """Copies a voice, its words and its record to a free name."""

    endpoint: Literal["copy_voice"]
    verb = "copy"
    done = "copied"


class RestoreVoice(OneVoice):
    """Brings a deleted voice back, within VOICE_RESTORE_DAYS."""

    endpoint: Literal["restore_voice"]

    def run(self, app: App, caller: str) -> Answer:
        shelf = app.voices.shelf
        return {"voice_name": shelf.name(self.name), "keys": shelf.restore(self.name)}
