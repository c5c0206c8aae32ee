"""A job's texts to a script: what is said, in which voice, after which pause.

What the job and the settings say is known at once; the names of voices, where brackets may hold
one, and the bucket's lexicons come from storage, the vocabulary from the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from engine.chunk import Reference
from errors import InvalidInput, StorageError, StorageUnavailable
from s3_utils import brief_beside_a_disk
from text.front import Source, TextOptions, prepare, prepare_all, voices_of
from text.lexicon import Lexicon
from text.lexicon_file import from_mapping
from text.script import Script
from worker.app import App
from worker.request.processing import Processing
from worker.request.script import MAX_SILENCE_S, text_options
from worker.request.speech import SpeechInput
from worker.voices.reference import with_full_stop

_MAYBE_A_VOICE = re.compile(r"[\[{]\s*[^\W\d_][^\[\]{}\n:=]{0,59}[\]}]|\[voice\s", re.IGNORECASE)


@dataclass(frozen=True)
class JobText:
    """The texts of a job and how they are to be read.

    `voices`: those that speak, each once; None is the job's own.
    """

    sources: tuple[Source, ...]
    options: TextOptions
    processing: Processing
    voices: tuple[str | None, ...]
    warnings: tuple[str, ...] = ()

    def read(self, knows: Callable[[str], bool], lexicon: Lexicon) -> Script:
        """The script, ready to be cut into chunks.

        Args:
            knows: whether the model has a sound for a character.
            lexicon: the bucket's.

        Raises:
            InvalidInput: the model knows none of the letters, or the pauses are too long.
        """
        stages = self.processing.stages
        options = replace(
            self.options,
            lexicon=lexicon + self.options.lexicon,
            knows=knows if stages.clean else None,
        )
        script = prepare_all(self.sources, options)
        silence_s = sum(line.pause_s for line in script.lines)
        if silence_s > MAX_SILENCE_S:
            raise InvalidInput(
                f"The script has {silence_s:.0f} s of pauses; at most {MAX_SILENCE_S:g} s are "
                "allowed.",
                "Split it into several jobs, or make `pauses` shorter.",
            )
        return script

    def spoken_references(
        self, voices: Mapping[str | None, Reference]
    ) -> dict[str | None, Reference]:
        """The references with their words as they are spoken: figures as words, like the script.

        Words that cannot be read stay as they are; the reference says them whatever they look like.
        """
        if not self.processing.stages.normalize:
            return dict(voices)
        return {name: self._spoken(voice) for name, voice in voices.items()}

    def _spoken(self, voice: Reference) -> Reference:
        options = replace(self.options, markup=False, breaks=False, clean=False)
        try:
            spoken = prepare(voice.ref_text, options).spoken
        except InvalidInput:
            return voice
        return replace(voice, ref_text=with_full_stop(spoken))


def job_text(request: SpeechInput, app: App) -> JobText:
    """A job's texts; storage is asked for the names of voices where a text may hold one.

    Raises:
        StorageUnavailable: it does not answer, and there is no disk beside it.
    """
    settings = app.settings
    processing = request.processed(settings.processing)
    options = text_options(processing.text, settings)
    sources = request.sources
    warnings: tuple[str, ...] = ()
    own = tuple(request.voices)
    if own:
        options = replace(options, markup_options=replace(options.markup_options, voices=own))
    if options.markup and any(_MAYBE_A_VOICE.search(source.text) for source in sources):
        names, warnings = _names(app)
        markup = replace(options.markup_options, voices=(*names, *own))
        options = replace(options, markup_options=markup)
    if isinstance(request.lexicon, dict | list):
        options = replace(options, lexicon=from_mapping(request.lexicon))
    return JobText(sources, options, processing, tuple(voices_of(sources, options)), warnings)


def _names(app: App) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of all voices, and a warning if they are not known."""
    stores = app.storage.stores()
    try:
        with brief_beside_a_disk(stores):
            return tuple(info.name for info in app.voices.catalogue.all()), ()
    except StorageError as error:
        if isinstance(error, StorageUnavailable) and "local" not in stores:
            raise
        said = "Names in brackets are read as text: the voices could not be listed"
        return (), (f"{said} ({error.message.rstrip('.')}). Write [voice:NAME].",)
