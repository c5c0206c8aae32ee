"""Addresses of the web, mail, files and machines; handles and hashtags."""

from __future__ import annotations

import re

from text.normalise.english import numbers
from text.normalise.english.letters import spell, spelled_if_short
from text.normalise.rules import Reading, Rule, either
from text.normalise.word_lists import words

# Not those that are words, such as "is" and "at".
_DOMAINS = ["com", "org", "net", "edu", "gov", "mil", "info", "biz", "io", "ai", "app", "dev", "tv"]
_DOMAINS += ["uk", "de", "fr", "nl", "eu", "ca", "au", "xyz"]
_FILES = words("en/file_types")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_STOP = r"(?<![.,;:!?)\]'\"])"

_URL = re.compile(
    rf"\b(?:(?:https?|ftp|s3|file)://|(?=www\.))(?P<rest>[^\s<>\"]{{1,2000}}){_STOP}",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"(?<![\w.+-])(?:mailto:)?(?P<user>[A-Za-z0-9_][\w.+-]{0,63})"
    rf"@(?P<host>(?:{_LABEL}\.){{1,4}}[A-Za-z]{{2,12}})(?![\w@])"
)
_DOMAIN = re.compile(
    rf"(?<![\w.@/-])(?P<rest>(?:{_LABEL}\.){{1,4}}(?:{either(_DOMAINS)}\b"
    rf"(?:(?::\d{{2,5}})?/[^\s<>\"]{{0,500}})?|[a-z]{{2,6}}/[^\s<>\"]{{1,500}})){_STOP}(?![\w@-])"
)
_FILE = re.compile(
    r"(?<![\w./@-])(?![a-z]\.[a-z]\.)(?P<rest>[A-Za-z0-9_*][\w-]{0,80}(?:\.[\w-]{1,30}){0,3}"
    rf"\.{either(_FILES)})(?![\w-]|\.\w)"
    rf"|(?<!\S)(?P<ext>\.{either(_FILES)})(?=\s(?:file|format|extension)|[,.]?\s|$)"
)
_PATH = re.compile(
    r"(?<![\w.<\])%°€$£¢\"'])(?P<rest>(?:~|\.{1,2})?/(?=\w|\.\w)[\w.@+-]{1,80}(?:/[\w.@+*-]{0,80}){0,12}"
    rf"|[A-Z]:\\[^\s\"<>|]{{0,200}}){_STOP}"
)
_HANDLE = re.compile(r"(?<![\w@./])@(?P<name>[A-Za-z_]\w{0,38}(?:\.\w{1,30})?)")
_TAG = re.compile(r"(?<![\w&#/])#(?P<name>[A-Za-z_]\w{1,80})(?!\w|-\d)")
_COLOUR = re.compile(r"(?<![\w&#/])#(?P<name>[0-9A-Fa-f]{6})\b")
_IP = re.compile(
    r"(?<![\w.])(?P<ip>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?::(?P<port>\d{2,5}))?"
    r"(?P<net>/\d{1,2})?(?![\w]|\.\d)"
)

_SIGNS = {
    ".": "dot", "/": "slash", ":": "colon", "-": "dash", "_": "underscore", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde", "@": "at",
    "\\": "backslash", "*": "star", ",": "comma", "!": "exclamation mark", "$": "dollar",
    ";": "semicolon",
}  # fmt: skip
_PIECE = re.compile(r"[A-Za-z]+|\d+|[^A-Za-z\d]")
_CAMEL = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+|[^\W\d_]+")


def _host(text: str) -> str:
    """A host's name; country codes and the like are spelled."""
    return _spoken(text, spell_last=True)


def _spoken(text: str, *, spell_last: bool = False) -> str:
    words: list[str] = []
    pieces = _PIECE.findall(text)
    for index, piece in enumerate(pieces):
        if piece.isdecimal() and piece.isascii():
            words.append(numbers.label(piece) if len(piece) < 5 else numbers.digits(piece))
        elif piece.isalpha():
            last = spell_last and index == len(pieces) - 1 and len(piece) == 2
            words.append(spell(piece) if last else spelled_if_short(piece))
        elif piece in _SIGNS:
            words.append(_SIGNS[piece])
    return " ".join(words)


def _address(text: str) -> str:
    """Host and path of an address without its scheme."""
    host, slash, path = text.rstrip("/").partition("/")
    words = _host(host)
    if slash:
        words += f" slash {_spoken(path)}"
    return words


def _url(match: re.Match[str]) -> Reading:
    return _address(match["rest"])


def _mail(match: re.Match[str]) -> Reading:
    return f"{_spoken(match['user'])} at {_host(match['host'])}"


def _file(match: re.Match[str]) -> Reading:
    return _spoken(match["rest"] or match["ext"])


def _path(match: re.Match[str]) -> Reading:
    return _spoken(match["rest"])


def _name(text: str) -> str:
    words: list[str] = []
    for piece in _CAMEL.findall(text.replace("_", " ")):
        if piece.isdecimal():
            value = int(piece)
            words.append(
                numbers.year(value)
                if len(piece) == 4 and 1900 <= value < 2100
                else numbers.label(piece)
            )
        else:
            words.append(spell(piece) if piece.isupper() and 1 < len(piece) < 5 else piece)
    return " ".join(words)


def _handle(match: re.Match[str]) -> Reading:
    parts = re.split(r"([_.])", match["name"].strip("_"))
    said = [{"_": "underscore", ".": "dot"}.get(part, _name(part)) for part in parts if part]
    return "at " + " ".join(said)


def _tag(match: re.Match[str]) -> Reading:
    return f"hashtag {_name(match['name'])}"


def _colour(match: re.Match[str]) -> Reading:
    if match["name"].isalpha():
        return None
    return "hash " + " ".join(
        numbers.digits(c) if c.isdigit() else c.upper() for c in match["name"]
    )


def _ip(match: re.Match[str]) -> Reading:
    words = " dot ".join(numbers.digits(part) for part in match["ip"].split("."))
    if match["port"]:
        words += f" port {numbers.digits(match['port'])}"
    return words + (f" slash {numbers.cardinal(int(match['net'][1:]))}" if match["net"] else "")


RULES = [
    Rule("url", _URL, _url, "/wW"),
    Rule("mail", _MAIL, _mail, "@"),
    Rule("address", _IP, _ip, "."),
    Rule("path", _PATH, _path, "/\\"),
    Rule("file", _FILE, _file, "."),
    Rule("domain", _DOMAIN, _url, "."),
    Rule("handle", _HANDLE, _handle, "@"),
    Rule("colour", _COLOUR, _colour, "#"),
    Rule("hashtag", _TAG, _tag, "#"),
]
