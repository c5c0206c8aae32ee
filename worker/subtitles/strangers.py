"""Files with a transcript's name that hold something else: what they are, before it is spoken."""

from __future__ import annotations

import re
from collections.abc import Iterable

from worker.subtitles.notes import Malformed

_OF_A_PROGRAM = "is a file of another program; save it as plain text or as SRT"
_PROGRAMS = (b"PK\x03\x04", b"%PDF-", b"{\\rtf", b"\xd0\xcf\x11\xe0")
_MEDIA = (
    b"ID3", b"fLaC", b"OggS", b"\x1aE\xdf\xa3", b"\x89PNG", b"\0\0\1\xba",
    b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!",
)  # fmt: skip
_FORMS = (b"WAVE", b"AVI ", b"WEBP", b"AIFF", b"AIFC")  # of RIFF and FORM
_EBU_STL = re.compile(rb"\d{3}STL\d{2}\.\d{2}")
_CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]")
_FEW = 2  # a stray one, such as the mark at the end of files of DOS, makes no other file of a text
_TAGS_OF_WORDS = r"(?:i|b|u|s|em|font|p|br|c|v|span|strong|ruby|lang|div|small|big|sub|sup)"
_MARKUP = re.compile(rf"<(?:[?!]|(?!{_TAGS_OF_WORDS}[\s./>])[a-z][\w:.-]*[\s/>])", re.IGNORECASE)
_HEADS = (
    ("version https://git-lfs", "is a Git LFS pointer; fetch the file behind it with git lfs pull"),
    ("Scenarist_SCC", "is SCC; save it as SRT"),
    ("FORMAT=TIME", "is MPsub, of MPlayer; save it as SRT"),
    ("# VobSub index file", "goes with subtitles that are pictures; save their words as SRT"),
)
_PRINTED = re.compile(r"\[?\{'\w{1,30}': .*[}\]]\s*", re.DOTALL)
_NO_CAPTION = re.compile(r"\s*(?:\S{1,400}\.(?:jpe?g|png|webp)(?:#\S{0,80})?|\{\s*\".*\})\s*", re.S)
_YAML = re.compile(r"(?:---|\s*(?:-\s+)?\w{1,20}:(?:\s.*)?)")
_KEY = re.compile(r"^\s*(?:-\s+)?(\w{1,20}):", re.MULTILINE)
_TWO_CLOCKS = re.compile(
    r"(?:^|[^\d:.,])(?:\d{1,2}:){2}\d{2}[:;.,]\d{1,3}(?:[^\w\n]{1,8}| to )"
    r"(?:\d{1,2}:){2}\d{2}[:;.,]\d{1,3}(?!\d)"
)
_ROWS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"\s*\d{1,6}[.,]\d{1,9}\s+\d{1,6}[.,]\d{1,9}\s*"),
        "is a list of times without words; write the words behind them, or alone",
    ),
    (
        re.compile(r"\s*\d{1,6}[.,]\d{1,9}\s+\d{1,6}[.,]\d{1,9}\s+\S.*"),
        "is a list of times with words; save it with tabs between them, as Audacity's labels are",
    ),
    (
        re.compile(r"\s*[\w./\\-]{1,200}\|.*\w.*"),
        "is a list of recordings, with | between name and words; keep the words of this one alone",
    ),
    (
        re.compile(r"[\w./\\-]{1,200}\.(?:wav|flac|mp3|m4a|ogg|opus)\s+\S.*", re.IGNORECASE),
        "is a list of recordings, with names before the words; keep the words of this one alone",
    ),
    (
        re.compile(r"\s*\d{1,12}\s+\d{5,12}\s+\S.*"),
        "is a label file of HTK; keep its words alone, or save it with seconds as a table",
    ),
    (
        re.compile(r"(?:;;.*|\S+\s+\S+\s+(?:\S+\s+)?\d+\.\d+\s+\d+\.\d+\s+\S.*)"),
        "is CTM or STM, with names and times before the words; keep the words alone",
    ),
)


def refuse_other_bytes(data: bytes) -> None:
    """Raises Malformed for what is no text: documents, sound, pictures, archives."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.startswith(_PROGRAMS):
        raise Malformed(_OF_A_PROGRAM)
    if _EBU_STL.match(data):
        raise Malformed("is EBU STL; save it as SRT")
    form = data[:4] in (b"RIFF", b"FORM") and data[8:12] in _FORMS
    if form or data.startswith(_MEDIA) or data[4:8] == b"ftyp":
        raise Malformed(
            "is no text, but a recording, a picture or an archive; save the words as text"
        )


def refuse_controls(text: str) -> None:
    """Raises Malformed for characters that no text has."""
    if len(_CONTROLS.findall(text)) > _FEW:
        raise Malformed("holds control characters, as files that are no text do; save it as UTF-8")


def refuse_other_text(text: str) -> None:
    """Raises Malformed for text that is no transcript: pages, pointers, files of other programs."""
    head = text.lstrip()
    for begins, what in _HEADS:
        if head.startswith(begins):
            raise Malformed(what)
    if _PRINTED.fullmatch(head):
        raise Malformed("is a result as Python prints it; save it with json.dump as NAME.json")
    if _MARKUP.match(head) and head.rstrip().endswith(">"):
        raise Malformed(_OF_A_PROGRAM)


def refuse_other_cues(texts: Iterable[str]) -> None:
    """Raises Malformed for cues of pictures or data, as players have them beside a film."""
    if all(map(_NO_CAPTION.fullmatch, texts)):
        raise Malformed("holds pictures or data in place of words; give the file of the captions")


def refuse_other_lines(text: str) -> None:
    """Raises Malformed for lists whose every line has more than words, in a text of words."""
    lines = [line for line in text.split("\n") if line.strip()]
    for pattern, what in _ROWS:
        if _all(pattern, lines):
            raise Malformed(what)
    if _all(_YAML, lines) and {"text", "start"} <= set(_KEY.findall(text)):
        raise Malformed("is YAML; save it as JSON, or keep its words alone")
    numbered = enumerate(text.split("\n"), 1)
    spans = [number for number, line in numbered for _ in _TWO_CLOCKS.finditer(line)]
    if len(spans) > 1 and 6 * len(spans) >= len(lines):
        raise Malformed(f"line {spans[0]} has times, but not as SRT has them; save it as SRT")


def _all(pattern: re.Pattern[str], lines: list[str]) -> bool:
    return bool(lines) and all(pattern.fullmatch(line) for line in lines)
