"""Figures that are part of a name: `Room 204`, `B12`, `I-95`, `COVID-19`, `H₂O`, `4(b)`, `#1`."""

from __future__ import annotations

import re

from text.normalise.english import numbers
from text.normalise.english.letters import is_spelled, spell
from text.normalise.rules import Reading, Rule, either
from text.normalise.word_lists import words
from text.spans import Edit

_DIGITS = "0123456789"

_LABELLED = re.compile(
    rf"\b(?:{either(words('en/labelled'))}|[A-Z]{{2,5}})\s(?P<n>\d{{3,4}})(?P<s>s\b)?"
    r"(?![\w%]|[.,:]\d|-\d)"
)
_LABELLED_LETTER = re.compile(
    rf"\b(?:{either(words('en/labelled'))}|[Ee]xit|[Ss]eat|[Pp]latform|[Tt]rack)\s(?P<n>\d{{1,4}})(?P<a>[A-Z])(?!\w)"
)
_MODEL = re.compile(r"\b(?:Boeing|Airbus|Embraer|MD|DC)[\s-](?P<a>\d{2,3})-(?P<b>\d{1,4})(?!\w)")
_JETS = re.compile(r"(?<![\w.,$])7[0-8]7(?=s\b)s")
_ALPHABET = re.compile(r"(?<![\w-])A[-–](?P<b>[B-Z])(?![\w-])")
_DOTTED = re.compile(r"(?<![\w.])(?P<a>[A-Z])\.(?P<n>\d{2,4})(?!\w|\.\w)")
_STAR = re.compile(r"(?<!\w)A\*(?![\w*])")
_PLAN = re.compile(r"(?<!\w)(?P<n>401|403|457)\s?\(?(?P<a>[kb])\)?(?!\w)")
_SECTION = re.compile(
    r"(?<![\w.,])(?P<n>\d{1,3}(?:\.\d{1,3})?)\((?P<p>[a-z]|\d{1,2}|[ivx]{1,4})\)"
    r"(?:\((?P<q>[a-z]|\d{1,2}|[ivx]{1,4})\))?(?!\w)"
)
_DOUBLE_OH = re.compile(r"(?<![\w.,-])00(?P<n>[1-9])(?!\w|[.,-]\d)")
_GRADE = re.compile(r"(?<![\w-])(?P<a>[A-F])(?P<sign>[+−-])(?=[\s,.;:!?)\"']|$)")
_HASH = re.compile(r"(?<![\w&])#\s?(?P<n>\d{1,6})(?!\w|[.,]\d)")
_LINES = re.compile(r"(?<!\w)(?P<n>\d{3,4})(?P<a>[pi])(?!\w)")
_LETTERS_FIRST = re.compile(
    r"(?<![\w.,'@#/-])(?P<a>[A-Z]{1,5})[-–]?(?P<n>\d{1,5})(?P<b>[A-Z]{0,2}|[a-rt-z]{1,2})"
    r"(?P<s>s|'s)?(?P<slash>/[A-Z]{1,2})?(?!\w|[.,]\d)"
)
_FIGURES_FIRST = re.compile(
    r"(?<![\w.,'$£€/-])(?P<n>\d{1,4})-?(?P<a>[A-Z]{1,3}|[a-hk-lp](?=\)|\s|[,.;]|$))(?P<s>s|'s)?"
    r"(?![\w&]|'[a-z])"
)
_SUBSCRIPT = re.compile(
    r"(?<!\w)(?=[A-Za-z]{1,12}[₀-₉])(?P<n>(?:[A-Z][a-z]?[₀-₉]{0,2}){1,8})(?![₀-₉\w])"
    r"|(?<=[A-Za-z0-9₀-₉])[₀-₉]{1,9}"
)
_MIXED = re.compile(
    r"(?<![\w.,'@#/])(?=[A-Za-z]{0,8}\d)(?=\d{0,8}[A-Z])"
    r"(?P<n>[A-Z0-9][A-Za-z0-9]{1,15}(?:-[A-Z0-9]{1,10}){0,3})(?!\w|[.,]\d)"
)
_PIECE = re.compile(r"\d+|[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def code_digits(text: str) -> str:
    """The figures of a code: `12` "twelve", `283` "two eighty-three", `1234` by digits."""
    if len(text) < 3:
        return numbers.number(text)
    if text[0] != "0" and (len(text) == 3 or (len(text) == 4 and text[:2] in ("19", "20"))):
        return numbers.label(text)
    return numbers.label(text) if len(text) == 4 and text.endswith("00") else numbers.digits(text)


def _labelled(match: re.Match[str]) -> Reading:
    said = numbers.label(match["n"])
    return [Edit(match.start("n"), match.end(), numbers.plural(said) if match["s"] else said)]


def _labelled_letter(match: re.Match[str]) -> Reading:
    said = f"{numbers.label(match['n'])} {match['a']}"
    return [Edit(match.start("n"), match.end(), said)]


def _model(match: re.Match[str]) -> Reading:
    said = f"{numbers.label(match['a'])} {numbers.label(match['b'])}"
    return [Edit(match.start("a"), match.end(), said)]


def _jets(match: re.Match[str]) -> Reading:
    return numbers.plural(numbers.label(match[0][:-1]))


def _alphabet(match: re.Match[str]) -> Reading:
    return f"A to {match['b']}"


def _dotted(match: re.Match[str]) -> Reading:
    return f"{match['a']} dot {code_digits(match['n'])}"


def _star(match: re.Match[str]) -> Reading:
    return "A star"


def _with_letter(match: re.Match[str]) -> Reading:
    return f"{numbers.label(match['n'])} {match['a'].upper()}"


def _section(match: re.Match[str]) -> Reading:
    pieces = [match[group] for group in "pq" if match[group]]
    said = [numbers.cardinal(int(p)) if p.isdecimal() else spell(p) for p in pieces]
    return " ".join([numbers.number(match["n"]), *said])


def _double_oh(match: re.Match[str]) -> Reading:
    return f"double oh {numbers.number(match['n'])}"


def _grade(match: re.Match[str]) -> Reading:
    return f"{match['a']} {'plus' if match['sign'] == '+' else 'minus'}"


def _hash(match: re.Match[str]) -> Reading:
    text = match["n"]
    return f"number {numbers.digits(text) if len(text) > 4 else numbers.number(text)}"


def _letters_first(match: re.Match[str]) -> Reading:
    letters, tail = match["a"], match["s"] or ""
    said = letters.capitalize() if len(letters) > 2 and not is_spelled(letters) else spell(letters)
    number = code_digits(match["n"])
    if tail == "s" and not match["b"]:
        return f"{said} {numbers.plural(number)}"
    behind = f" {spell(match['b'])}" if match["b"] else ""
    slash = f" slash {spell(match['slash'][1:])}" if match["slash"] else ""
    return f"{said} {number}{behind}{tail}{slash}"


def _figures_first(match: re.Match[str]) -> Reading:
    return f"{numbers.label(match['n'])} {spell(match['a'])}{match['s'] or ''}"


def _subscript(match: re.Match[str]) -> Reading:
    pieces = re.findall(r"\d+|[A-Za-z]+", match[0].translate(_SUBSCRIPTS))
    said = [numbers.number(piece) if piece.isdecimal() else spell(piece) for piece in pieces]
    return ("" if match["n"] else " ") + " ".join(said)


def _mixed(match: re.Match[str]) -> Reading:
    said: list[str] = []
    for piece in _PIECE.findall(match["n"]):
        if piece.isdecimal():
            said.append(code_digits(piece))
        else:
            said.append(spell(piece) if piece.isupper() or len(piece) < 3 else piece)
    return " ".join(said)


NO_UNITS = [
    Rule("jets", _JETS, _jets, "7"),
    Rule("labelled", _LABELLED_LETTER, _labelled_letter, _DIGITS),
]
"""Before units, in which 747s would be seconds and Route 9W nine watts."""
RULES = [
    Rule("model", _MODEL, _model, "-"),
    Rule("from A to Z", _ALPHABET, _alphabet, "-–"),
    Rule("code", _DOTTED, _dotted, "."),
    Rule("grade", _STAR, _star, "*"),
    Rule("plan", _PLAN, _with_letter, "4"),
    Rule("section", _SECTION, _section, "("),
    Rule("labelled", _LABELLED, _labelled, _DIGITS),
    Rule("double oh", _DOUBLE_OH, _double_oh, "0"),
    Rule("grade", _GRADE, _grade, "+-"),
    Rule("number sign", _HASH, _hash, "#"),
    Rule("resolution", _LINES, _with_letter, "pi"),
    Rule("code", _LETTERS_FIRST, _letters_first, _DIGITS),
    Rule("code", _FIGURES_FIRST, _figures_first, _DIGITS),
    Rule("code", _SUBSCRIPT, _subscript, "₀₁₂₃₄₅₆₇₈₉"),
    Rule("code", _MIXED, _mixed, _DIGITS),
]
