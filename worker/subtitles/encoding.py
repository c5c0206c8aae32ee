"""Bytes to text, whatever the encoding, and what to say where it was not UTF-8.

charset-normalizer tells encodings of long texts; of a few short sentences it takes Hebrew for
Russian and Russian for Polish. So each encoding's languages judge as well: letters of one alphabet,
common ones, written as words are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from worker.subtitles.notes import Malformed, Notes

_SAMPLE = 1 << 15  # bytes judged, of the lines that are not ASCII
_SHOWN = 40
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
# Usual non-ASCII letters of a language, the commonest first.
_LETTERS = {
    "cp1250": (
        "łąężóśćńź", "íáěéčřšžýůúňťóď", "áíéčšžýúťľňôďäó", "áéöóőüíúű", "čšžćđ", "ăşîţâ",
    ),
    "cp1252": (
        "éèàêçùôûîâœëï", "äüöß", "óíáéñúü¿¡", "ãáéçíóêõúâà", "èàùòéì", "äöå", "øåæéö", "éëïöüè",
        "éïèêç", "íáéóúöýæðþ",
    ),
    "mac_roman": ("éèàêçùôûîâœëï", "äüöß", "óíáéñúü¿¡", "ãáéçíóêõúâà", "èàùòéì", "äöå", "øåæéö"),
    "cp1251": (_CYRILLIC, "оаиінвтерсклудмпзяьбгйчхцїюжшєщфґ", "аеиоjнрстујвкдмлпзгбцчшхђњжћљфџ"),
    "koi8_r": (_CYRILLIC,),
    "koi8_u": ("оаиінвтерсклудмпзяьбгйчхцїюжшєщфґ",),
    "mac_cyrillic": (_CYRILLIC,),
    "mac_latin2": ("łąężóśćńź", "íáěéčřšžýůúňťóď", "áéöóőüíúű"),
    "cp866": (_CYRILLIC,),
    "cp1253": ("αοιετσνηυρπκμλωςάγδίόέβθχήύφώξζψϊ",),
    "cp1254": ("ıişüğçö",),
    "cp1255": ("יוהלאתרמבשנדעקחפםכגטזסןצךףץ",),
    "cp1256": ("اليمنرتوبدةعسفهكقحجشطصخىءأئزضذثظغإآؤپچگژکی",),
    "cp1257": ("ėšųįąūžęč", "āīēšņļžģķčū", "äõüöšž"),
    "cp874": ("านรอกเงมยลวดทสตะปบคหแจพชขใไโผซถศุูิีึื่้็์ัำฉฟธฐณญภษๆฤฮฆ",),
    "gb18030": (
        "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而"
        "过天去能对小多然于心学么之都好看起发当没成只如事把还用第样道想作种开美录音早段很今谢请问",
    ),
    "big5": (
        "的一是了我不人在他有這個上們來到時大地為子中你說生國年著就那和要她出也得裡後自以會家可下而"
        "過天去能對小多然於心學麼之都好看起發當沒成只如事把還用第樣道想作種開美錄音早段很今謝請問",
    ),
    "cp932": ("",),
    "euc_jp": ("",),
    "iso8859_2": (
        "łąężóśćńź", "íáéěčřšžýůúňťóď", "áíéčšžýúťľňôďäó", "áéöóőüíúű", "čšžćđ", "ăşîţâ",
    ),
    "cp852": ("łąężóśćńź", "íáéěčřšžýůúňťóď", "áíéčšžýúťľňôďäó", "áéöóőüíúű", "čšžćđ"),
    "cp850": ("éèàêçùôûîâëï", "äüöß", "óíáéñúü¿¡", "ãáéçíóêõúâà", "äöå", "øåæéö"),
    "iso8859_15": ("éèàêçùôûîâœëï€",),
    "iso8859_5": (_CYRILLIC,),
    "iso8859_6": ("اليمنرتوبدةعسفهكقحجشطصخىءأئزضذثظغإآؤ",),
    "cp949": ("이다는가을의에고하지나아어리사기도를한은자로시그있해게니요안녕것스대들수보서정내",),
}  # fmt: skip
_RARE = (
    "koi8_u",
    "mac_cyrillic",
    "mac_latin2",
    "iso8859_2",
    "cp852",
    "cp850",
    "iso8859_15",
    "iso8859_5",
    "iso8859_6",
)
_LESS = 0.02  # what must speak for them beyond the score of a usual one
_USUAL_MARKS = frozenset(
    "\u00a0\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2026«»¿¡°ªº、。，！？：；「」『』（）ー～・"
)
_KANA = re.compile(r"[\u3041-\u30fe]")
_LATIN, _NOT_LATIN = re.compile("[A-Za-z]"), re.compile("[\u0370-\u0e7f]")
_WORD = re.compile(r"[^\W\d_]+")
# UTF-8 read as Windows-1252 or 1250 and stored again.
_TWICE = re.compile("[\u00c2-\u00c5\u0102\u0139\u00d0\u00d1\u00e2\u0413\u0420\u0421]")
_HZ = re.compile(rb"~\{(?:[!-~]{2}){1,200}~\}")
_WIDE_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip


_CONTROLS = re.compile("[\u0080-\u0084\u0086-\u009f]")  # of no use in a text; 85 is a new line
_OF_CP1252 = {
    byte: bytes([byte]).decode("cp1252", errors="ignore")
    for byte in (*range(128, 133), *range(134, 160))
}


class _Read(NamedTuple):
    score: float
    text: str
    encoding: str


def decoded(data: bytes, notes: Notes) -> str:
    """The text in `data`; `notes` names an encoding that had to be guessed, and what is damaged.
    Raises Malformed: no encoding gives words."""
    for mark, encoding in _WIDE_MARKS:
        if data.startswith(mark):
            return _whole(data, encoding, notes)
    if encoding := _wide_without_mark(data):
        notes.say(f"is not UTF-8: it was read as {encoding}")
        return _whole(data, encoding, notes)
    if _HZ.search(data) and data.isascii():
        notes.say("is not UTF-8: it was read as HZ")
        return _whole(data, "hz", notes)
    if b"\x1b$" in data or b"\x1b(" in data:
        notes.say("is not UTF-8: it was read as ISO-2022-JP")
        return _whole(data, "iso2022_jp_2", notes)
    try:
        text = data.decode("utf-8-sig")
        if _CONTROLS.search(text) and not _TWICE.search(text):
            notes.say("has marks of Windows-1252 that were stored wrong, which was undone")
            return text.translate(_OF_CP1252)
        return _whole(data, "utf-8-sig", notes) if "\ufffd" in text else _once(text, notes)
    except UnicodeDecodeError:
        if _nearly_utf8(data):
            return _whole(data, "utf-8-sig", notes)
        return _guessed(data, notes)


def _whole(data: bytes, encoding: str, notes: Notes) -> str:
    """`data` in an encoding that is known; what is damaged in it is named by its line."""
    text = data.decode(encoding, errors="replace")
    for number, line in enumerate(_lines(text), 1):
        if "\ufffd" in line:
            notes.add("has letters that are damaged, which were left out", number)
    return text.replace("\ufffd", "")


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _wide_without_mark(data: bytes) -> str:
    """UTF-16 or 32 by the zeros of its ASCII characters, "" if there are none."""
    if len(data) >= 16 and not len(data) % 4:
        zeros = [data[at::4].count(0) * 4 == len(data) for at in range(4)]
        if zeros[2:] == [True, True] or zeros[:2] == [True, True]:
            return "UTF-32-LE" if zeros[3] else "UTF-32-BE"
    half = len(data) // 2
    even, odd = data[::2].count(0), data[1::2].count(0)
    if half < 4 or 3 * max(even, odd) < half or 10 * min(even, odd) > max(even, odd):
        return ""
    return "UTF-16-LE" if odd > even else "UTF-16-BE"


def _nearly_utf8(data: bytes) -> bool:
    """True for UTF-8 with a few damaged bytes."""
    kept = data.decode("utf-8", errors="ignore")
    good = sum(char > "\x7f" for char in kept)
    bad = len(data) - len(kept.encode())
    return good >= 4 and good >= 8 * bad


def _once(text: str, notes: Notes) -> str:
    """`text`, or what it was before it was encoded twice."""
    if not _TWICE.search(text):
        return text
    for encoding in ("cp1252", "cp1250", "cp1251"):
        try:
            again = _single_bytes(text, encoding).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        notes.say(
            f"was read as {encoding} and stored as UTF-8 by another program, which was undone"
            f"{_example(again)}"
        )
        return again
    return text


def _single_bytes(text: str, encoding: str) -> bytes:
    """The bytes a program took for `text`; those that mean nothing in `encoding` stayed."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        known = {char: _byte(char, encoding) for char in set(text)}
        return b"".join(map(known.__getitem__, text))


def _byte(char: str, encoding: str) -> bytes:
    try:
        return char.encode(encoding)
    except UnicodeEncodeError:
        return char.encode("latin-1")


def _guessed(data: bytes, notes: Notes) -> str:
    sample = _sample(data)
    order = _library_order(sample)
    known = [read for encoding in _LETTERS for read in _read(sample, encoding)]
    known.sort(key=lambda read: (-round(read.score, 2), order.get(read.encoding, len(order))))
    for read in known:
        if read.score <= 0:
            break
        try:
            text = data.decode(read.encoding)
        except UnicodeDecodeError:
            continue
        notes.say(f"is not UTF-8: it was read as {read.encoding}{_example(read.text)}")
        return text
    raise Malformed("is in an encoding that is not known; save it as UTF-8")


def _example(text: str) -> str:
    for line in text.split("\n"):
        shown = " ".join(line.split())
        if not shown.isascii():
            first = next(i for i, char in enumerate(shown) if char > "\x7f")
            begin = shown.rfind(" ", 0, max(0, first - 12)) + 1
            return f" (“{shown[begin : begin + _SHOWN]}”)"
    return ""


def _sample(data: bytes) -> bytes:
    """The lines that are not ASCII, as far as they are needed to judge."""
    lines = (line for line in re.split(rb"[\r\n]+", data) if not line.isascii())
    kept, size = [], 0
    for line in lines:
        kept.append(line[: _SAMPLE - size] if size + len(line) > _SAMPLE else line)
        size += len(line) + 1
        if size >= _SAMPLE:
            break
    return b"\n".join(kept)


def _library_order(sample: bytes) -> dict[str, int]:
    """The encodings charset-normalizer thinks possible, the likeliest first."""
    from charset_normalizer import from_bytes  # 0.1 s, for the few files that are not UTF-8

    found = from_bytes(sample, cp_isolation=list(_LETTERS))
    return {match.encoding: place for place, match in enumerate(found)}


def _read(sample: bytes, encoding: str) -> Iterator[_Read]:
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError as fault:
        if fault.start < len(sample) - 4:  # but a sample may end within a character
            return
        text = sample[: fault.start].decode(encoding)
    scores = [_score(text, encoding, letters) for letters in _LETTERS[encoding]]
    yield _Read(max(scores) - _LESS * (encoding in _RARE), text, encoding)


def _score(text: str, encoding: str, letters: str) -> float:
    """How well `text` is written in a language with these letters: -1 to 1."""
    foreign = [char for char in text if char > "\x7f"]
    if not foreign:
        return -1.0
    weights = _weights(letters)
    total = sum(weights.get(char) or _other(char, encoding) for char in foreign)
    odd = sum(_odd(word) for word in _WORD.findall(text))
    return (total - odd) / len(foreign)


def _odd(word: str) -> bool:
    """True for capitals after small letters, and for Latin letters among others."""
    if word.isascii():
        return False
    mixed = _LATIN.search(word) and _NOT_LATIN.search(word)
    return bool(mixed) or not (word.isupper() or word[1:] == word[1:].lower())


@cache
def _weights(letters: str) -> dict[str, float]:
    size = max(len(letters), 1)
    small = {char: 1 - 0.7 * place / size for place, char in enumerate(letters)}
    return small | {char.upper(): weight for char, weight in small.items()}


def _other(char: str, encoding: str) -> float:
    """The weight of a character that is not among the usual letters."""
    if char in _USUAL_MARKS:
        return 0.5
    if encoding in ("cp932", "euc_jp"):
        return 0.9 if _KANA.match(char) else 0.3 if "\u4e00" <= char <= "\u9fff" else -1.0
    if encoding == "cp949":
        return 0.55 if "\uac00" <= char <= "\ud7a3" else -1.0
    if encoding in ("gb18030", "big5"):
        return 0.25 if "\u4e00" <= char <= "\u9fff" else -1.0
    return -1.0
