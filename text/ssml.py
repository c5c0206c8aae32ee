"""SSML documents, read with expat, whose positions keep the map; no document type declarations."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from xml.parsers import expat
from xml.parsers.expat import errors as expat_errors

from errors import InvalidInput
from text.elements import Elements
from text.events import Marked, Marker, MarkupOptions
from text.places import place
from text.spans import Mapped

_OWN_TAG = re.compile(
    r"\[\s?(?:pause|break)(?:\s?[:= ]\s?[\d.]{1,9}\s?m?s?)?\s?\]"
    r"|\[\s?(?:voice|speed)\s?[:=][^\[\]]{0,80}\]",
    re.IGNORECASE,
)


def is_document(text: str) -> bool:
    """True for a text that is one SSML document."""
    return (
        re.match(
            r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?"
            r"(?:<!--.{0,2000}?-->\s*)?(?:<!DOCTYPE(?!\s*html)|<speak[\s>/])",
            text,
            re.DOTALL | re.IGNORECASE,
        )
        is not None
    )


def parse(text: Mapped, written: str, options: MarkupOptions) -> Marked:
    """The text of an SSML document with its events.

    Raises:
        InvalidInput: not well-formed, or an element or attribute that is not supported; with line
            and column.
    """
    return _Document(Marker(text, written, options)).parse()


class _Document:
    def __init__(self, marker: Marker) -> None:
        self.marker = marker
        self.elements = Elements(marker)
        self.offsets = _character_offsets(marker.text.text)
        self.parser = expat.ParserCreate("utf-8")
        self.in_cdata = False
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CommentHandler = lambda data: self._gone()
        self.parser.ProcessingInstructionHandler = lambda target, data: self._gone()
        self.parser.XmlDeclHandler = lambda *declaration: self._gone()
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._doctype
        self.parser.DefaultHandler = self._entity
        self.parser.StartCdataSectionHandler = lambda: self._cdata(True)
        self.parser.EndCdataSectionHandler = lambda: self._cdata(False)

    def parse(self) -> Marked:
        text = self.marker.text.text
        try:
            self.parser.Parse(text.encode(), True)
        except expat.ExpatError as exc:
            at = self.offsets(self.parser.ErrorByteIndex)
            fault, hint = self._fault(exc.code)
            raise self.marker.error(
                min(at, len(text) - 1), f"this is no well-formed SSML: {fault}", hint
            ) from None
        marked = self.marker.marked(ssml=True)
        if found := _OWN_TAG.search(marked.text.text):
            raise InvalidInput(
                f"{place(self.marker.written, marked.text.starts[found.start()])}: {found[0]} "
                "stands in SSML, which has elements instead",
                'Write <break time="500ms"/>, <voice name="...">...</voice> or '
                '<prosody rate="...">...</prosody>, or leave out <speak>.',
            )
        return marked

    def _fault(self, code: int) -> tuple[str, str]:
        """What is wrong with the document, and what to do."""
        reason, hint = expat.ErrorString(code), "A literal & is written &amp;, a literal < &lt;."
        innermost = self.elements.open[-1].name if self.elements.open else "speak"
        if code == expat_errors.codes[expat_errors.XML_ERROR_NO_ELEMENTS]:
            return f"<{innermost}> is not closed", f"Write </{innermost}> where it ends."
        if code == expat_errors.codes[expat_errors.XML_ERROR_TAG_MISMATCH]:
            return f"{reason}, <{innermost}> is open", f"Write </{innermost}> first."
        if code == expat_errors.codes[expat_errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]:
            return f"{reason}: text after </speak>", "Write all of the text within <speak>."
        if code == expat_errors.codes[expat_errors.XML_ERROR_UNDEFINED_ENTITY]:
            return reason, "Write the character itself, or its number as &#160;."
        return reason, hint

    def _here(self) -> int:
        return self.offsets(self.parser.CurrentByteIndex)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        start = self._here()
        lowered = {key.lower(): value for key, value in attributes.items()}
        self.elements.begin(name.lower(), lowered, start, _tag_end(self.marker.text.text, start))

    def _end(self, name: str) -> None:
        text, content = self.marker.text.text, self.elements.open[-1].content
        if text.endswith("/>", 0, content):  # <break/>: the end tag is the start tag
            self.elements.close(name.lower(), content, content)
        else:
            start = self._here()
            self.elements.close(name.lower(), start, _tag_end(text, start))

    def _gone(self) -> None:
        """A comment or an instruction: nothing is left of it."""
        text, start = self.marker.text.text, self._here()
        closing = "?>" if text.startswith("<?", start) else "-->"
        self.marker.replace(start, text.find(closing, start) + len(closing), "")

    def _cdata(self, begins: bool) -> None:
        start = self._here()
        self.in_cdata = begins
        self.marker.replace(start, start + len("<![CDATA[" if begins else "]]>"), "")

    def _entity(self, data: str) -> None:
        """`&amp;` and `&#233;` become what they stand for."""
        if data.startswith("&") and not self.in_cdata:
            start = self._here()
            self.marker.entity(start, start + len(data), _ENTITIES.get(data) or _numeric(data))

    def _doctype(self, *declaration: object) -> None:
        raise self.marker.error(self._here(), "document type declarations are not allowed in SSML")


def _tag_end(text: str, start: int) -> int:
    """The end of the tag that begins at `start`; a > in an attribute is none."""
    match = re.compile(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>").match(text, start)
    assert match is not None  # expat has read it
    return match.end()


def _character_offsets(text: str) -> Callable[[int], int]:
    """From a byte offset in UTF-8 to a character offset."""
    if text.isascii():
        return lambda offset: offset
    offsets = list(accumulate(len(character.encode()) for character in text))
    return lambda offset: bisect_right(offsets, offset)


_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"}


def _numeric(data: str) -> str:
    return chr(int(data[3:-1], 16) if data[2] in "xX" else int(data[2:-1]))
