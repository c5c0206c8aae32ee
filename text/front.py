"""From what a user wrote to what the model is given, with a map between the two.

    written ─► characters ─► markup ─► decoration ─► line breaks ─► lexicon ─► reading ─► vocabulary
               clean         tags,     decoration    breaks         lexicon    normalise  vocabulary
                             ssml

`prepare` takes one text, `prepare_all` a list of segments with voices of their own. Nothing here
knows torch, a store or a voice; the same input gives the same output.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from errors import InvalidInput
from text import breaks, languages, pasted, ssml, vocabulary
from text.characters import RESERVED
from text.clean import clean, on_one_line, single_blanks
from text.decoration import undecorated
from text.events import Marked, MarkupOptions, Pause
from text.html import without_html
from text.lexicon import Lexicon
from text.normalise import LANGUAGES, Notes, normalise
from text.runs import Run, runs, without_text
from text.script import Break, Line, Pauses, Script
from text.spans import Edit, Mapped
from text.subtitles import without_cues
from text.words import words_of

NOTHING_TO_SAY = "must hold something to say"  # dots, dashes or emoji alone have no sound
_SAY_SOMETHING = "Give `text` at least one letter or number to speak."

VERSION = 4
"""Of the rules: a result of other rules is another result."""


@cache
def versions() -> tuple[str, ...]:
    """Of the rules and of every installed library that reads or cuts; goes into fingerprints."""
    found = [f"rules {VERSION}"]
    for name in ("sentencex", "py3langid", "damga", "wetext"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return tuple(found)


@dataclass(frozen=True)
class TextOptions:
    """How a text is prepared; every stage can be switched off.

    Attributes:
        language: `en`, `en-GB`, `de` ...; None: `default_language` or what the text is found in.
        default_language: for texts too short to tell.
        detect: tell the language from the text where `language` is None.
        clean: canonical characters and no decoration.
        normalize: read figures, signs and short forms.
        breaks: line breaks mean something; else they are blanks.
        markup: tags and SSML; else all brackets are text.
        pauses: seconds for each kind of break.
        lexicon: what words are said as; of a bucket and a job together.
        markup_options: voices that exist, how a voice may be called.
        knows: whether the model has a sound for a character; None: all.
    """

    language: str | None = None
    default_language: str = "en"
    detect: bool = True
    clean: bool = True
    normalize: bool = True
    breaks: bool = True
    markup: bool = True
    pauses: Pauses = field(default_factory=Pauses)
    lexicon: Lexicon = field(default_factory=Lexicon)
    markup_options: MarkupOptions = field(default_factory=MarkupOptions)
    knows: vocabulary.Knows | None = None


@dataclass(frozen=True)
class Source:
    """One text of a job with the voice, speed and pause that it begins with."""

    text: str
    voice: str | None = None
    speed: float | None = None
    pause_s: float = 0.0


def prepare(written: str, options: TextOptions | None = None) -> Script:
    """The script of one text.

    Raises:
        InvalidInput: markup that is not understood (with line and column), a control character,
            or nothing in it that the model can say.
    """
    return prepare_all([Source(written)], options)


def prepare_all(sources: Sequence[Source], options: TextOptions | None = None) -> Script:
    """The script of several texts, one after the other.

    Raises:
        InvalidInput: as `prepare`.
    """
    return _Front(options or TextOptions()).script(sources)


@dataclass(frozen=True)
class Outline:
    """What can be told of a text before it is read: how many stretches and how much silence its
    markup asks for (seconds)."""

    stretches: int
    silence_s: float


def outline(source: Source, options: TextOptions) -> Outline:
    """Checks a text's markup, without reading the text; quick.

    Raises:
        InvalidInput: as `prepare`.
    """
    marked = _Front(options).marked(source.text)
    if not any(character.isalnum() for character in marked.text.text):
        raise InvalidInput(NOTHING_TO_SAY, _SAY_SOMETHING)
    silence_s = sum(event.seconds for event in marked.events if isinstance(event, Pause))
    return Outline(1 + len(marked.events), silence_s + source.pause_s)


def voices_of(sources: Sequence[Source], options: TextOptions) -> list[str | None]:
    """The voices that speak in `sources`, each once, without reading the text; None is the job's.

    Raises:
        InvalidInput: as `prepare`.
    """
    front = _Front(options)
    found = (run for source in sources for run in front.runs(source, front.marked(source.text)))
    return list(dict.fromkeys(run.voice for run in found if not without_text(run)))


class _Front:
    """One job's way through the stages."""

    def __init__(self, options: TextOptions) -> None:
        self.options = options
        self.notes = Notes()
        self.unspeakable = vocabulary.Unspeakable()
        self.letters: Counter[str] = Counter()
        self.unread: set[str] = set()
        self.taken_as: set[str] = set()
        self.as_words: set[str] = set()

    def script(self, sources: Sequence[Source]) -> Script:
        lines: list[Line] = []
        markup: list[tuple[tuple[int, int], ...]] = []
        shown: list[tuple[tuple[int, int, str], ...]] = []
        together = self._language(" ".join(source.text for source in sources), None)
        for number, source in enumerate(sources):
            found, marked = self._source(source, number, together)
            if lines and found and found[0].opens is None:
                kind = Break.SPEAKER if found[0].voice != lines[-1].voice else Break.PARAGRAPH
                pause = found[0].pause_s or self.options.pauses.seconds(kind)
                found[0] = replace(found[0], opens=kind, pause_s=pause)
            lines += found
            markup.append(tuple(sorted(marked.removed)))
            shown.append(tuple(sorted(marked.shown)))
        texts = tuple(source.text for source in sources)
        self._refuse_silence(lines)
        warnings = tuple(self._warnings())
        return Script(texts, tuple(lines), warnings, tuple(markup), tuple(shown))

    def _source(self, source: Source, number: int, default: str) -> tuple[list[Line], Marked]:
        marked = self.marked(source.text)
        if self.options.markup:
            self.as_words |= pasted.sounds(source.text, marked.text.text)
        language = self._language(marked.text.text, default)
        spoken = [
            replace(run, text=self._spoken(run)) for run in self.runs(source, marked, language)
        ]
        lines = words_of(spoken, marked.removed, source.text, number, self.options.pauses)
        return lines, marked

    def runs(self, source: Source, marked: Marked, language: str = "") -> Iterator[Run]:
        """The stretches of a text, as they are written."""
        by_line = self.options.breaks and not marked.ssml
        blocks = breaks.blocks(marked.text) if by_line else breaks.flat(marked.text)
        return runs(blocks, marked.events, source, language)

    def marked(self, written: str) -> Marked:
        text = Mapped.of(written)
        text = text.edited(Edit(*match.span(), "") for match in re.finditer(RESERVED, written))
        text = clean(text) if self.options.clean else text
        if self.options.markup and ssml.is_document(text.text):
            marked = ssml.parse(text, written, self.options.markup_options)
            return replace(marked, text=clean(on_one_line(marked.text)))
        if not self.options.clean:
            return self._tagged(text, written)
        text, times, form = without_cues(text)
        self.taken_as |= {form} if form else set()
        marked = self._tagged(text, written)
        return self._undecorated(replace(marked, removed=times + marked.removed))

    def _tagged(self, text: Mapped, written: str) -> Marked:
        if not self.options.markup:
            return Marked(text)
        marked, is_page = pasted.tagged(
            text, written, self.options.markup_options, page=self.options.clean
        )
        self.taken_as |= {"HTML"} if is_page else set()
        return marked

    def _undecorated(self, marked: Marked) -> Marked:
        if not self.options.clean:
            return marked
        text, tags, shown = without_html(marked.text)
        text, decoration = undecorated(clean(text) if shown else text)
        removed = marked.removed + tags + decoration
        return replace(marked, text=text, removed=removed, shown=marked.shown + shown)

    def _language(self, text: str, default: str | None) -> str:
        """The job's language, else the text's, else that of the job's texts together."""
        options = self.options
        if options.language:
            return languages.canonical(options.language)
        default = default or options.default_language
        if not options.detect:
            return default
        found = languages.detect(text, languages.base(default))
        return default if found == languages.base(default) else found

    def _spoken(self, run: Run) -> Mapped:
        text = run.text.stripped()
        language = languages.canonical(run.language)
        entries = self.options.lexicon.readings(text.text, language)
        if self.options.normalize:
            if languages.base(language) not in LANGUAGES and any(c.isdigit() for c in text.text):
                self.unread.add(languages.base(language))
            text = normalise(text, language, lexicon=entries, notes=self.notes)
        else:
            text = text.edited(entries)
        if self.options.knows is not None:
            self.letters.update(character for character in text.text if character.isalnum())
            text = vocabulary.speakable(text, self.options.knows, self.unspeakable)
        return (single_blanks(text) if self.options.clean else text).stripped()

    def _refuse_silence(self, lines: Sequence[Line]) -> None:
        knows = self.options.knows
        if knows is not None and self.letters and not any(map(knows, self.letters)):
            lost = vocabulary.listed(self.letters)
            raise InvalidInput(
                f"The model knows none of the text's letters: {lost}.",
                "Use a model that was trained on this language.",
            )
        if not any(character.isalnum() for line in lines for character in line.text):
            raise InvalidInput(NOTHING_TO_SAY, _SAY_SOMETHING)

    def _warnings(self) -> list[str]:
        said = [*pasted.warnings(self.taken_as, self.as_words), *self.unspeakable.warnings()]
        if self.notes.failed:
            said.append(
                f"{self.notes.failed} piece(s) of the text could not be read and are spoken as "
                "they are written."
            )
        if skipped := self.options.lexicon.skipped:
            said.append(f"{skipped} lexicon entries give phonemes only and are not used.")
        said += [
            f"Figures and signs are spoken as they are written. {text}"
            for text in self.notes.missing.values()
        ]
        for code in sorted(self.unread):
            name = languages.NAMES.get(code, code)
            said.append(f"Figures are spoken as they are written: there are no rules for {name}.")
        return said
