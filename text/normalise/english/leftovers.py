"""What no other rule has read: plain numbers, ordinals, single signs."""

from __future__ import annotations

import re

from text.normalise.around import before
from text.normalise.english import numbers
from text.normalise.english.codes import code_digits
from text.normalise.english.years import is_counted
from text.normalise.rules import Reading, Rule, always

_DIGITS = "0123456789"
_ORDINAL = re.compile(
    r"(?<![\w.,])(?P<n>\d{1,3}(?:,\d{3}){1,4}|\d{1,12})\s?(?:st|nd|rd|th|ST|ND|RD|TH)(?P<s>s)?\b"
)
_GROUPED = re.compile(r"(?<![\w.,])(?P<n>\d{1,3}(?:\s000){1,4})(?![\w]|[.,]\d)")
_THOUSANDS = re.compile(r"(?<![\d.,])(?P<n>\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,15})?)(?![\d]|,\d{3})")
_CITATION = re.compile(r"\[\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,5}\]")
_DECIMAL = re.compile(r"(?<![\d.,])(?P<n>\d{1,15}\.\d{1,15}|(?<!\w)\.\d{1,15})(?![\d]|\.\d)")
_PLURAL = re.compile(r"(?<![\w.,])(?P<n>\d{1,6})s\b")
_INTEGER = re.compile(r"\d+")
_AND = re.compile(r"(?<=[\w.)\"'])\s?&\s?(?=[\w(\"'])|(?<=\s)&(?=\s)")
_SLASH = re.compile(r"(?<=[A-Za-z])/(?=[A-Za-z\d])|(?<=\d)/(?=[A-Za-z])")
_HEART = re.compile(r"(?<=\s)<3(?=[\s.!,]|$)")
_FACE = re.compile(r"(?<=\s)(?:[:;=]-?[)(DPpoO|\\]|8-[)(D]|xD)(?=\s|[.!?]|$)")
_AMOUNT_NEXT = re.compile(r"\s?[$£€¥]?[.\d½¼¾]")
_SIGN = re.compile(r"§§|¶¶|[§¶©№@%+~#°]|(?<![<>!=])=(?![=>])|(?<=\d)×|\\")
_DROPPED = re.compile(r"[®™†‡•◦▪►★☆✓✔✗✘■□●○◆◇→←↑↓⇒]|(?<!\S)(?:<?[-=]{1,3}>|<[-=]{1,3})(?=\s|$)")
_NAMES = {
    "§": "section", "§§": "sections", "¶": "paragraph", "¶¶": "paragraphs", "©": "copyright",
    "№": "number", "@": "at", "%": "percent", "=": "equals", "+": "plus",
    "~": "about", "#": "hash", "°": "degrees", "×": "times", "\\": "backslash",
}  # fmt: skip


def _ordinal(match: re.Match[str]) -> Reading:
    words = numbers.ordinal(int(match["n"].replace(",", "")))
    return words + (match["s"] or "")


def _thousands(match: re.Match[str]) -> Reading:
    return _apart(match, numbers.number(match["n"].replace(" ", "")))


def _citation(match: re.Match[str]) -> Reading:
    return match[0]  # claimed: brackets stay as written


def _plural(match: re.Match[str]) -> Reading:
    return numbers.plural(numbers.label(match["n"]))


def _integer(match: re.Match[str]) -> Reading:
    text = match[0]
    if not text.isascii() or len(text) > 40:
        text = "".join(str(int(c)) for c in text)
    value = int(text) if len(text) <= numbers.LONGEST else 0
    counted = is_counted(match.string, match.end())
    if (
        len(text) == 4
        and value % 100 == 0
        and value % 1000
        and 1100 <= value < 10000
        and text[0] == "1"
    ):
        words = numbers.year(value)
    elif len(text) > 9 and not text.endswith("00000") and not counted:
        words = numbers.digits(text)
    elif len(text) > 2 and before(match, 1).isalpha():
        words = code_digits(text)
    else:
        words = numbers.number(text)
    return _apart(match, words)


def _apart(match: re.Match[str], words: str) -> str:
    """`words` kept apart from letters that touch the figures."""
    left = match.string[match.start() - 1 : match.start()]
    right = match.string[match.end() : match.end() + 1]
    return (
        (" " if left.isalpha() or (left in ",;" and left) else "")
        + words
        + (" " if right.isalpha() else "")
    )


def _slash(match: re.Match[str]) -> Reading:
    left, right = match.string[match.start() - 1], match.string[match.end()]
    if left.isupper() and (right.isupper() or right.isdigit()):
        return " "
    if re.search(r"[a-z]{3}$", before(match, 3)) and right.isdigit():
        return ", "
    return " slash "


def _heart(match: re.Match[str]) -> Reading:
    return "love" if re.match(r"\s\w", match.string[match.end() : match.end() + 2]) else ""


def _sign(match: re.Match[str]) -> Reading:
    left = before(match, 1)
    right = match.string[match.end() : match.end() + 1]
    if match[0] == "~" and (left.isalnum() or not _AMOUNT_NEXT.match(match.string, match.end())):
        if left.isdecimal() and right.isdecimal():
            return " to "  # 5~6
        return " " if left.isalnum() and right.isalnum() else ""  # H~2~O, ~waves~
    if not (left.strip() or right.strip()) and match[0][0] not in "§¶©№@+=":
        return None
    lead = " " if left.strip() and left not in "([\"'" else ""
    tail = " " if right.strip() and right not in ".,;:!?)]\"'" else ""
    return f"{lead}{_NAMES[match[0]]}{tail}"


def _drop(match: re.Match[str]) -> Reading:
    left, right = before(match, 1), match.string[match.end() : match.end() + 1]
    if match[0] in "®™†‡" or not (left.isalnum() and right.isalnum()):
        return ""
    return " to " if match[0] in "→⇒" else " "  # JFK→LHR


RULES = [
    Rule("emoticon", _HEART, _heart, "<"),
    Rule("emoticon", _FACE, _drop, ":;=8x"),
    Rule("citation", _CITATION, _citation, "["),
    Rule("ordinal", _ORDINAL, _ordinal, _DIGITS),
    Rule("number", _GROUPED, _thousands, _DIGITS),
    Rule("number", _THOUSANDS, _thousands, ","),
    Rule("number", _DECIMAL, _thousands, "."),
    Rule("numbers", _PLURAL, _plural, "s"),
    Rule("number", _INTEGER, _integer, _DIGITS),
    Rule("and", _AND, always(" and "), "&"),
    Rule("slash", _SLASH, _slash, "/"),
    Rule("sign", _SIGN, _sign, "§¶©№@%=+~#°×\\"),
    Rule("decoration", _DROPPED, _drop),
]
