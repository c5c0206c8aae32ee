"""Figures that are part of a name: `Room 204`, `B12`, `I-95`, `COVID-19`, `H₂O`, `4(b)`, `#1`."""

from __future__ import annotations

import re

from text.normalise.around import after, before
from text.normalise.english import numbers
from text.normalise.english.letters import is_spelled, spell
from text.normalise.rules import Reading, Rule, always, either
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
_ROOM = re.compile(
    r"\b(?:Room|room|Rm\.?|Suite|Ste\.|Apt\.|Unit|Flat)\s(?P<a>\d{1,2})-(?P<b>\d{3})(?![\w%]|[.,]\d)"
)
_MODEL = re.compile(
    r"\b(?:(?:Boeing|Airbus|Embraer|MD|DC)[\s-]|(?=7[0-8]7-\d{3}))(?P<a>\d{2,3})-(?P<b>\d{1,4})(?!\w)"
)
_JETS = re.compile(r"(?<![\w.,$])7[0-8]7(?=s\b)s")
_ALPHABET = re.compile(r"(?<![\w-])A[-–](?P<b>[B-Z])(?![\w-])")
_DOTTED = re.compile(r"(?<![\w.])(?P<a>[A-Z])\.(?P<n>\d{2,4})(?!\w|\.\w)")
_HEX = re.compile(r"(?<!\w)0[xX](?P<n>[0-9A-Fa-f]{1,16})(?!\w)")
_ACCOUNT = re.compile(
    r"\b(?:IBAN|VAT\s(?:no\.|number|ID)|BIC|account\s(?:no\.|number))(?:\sis)?:?\s"
    r"(?P<n>(?:[A-Z]{2}\s?)?\d{2,4}(?:\s[\dA-Z]{2,4}){2,8})(?!\w)"
)
_STAR = re.compile(r"(?<!\w)A\*(?![\w*])")
_PLAN = re.compile(r"(?<!\w)(?P<n>401|403|457)\s?\(?(?P<a>[kb])\)?(?!\w)")
_CLAUSE = r"[A-Za-z]|\d{1,2}|[ivx]{1,4}"
_SECTION = re.compile(
    rf"(?<![\w.,])(?P<n>\d{{1,3}}(?:\.\d{{1,3}})?)(?P<o>[a-z]?)\((?P<p>{_CLAUSE})\)"
    rf"(?:\((?P<q>{_CLAUSE})\))?(?:\((?P<r>{_CLAUSE})\))?(?:[-–]\((?P<s>{_CLAUSE})\))?(?!\w)"
)
_DOUBLE_OH = re.compile(r"(?<![\w.,-])00(?P<n>[1-9])(?!\w|[.,-]\d)")
_BLOOD = re.compile(r"(?<![\w-])(?P<a>AB|A|B|O|Rh)(?P<sign>[+−-])(?=[\s,.;:!?)\"']|$)")
_BLOOD_NEAR = re.compile(r"\b(?:[Bb]lood|[Dd]onors?|[Tt]ransfusions?)\b")
_SMALL_CODE = re.compile(
    r"(?<![\w.,'@#/-])(?P<a>[b-df-hj-np-tv-xz]{1,3})(?P<n>\d{3,6})(?!\w|[.,]\d)"
)
_GRADE = re.compile(r"(?<![\w-])(?P<a>[A-F])(?P<sign>[+−-])(?=[\s,.;:!?)\"']|$)")
_HASH = re.compile(r"(?<![\w&])#\s?(?P<n>\d{1,6})(?!\w|[.,]\d)")
_HASH_CODE = re.compile(r"(?<![\w&])#(?P<a>[A-Z]{1,5})-?(?P<n>\d{2,6})(?!\w|[.,]\d)")
_LETTERS_DECIMAL = re.compile(r"(?<![\w.,-])(?P<a>[A-Z]{2})(?P<n>\d{1,2}\.\d)(?!\w|[.,]\d)")
_STANDARD = re.compile(
    r"\b(?:ISO|IEC|EN|DIN|BS)(?:/IEC)?\s(?P<n>\d{3,6})(?P<part>-\d{1,3})?:(?P<y>(?:19|20)\d\d)(?!\w)"
)
_WIRELESS = re.compile(r"\b802\.11(?P<a>[a-z]{0,2})\b")
_DOSE = re.compile(r"\bq\.?(?P<n>\d{1,2})h(?:rs?)?\b")
_AGED = re.compile(r"(?<![\w.,])(?P<n>\d{1,3})[-\s]?(?:y/?o|y\.o\.|yo)(?!\w)")
_LINES = re.compile(r"(?<!\w)(?P<n>\d{3,4})(?P<a>[pi])(?!\w)")
_LETTERS_FIRST = re.compile(
    r"(?<![\w.,'@#-])(?<![^\d]/)(?P<a>[A-Z]{1,5})[-–]?(?P<n>\d{1,5})(?P<b>[A-Z]{0,2}|[a-rt-z]{1,2})"
    r"(?P<s>s|'s)?(?P<slash>/[A-Z]{1,2}(?![\w-]))?(?!\w|[.,]\d)"
)
_FIGURES_FIRST = re.compile(
    r"(?<![\w.,'$£€/-])(?P<n>\d{1,4})-?(?P<a>[A-Z]{1,3}|[a-hk-lp](?=\)|\s|[,.;]|$))(?P<s>s|'s)?"
    r"(?![\w&]|'[a-z])"
)
_SUBSCRIPT = re.compile(
    r"(?<!\w)(?=[A-Za-z]{1,12}[₀-₉])(?P<n>(?:[A-Z][a-z]?[₀-₉]{0,2}){1,8}e?)(?![₀-₉\w])"
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


def _hex(match: re.Match[str]) -> Reading:
    return "hex " + " ".join(numbers.digits(c) if c.isdigit() else c.upper() for c in match["n"])


def _account(match: re.Match[str]) -> Reading:
    groups = [
        " ".join(numbers.digits(c) if c.isdigit() else c for c in group)
        for group in match["n"].split()
    ]
    return [Edit(*match.span("n"), ", ".join(groups))]


def _with_letter(match: re.Match[str]) -> Reading:
    return f"{numbers.label(match['n'])} {match['a'].upper()}"


def _section(match: re.Match[str]) -> Reading:
    pieces = [match[group] for group in "pqr" if match[group]]
    said = [numbers.number(match["n"]), *match["o"].upper(), *map(_clause, pieces)]
    return " ".join(said) + (f" to {_clause(match['s'])}" if match["s"] else "")


def _clause(text: str) -> str:
    return numbers.cardinal(int(text)) if text.isdecimal() else spell(text)


def _double_oh(match: re.Match[str]) -> Reading:
    return f"double oh {numbers.number(match['n'])}"


def _grade(match: re.Match[str]) -> Reading:
    return f"{match['a']} {'plus' if match['sign'] == '+' else 'minus'}"


def _blood(match: re.Match[str]) -> Reading:
    if not _BLOOD_NEAR.search(f"{before(match, 60)} | {after(match, 60)}"):
        return None
    letters = match["a"] if match["a"] == "Rh" else spell(match["a"])
    return f"{letters} {'positive' if match['sign'] == '+' else 'negative'}"


def _small_code(match: re.Match[str]) -> Reading:
    return f"{spell(match['a'])} {code_digits(match['n'])}"


def _hash(match: re.Match[str]) -> Reading:
    text = match["n"]
    return f"number {numbers.digits(text) if len(text) > 4 else numbers.number(text)}"


def _hash_code(match: re.Match[str]) -> Reading:
    return f"number {spell(match['a'])} {code_digits(match['n'])}"


def _letters_decimal(match: re.Match[str]) -> Reading:
    return f"{spell(match['a'])} {numbers.number(match['n'])}"


def _standard(match: re.Match[str]) -> Reading:
    part = f" {numbers.number(match['part'][1:])}" if match["part"] else ""
    said = f"{numbers.number(match['n'])}{part}, {numbers.year(int(match['y']))}"
    return [Edit(match.start("n"), match.end(), said)]


def _wireless(match: re.Match[str]) -> Reading:
    return f"eight oh two point eleven {spell(match['a'])}".rstrip()


def _dose(match: re.Match[str]) -> Reading:
    return f"every {numbers.number(match['n'])} hours"


def _aged(match: re.Match[str]) -> Reading:
    return f"{numbers.number(match['n'])}-year-old"


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


ACCOUNTS = [Rule("account", _ACCOUNT, _account, _DIGITS)]
"""Before telephone numbers, which look alike."""
NO_UNITS = [
    Rule("jets", _JETS, _jets, "7"),
    Rule("labelled", _LABELLED_LETTER, _labelled_letter, _DIGITS),
    Rule("hex", _HEX, _hex, "xX"),
    Rule("standard", _STANDARD, _standard, ":"),
    Rule("standard", _WIRELESS, _wireless, "8"),
    Rule("dose", _DOSE, _dose, "q"),
    Rule("age", _AGED, _aged, "y"),
]
"""Before units, in which 747s would be seconds and Route 9W nine watts."""
RULES = [
    Rule("model", _MODEL, _model, "-"),
    Rule("model", _ROOM, _model, "-"),
    Rule("from A to Z", _ALPHABET, _alphabet, "-–"),
    Rule("code", _DOTTED, _dotted, "."),
    Rule("grade", _STAR, always("A star"), "*"),
    Rule("plan", _PLAN, _with_letter, "4"),
    Rule("section", _SECTION, _section, "("),
    Rule("labelled", _LABELLED, _labelled, _DIGITS),
    Rule("double oh", _DOUBLE_OH, _double_oh, "0"),
    Rule("blood", _BLOOD, _blood, "+-−"),
    Rule("code", _SMALL_CODE, _small_code, _DIGITS),
    Rule("grade", _GRADE, _grade, "+-"),
    Rule("number sign", _HASH, _hash, "#"),
    Rule("number sign", _HASH_CODE, _hash_code, "#"),
    Rule("code", _LETTERS_DECIMAL, _letters_decimal, "."),
    Rule("resolution", _LINES, _with_letter, "pi"),
    Rule("code", _LETTERS_FIRST, _letters_first, _DIGITS),
    Rule("code", _FIGURES_FIRST, _figures_first, _DIGITS),
    Rule("code", _SUBSCRIPT, _subscript, "₀₁₂₃₄₅₆₇₈₉"),
    Rule("code", _MIXED, _mixed, _DIGITS),
]
