"""What stands among the words of a transcript and is not said: tags, entities, notes, speakers."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable
from itertools import takewhile

from worker.subtitles.notes import Cue, Notes

_BREAK = re.compile(r"(?i:<br\s*/?>)|\\N")
_BARE_TAG = re.compile(r"</?(?:i|b|u|s|font)\s?/?>", re.IGNORECASE)
_INSIDE = (
    r"(?:\"[^\"<\n]{0,200}\"|[^<>\"]|\"(?![^\"<\n]{0,200}\"))*"  # a tag may hold > within quotes
)
_VTT_TAG = re.compile(
    rf"</?(?:i|b|u|s|c|ruby|rt)(?:\.[^<>]*)?>|</?(?:font|v|lang)(?:[\s.]{_INSIDE})?>|<[\d:.]+>"
)
_TAG = re.compile(
    r"</?(?:i|b|u|s|c|ruby|rt|em|strong|small|big|sub|sup)(?:\.[^<>]*)?\s?/?>"
    rf"|</?(?:font|v|lang|span|p|div)(?:[\s.]{_INSIDE})?/?>"
    r"|<[\d:.]+>|\{\\[^{}]*\}|\{/?[bius]\}|\{[cyfsp]:[^{}]*\}",
    re.IGNORECASE,
)
_OVERRIDE = re.compile(r"(\{[^{}]*\})")
_OPEN, _CLOSE = "\ue000", "\ue001"  # braces that are said, while overrides are taken off
_DRAWS = re.compile(r"\\p(\d)")
# Without its semicolon an entity may be words: "R&D at &50".
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")

_MARK = re.compile("[*_`]")  # in whatever the next two find
_BOLD = re.compile(r"(?<!\w)(\*\*|__)(?=\S)([^*_]{1,200}?)(?<=\S)\1(?!\w)")
_FENCE = re.compile(r"^\s*```\w*\s*$")
_SHARP = re.compile(r"^#{1,6}\s+(?=\S)")
_TWICE = re.compile(
    r"&(?:amp;)+(?=(?:amp;)?(?:amp|lt|gt|quot|nbsp|#\d{1,5});)"
)  # encoded two times

_TOKEN = re.compile(r"<\|[^|<>]{0,40}\|>|[\u2669-\u266c]")
_TURN = re.compile(r"\s*(?:>>+|\uff1e\uff1e+)\s*")
_NOTE = re.compile(
    r"[\[\uff3b\u3010](?P<inside>[^\[\]\uff3b\uff3d\u3010\u3011]{0,200})[\]\uff3d\u3011]\s?:?"
)
_WHOLE_NOTE = re.compile(r"\s*(?:\([^()]*\)|\uff08[^\uff08\uff09]*\uff09|\*[^*]+\*)\s*")
# A line of this word alone may be a label, or a word of a sentence that goes on over lines.
_LONE_LABEL = re.compile(r"[-\u2013\u2014\s]*(?:SPEAKER|Speaker|Sprecher|Intervenant|Hablante)\s*")
_ENDED = re.compile(r"[^\w,;\s-][\W_]*$")
_LABEL = re.compile(
    r"\s*(?:(?:SPEAKER|Speaker)[_ ]?(?:\d{1,4}|[A-Z])\s?:|SPEAKER_\d{1,3}\b"
    r"|[-\u2013\u2014\s]{0,3}(?:SPEAKER|(?:Unknown )?Speaker|Sprecher|Intervenant|Hablante)"
    r"[_ ]?\d{0,3}\s*$)"
)
_READING = re.compile(r"<(rt|rp)>[^<>]*</\1>", re.IGNORECASE)  # how the letters before are read
_NAME = re.compile(
    r"\s*(?:[-\u2013\u2014]\s*)?[^\W\d_a-z][A-Z .'-]{1,24}(?:\d{1,2})?(?: ?\([^()]{1,30}\))?:\s"
)
# "Anna Nowak: Hello", as programs for meetings write it; "Remember: ..." alone is words.
_TITLE = r"[^\W\d_a-z][\w.'-]{0,30}"
_FULL_NAME = re.compile(rf"\s*(?:[-\u2013\u2014]\s*)?({_TITLE}(?: {_TITLE}){{0,3}}):\s+\S")
_MAY_BE_NAME = "begins with what may be a speaker's name; it counts as said"
_MAYBE_NOTE = re.compile(
    r"\s*(?:[-\u2013\u2014]\s*)?(?:\([^()]{1,60}\)|\{[^{}]{1,60}\}|\*[^*\s][^*]{0,60}\*)"
)
_INNER_NOTE = re.compile(
    r"[(\uff08](?:[A-Z][A-Z ,.'-]{2,60}|(?:laugh|sigh|cough|applau|music|inaudible|unintelligible|"
    r"crosstalk|pause|chuckl|gasp|sob|sniff|cheer|clear|groan|scream|whisper)[^()]{0,40})\)"
    r"|[\u4e00-\u9fff][(\uff08][\u3041-\u30ff]{1,20}[)\uff09]"
)
_HALF_TAG = re.compile(r"<[/a-zA-Z][^<>]*$|<[/a-zA-Z][^<>]*(?=<)|[\w\"']>[^\W\d_]|\{\\")
_DIVIDED = re.compile(r"([^\W\d_]{2})-\n(?=[a-z\u00df-\u017f])")
_HEADING = re.compile(
    r"\W*(?:transcript(?:ion)?|text|title|subtitles?|captions?)\W*:", re.IGNORECASE
)
_CREDIT = re.compile(
    r"\b(?:sub(?:title[sd]?|s)|caption(?:s|ed)|transcribed|transcription|sync(?:ed|ronized)?"
    r"(?: (?:and|&) correct(?:ed|ions))?) by\b|opensubtitles|amara\.org|addic7ed|otter\.ai"
    r"|\bwww\.\w",
    re.IGNORECASE,
)

# Most lines have nothing that the patterns above look for. Each of these must find whatever those
# do that its function uses: `plain`, and `_spoken_line`.
_TAGGED = re.compile(r"[<&{\\]")
_NOTABLE = re.compile(
    r"[<>{\uff1e\u2669-\u266c\[\uff3b\u3010(\uff08*:]|\bby\b|\.(?:org|ai)\b|opensub|addic7ed|SPEAKER|Speaker|Sprecher|Intervenant|Hablante|www\.",
    re.IGNORECASE,
)


def vtt_tags_off(text: str) -> str:
    """`text` without the tags of WebVTT."""
    return _VTT_TAG.sub("", text)


def plain(text: str, *, vtt: bool) -> str:
    """The words of a cue, line breaks kept. In SRT only whole entities and tags that programs write
    are taken off: there "3 < 4 & 5" means what it says."""
    if not _TAGGED.search(text):
        return text
    text = _READING.sub("", _BREAK.sub("\n", text))
    if vtt:
        return _BARE_TAG.sub("", html.unescape(_VTT_TAG.sub("", text)))
    return _BARE_TAG.sub("", _entities(_TAG.sub("", text.replace("\\h", " "))))


def without_marks(text: str, notes: Notes) -> str:
    """A text without what chat programs and Markdown put around words: **bold**, ``` and headings'
    #; its lines stay where they are."""
    lines = text.split("\n")
    for place, line in enumerate(lines):
        marked = _MARK.search(line)
        bare = _SHARP.sub("", _BOLD.sub(r"\2", _FENCE.sub("", line)) if marked else line)
        if bare != line:
            notes.add("holds marks of Markdown, which are not said and were left out", place + 1)
            lines[place] = bare
    return "\n".join(lines)


def goes_on(before: str, line: str) -> bool:
    """True if the last word of `before` seems to go on in the next line."""
    return _DIVIDED.search(f"{before[-3:]}\n{line[:1]}") is not None


def _entities(text: str) -> str:
    text = _TWICE.sub("&", text)
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text)


def ass_plain(text: str) -> str:
    """The words of an ASS event: without overrides and drawings, its line breaks as such."""
    words, draws = [], False
    text = text.replace("\\{", _OPEN).replace("\\}", _CLOSE)
    for piece in _OVERRIDE.split(text):
        if piece.startswith("{") and piece.endswith("}"):
            modes = _DRAWS.findall(piece)
            draws = modes[-1] != "0" if modes else draws
        elif not draws:
            words.append(piece)
    said = "".join(words).replace("\\N", "\n").replace("\\n", " ").replace("\\h", " ")
    return _entities(said.replace(_OPEN, "{").replace(_CLOSE, "}"))


def spoken(cues: Iterable[Cue], notes: Notes) -> list[Cue]:
    """The cues without what is not said in them; `notes` names what held letters."""
    found = []
    cues = list(cues)
    _names(cues, notes)
    alone = _lone_labels(cues)
    for number, cue in enumerate(cues):
        lines = [_spoken_line(line, cue.line, notes, alone) for line in cue.text.split("\n")]
        text = "\n".join(line for line in lines if line)
        if _DIVIDED.search(text):
            notes.add("has a word that seems divided at a line's end: it was joined", cue.line)
            text = _DIVIDED.sub(r"\1-", text)
        if not number and _HEADING.match(text):
            notes.add("begins with what may be a heading; it counts as said", cue.line)
        if text:
            found.append(cue.with_text(text))
    return found


def _names(cues: list[Cue], notes: Notes) -> None:
    """Notes what may be names in front of words: two words, or the pattern more than once."""
    lines = ((cue, line) for cue in cues if ":" in cue.text for line in cue.text.split("\n"))
    found = [(cue, line, m[1]) for cue, line in lines if (m := _FULL_NAME.match(line))]
    if len(found) > 1 and math.isinf(cues[0].start):
        for cue in takewhile(lambda one: one is not found[0][0], cues):
            notes.add("stands above the first name; it counts as said", cue.line)
    for cue, line, name in found:
        told = _NAME.match(line) or _LABEL.match(line)
        if not told and (len(found) > 1 or " " in name):
            notes.add(_MAY_BE_NAME, cue.line)


def _lone_labels(cues: list[Cue]) -> bool:
    """True if lines of "Speaker" alone are labels: each stands between whole sentences."""
    if not any(_LONE_LABEL.fullmatch(line) for cue in cues for line in cue.text.split("\n")):
        return False
    lines = [line for cue in cues for line in cue.text.split("\n") if line.strip()]
    return not any(
        _LONE_LABEL.fullmatch(line)
        and ((before and not _ENDED.search(before)) or after.lstrip()[:1].islower())
        for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False)
    )


def _spoken_line(line: str, number: int, notes: Notes, alone: bool) -> str:
    """What is said of a line. `alone`: "Speaker" without more is a label."""
    bare = " ".join(line.split())
    if not _NOTABLE.search(bare):
        return bare
    line = _TOKEN.sub("", line)
    if turn := _TURN.match(line):
        line = line[turn.end() :]
    bare = _NOTE.sub(" ", line)
    if _WHOLE_NOTE.fullmatch(bare):
        bare = ""
    if bare != line:
        notes.add("holds notes or names in brackets, which are not said and were left out", number)
    if not alone and _LONE_LABEL.fullmatch(bare):
        notes.add("may be the label of a speaker; it counts as said", number)
    elif label := _LABEL.match(bare):
        bare = bare[label.end() :]
        notes.add("begins with the label of a speaker, which is not said and was left out", number)
    elif _NAME.match(bare):
        notes.add(_MAY_BE_NAME, number)
    if _MAYBE_NOTE.match(bare):
        notes.add("begins with what may be a note; it counts as said", number)
    elif _INNER_NOTE.search(bare):
        notes.add("holds what may be a note in brackets; it counts as said", number)
    if _HALF_TAG.search(bare):
        notes.add("holds what may be part of a tag; it counts as said", number)
    if _CREDIT.search(bare):
        notes.add("may be the credit of whoever made the transcript; it counts as said", number)
    bare = " ".join(bare.split())
    return bare if any(char.isalnum() for char in bare) or bare == " ".join(line.split()) else ""
