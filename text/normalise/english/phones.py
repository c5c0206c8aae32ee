"""Telephone and other numbers that are said digit by digit."""

from __future__ import annotations

import re

from text.normalise.around import before
from text.normalise.english import numbers
from text.normalise.rules import Reading, Rule
from text.spans import Edit

_DIGITS = "0123456789"
_GAP = r"[ .\-–]"
_FORMS = [
    rf"\+\d{{1,3}}{_GAP}?(?:\(\d{{1,5}}\){_GAP}?)?\d{{1,5}}(?:{_GAP}\d{{2,5}}){{0,5}}\d{{0,9}}",
    rf"(?:1{_GAP})?\(\d{{3,5}}\)\s?\d{{3,4}}(?:{_GAP}\d{{3,4}}){{0,2}}",
    rf"(?:1{_GAP})?\d{{3}}[-.]\d{{3}}[-.]\d{{4}}",
    r"0\d{2,4}[ -]\d{3,4}(?:[ -]\d{3,4}){0,2}",
    r"0\d{3,4}[ -]\d{6}",
    r"0\d(?:[ .]\d\d){4}",
    r"0[1-9]\d{8,9}",
    r"\d{3}[-–]\d{4}",
    r"1-\d{3}-\d{4}",
    r"\d{3}\s\d{3}\s\d{4}",
]

_PHONE = re.compile(
    rf"(?<![\w.,/+-])(?P<n>{'|'.join(_FORMS)})(?P<ext>,?\s(?:ext\.?|x)\s?\d{{1,5}})?"
    r"(?![\w%]|[-–/]\d|[.,]\d)"
)
_NO_PHONE = re.compile(r"(?:pages|pp\.|between|from|years|lines)\s$")
_LETTERS = re.compile(
    r"(?<![\w-])(?P<n>1-\d{3}|0\d{3})-(?P<word>[A-Z]{2,8}(?:-[A-Z]{2,8})?)(?![\w-])"
)
_SHORT = re.compile(
    r"\b(?:[Tt]ext\s\w{2,12}\sto|[Cc]all(?:ed|ing)?|[Dd]ial|[Rr]ing|[Pp]hone|[Tt]ext|CALL|DIAL|TEXT)\s"
    r"(?P<n>\d{3,6})(?![\w%]|[.,]\d|\s(?:people|times|customers))"
)
_NUMBERED = re.compile(
    r"\b(?:[Nn]o\.|[Nn]umber|ID|PIN|[Cc]ode|[Aa]ccount|[Aa]cct\.|[Cc]ard|Visa|Mastercard|Amex|[Rr]eference|[Ii]nvoice|[Tt]racking|[Ss]erial"
    r"|ending\sin|[Rr]ef\.|passcode|password|OTP|ISBN|SKU|[Pp]asscode|[Bb]arcode|[Bb]ooking|[Cc]onfirmation"
    r"|[Tt]icket|[Oo]rder|[Pp]olicy|[Pp]assport|[Ll]icen[cs]e)(?:\s(?:is|was|no\.|number))?"
    r"[:\s]{1,2}(?:#|(?P<mask>[*•xX]{1,16}[- ]?))?(?P<n>\d{4,20}|\d{2,8}-\d{2,8})"
    r"(?![\w%]|[.,]\d|-\d)"
)
_HASH = re.compile(r"(?<![\w&])#(?P<n>\d{1,9}(?:-\d{1,9}){1,4})(?![\w-])")
_SERIAL = re.compile(
    r"(?<![\w.,/-])(?P<n>\d{1,7}(?:[-–]\d{1,7}){2,6})(?P<x>-[Xx])?(?![\w/]|[-–.,]\d)"
)


_ONE_TIME = re.compile(
    r"\b(?:OTP|PIN|[Pp]asscode|(?:[Vv]erification|[Ss]ecurity|[Ll]og-?in|[Aa]ccess|[Cc]onfirmation|[Bb]ackup"
    r"|[Yy]our)\s[Cc]ode)(?:\s(?:is|was))?[:\s]{1,2}(?P<n>\d{2,4}(?:[ -]\d{2,4}){1,3})"
    r"(?![\w%/]|[.,]\d|[ -]\d)"
)
# No range ends in a number with a nought before it: `2024-0117`.
_REFERENCE = re.compile(r"(?<![\w.,/:$£€-])(?P<n>\d{2,8}-0\d{2,7})(?![\w/%]|[-–.,]\d)")


def _grouped(text: str) -> str:
    """Digit by digit; 1-800 is "one eight hundred"."""
    said = numbers.grouped_digits(text)
    return re.sub(r"^one, (eight|nine) zero zero", r"one \1 hundred", said)


def _phone(match: re.Match[str]) -> Reading:
    text, extension = match["n"], match["ext"]
    if text[0] == "+" and sum(character.isdigit() for character in text) < 7:
        return None
    if re.fullmatch(r"\d{3}[-–]\d{4}", text) and _NO_PHONE.search(before(match, 10)):
        return None
    plus = "plus " if text.startswith("+") else ""
    tail = f", extension {numbers.digits(extension)}" if extension else ""
    return f"{plus}{_grouped(text)}{tail}"


def _letters(match: re.Match[str]) -> Reading:
    return f"{_grouped(match['n'])}, {match['word'].lower().replace('-', ' ')}"


def _short(match: re.Match[str]) -> Reading:
    return [Edit(*match.span("n"), numbers.digits(match["n"]))]


def _numbered(match: re.Match[str]) -> Reading:
    year = len(match["n"]) == 4 and match["n"][:2] in ("19", "20")
    if "#" in match[0]:
        return None
    if match["mask"]:  # ****1234
        return [Edit(match.start("mask"), match.end("n"), numbers.digits(match["n"]))]
    if "-" in match["n"]:
        return [Edit(*match.span("n"), numbers.grouped_digits(match["n"]))]
    return None if year else _short(match)


def _one_time(match: re.Match[str]) -> Reading:
    return [Edit(*match.span("n"), numbers.grouped_digits(match["n"]))]


def _hash(match: re.Match[str]) -> Reading:
    low, _, high = match["n"].partition("-")
    if match[0][0] == "#" and len(high) < 4 and high.isdecimal() and int(low) < int(high):
        return f"numbers {numbers.number(low)} to {numbers.number(high)}"
    return f"{'number ' if match[0][0] == '#' else ''}{numbers.grouped_digits(match['n'])}"


def _serial(match: re.Match[str]) -> Reading:
    parts = re.split("[-–]", match["n"])
    if len(parts) == 3 and max(map(len, parts)) < 3 and min(map(len, parts)) == 1:
        return ", ".join(map(numbers.number, parts))  # won, lost, drawn
    return numbers.grouped_digits(match["n"]) + (" X" if match["x"] else "")


RULES = [
    Rule("numbered", _HASH, _hash, "#"),
    Rule("numbered", _ONE_TIME, _one_time, _DIGITS),
    Rule("phone", _LETTERS, _letters, _DIGITS),
    Rule("phone", _PHONE, _phone, _DIGITS),
    Rule("phone", _SHORT, _short, _DIGITS),
    Rule("numbered", _NUMBERED, _numbered, _DIGITS),
]
SERIALS = [
    Rule("serial number", _SERIAL, _serial, "-–"),
    Rule("serial number", _REFERENCE, _hash, "-"),
]
"""After dates, which look alike."""
