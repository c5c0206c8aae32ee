"""Fractions, ratings, ranges, ratios, signs of arithmetic, powers."""

from __future__ import annotations

import re

from text.normalise.english import numbers
from text.normalise.english.context import after, before
from text.normalise.english.quantities import AMOUNT, power, value
from text.normalise.rules import Reading, Rule
from text.spans import Edit

_DIGITS = "0123456789"
_START = r"(?<![\w.,/:-])"
_THREE = re.compile(rf"{_START}(?P<a>24)/7/365(?!\w)")
_SUPERSCRIPT = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))

_MIXED = re.compile(rf"{_START}(?P<v>\d{{1,3}}[\s-]\d{{1,2}}/\d{{1,3}})(?![\w/]|[.,]\d)")
_FRACTION = re.compile(
    rf"{_START}(?P<a>\d{{1,4}})\s?[/⁄]\s?(?P<b>\d{{1,4}})(?P<th>ths?|rds?|nds?)?(?![\w/]|[.,]\d)"
)
_SIGNED = re.compile(rf"(?P<n>\d{{0,6}}[½¼¾⅓⅔⅛⅜⅝⅞])(?!\w)")
_POWER = re.compile(
    rf"(?P<base>(?<![\w.,])[A-Za-z]{{1,2}}|{_START}{AMOUNT}|\))(?:\^(?:\(?(?P<caret>"
    r"[-−]?\d{1,3}|[a-z])\)?)|(?P<sup>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))(?![\w^])"
)
_SCIENTIFIC = re.compile(rf"{_START}(?P<a>{AMOUNT})[eE](?P<sign>[+-])?(?P<b>\d{{1,3}})(?!\w)")
_RATIO = re.compile(
    rf"{_START}(?P<a>\d{{1,4}}(?:\.\d)?)\s?:\s?(?P<b>\d{{1,6}}(?:\.\d)?)(?P<c>:\d{{1,3}})?(?!"
    r"[\w:]|[.,]\d)"
)
_RANGE = re.compile(
    rf"(?<![\w.,/:$£€-])(?P<minus>[-−])?(?P<a>{AMOUNT})(?P<dash>\s?[–—]\s?|-|\s-\s)"
    rf"(?P<minus2>[-−](?=\d))?(?P<b>{AMOUNT})(?![-–/:]?\d|[.,]\d|[A-Za-z])"
)
_NEGATIVE = re.compile(
    rf"(?P<minus>(?<![\w.,)\]%\"'-])-|−\s?|(?<=[=(<>]\s)-)(?P<n>{AMOUNT})(?![\w/:]|[.,-]\d)"
)
_APPROX = re.compile(r"(?<!\w)~\s?(?=[$£€]?\d)")
_PLUS_MINUS = re.compile(r"±\s?|\+/[-−]\s?")
_BETWEEN = re.compile(
    r"(?<=[\w)%°²³!?])(?P<gap>\s?)(?P<sign><=|>=|!=|==|=>|[+×÷=≈≠≤≥*/·⋅−<>-])(?P<gap2>\s?)"
    r"(?=[\w(√π.\"'?−-])"
)
_ROOT = re.compile(r"√\s?(?=[\d(a-z])")
_PLUS_AFTER = re.compile(rf"{_START}(?P<n>{AMOUNT})\+(?!\w)")
_FACTORIAL_SIGNS = {"π": "pi", "∞": "infinity", "∑": "sum", "∆": "delta", "Δ": "delta", "√": "root"}

_SPECIAL = {("24", "7"): "twenty-four seven", ("9", "11"): "nine eleven", ("50", "50"): "fifty-fifty",
            ("7", "7"): "seven seven", ("20", "20"): "twenty twenty", ("1", "0"): "one zero"}  # fmt: skip
_RATED = re.compile(r"\b(?:rate[ds]?|rating|score[ds]?|scoring|grade|got|give|gave|gets?|pain|a|solid|it|:"
r"|was|is|marks?)\s(?:it\s|them\s|a\s|of\s|as\s|this\s|an\s)?$", re.IGNORECASE)  # fmt: skip
_POWERS = {"2": "squared", "3": "cubed"}
_SIGNS = {
    "+": "plus", "×": "times", "÷": "divided by", "=": "equals", "==": "equals", "≈": "is about",
    "≠": "is not equal to", "!=": "is not equal to", "≤": "is less than or equal to",
    "<=": "is less than or equal to", "≥": "is greater than or equal to",
    ">=": "is greater than or equal to", "*": "times", "·": "times", "⋅": "times", "−": "minus",
    "-": "minus", "<": "is less than", ">": "is greater than", "/": "divided by", "=>": "gives",
}  # fmt: skip


def _mixed(match: re.Match[str]) -> Reading:
    return value(match["v"].replace("-", " "))


def _fraction(match: re.Match[str]) -> Reading:
    a, b = match["a"], match["b"]
    if (a, b) in _SPECIAL:
        return _SPECIAL[a, b]
    top, bottom = int(a), int(b)
    of = re.match(
        r"\s(?:of|full|cup|inch|mile|hour|majority|lb|pound|as|the|teaspoon|tsp|tbsp)", after(match)
    )
    if (
        bottom in (5, 10, 20, 100)
        and top <= bottom
        and not of
        and (bottom > 5 or _out_of(match))
        and top * 10 != bottom * 1
        or (bottom in (10, 20, 100) and _out_of(match))
    ):
        return f"{numbers.cardinal(top)} out of {numbers.cardinal(bottom)}"
    if 1 < bottom <= 100 and 0 < top < bottom and not (a[0] == "0" or b[0] == "0"):
        if (
            bottom in (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 24, 32, 50, 64, 100)
            or of
            or match["th"]
        ):
            return numbers.fraction(top, bottom)
    if top == bottom or top + bottom == 100:
        return f"{numbers.cardinal(top)} {numbers.cardinal(bottom)}"
    if re.match(r"\s?=", after(match)):
        return f"{numbers.cardinal(top)} divided by {numbers.cardinal(bottom)}"
    over = " " if "0" in (a[0], b[0]) else " over "
    return f"{numbers.number(a)}{over}{numbers.number(b)}"


def _out_of(match: re.Match[str]) -> bool:
    return bool(_RATED.search(before(match, 16)) or re.match(r"\sstars?\b", after(match)))


def _signed(match: re.Match[str]) -> Reading:
    return value(match["n"])


def _power(match: re.Match[str]) -> Reading:
    exponent = match["caret"] or "".join(_SUPERSCRIPT[c] for c in match["sup"])
    exponent = exponent.replace("−", "-")
    base = match["base"]
    words = numbers.number(base) if base[0].isdigit() else " ".join(base)
    if exponent in _POWERS:
        return f"{words} {_POWERS[exponent]}"
    if exponent.lstrip("-").isdigit():
        return f"{words} {power(exponent)}"
    return f"{words} to the power of {exponent}"


def _scientific(match: re.Match[str]) -> Reading:
    sign = "minus " if match["sign"] == "-" else ""
    return (
        f"{numbers.number(match['a'])} times ten to the {sign}{numbers.cardinal(int(match['b']))}"
    )


def _ratio(match: re.Match[str]) -> Reading:
    parts = [match["a"], match["b"], *([match["c"][1:]] if match["c"] else [])]
    return " to ".join(numbers.number(part) for part in parts)


def _range(match: re.Match[str]) -> Reading:
    low, high = match["a"], match["b"]
    if low == high == "50":
        return "fifty-fifty"
    if match["dash"] == " - " and re.match(r"\s?=", after(match)):
        return f"{numbers.number(low)} minus {numbers.number(high)}"
    first, last = ("minus " if match[name] else "" for name in ("minus", "minus2"))
    return f"{first}{numbers.number(low)} to {last}{numbers.number(high)}"


def _negative(match: re.Match[str]) -> Reading:
    return f"minus {numbers.number(match['n'])}"


def _between(match: re.Match[str]) -> Reading:
    sign, gap = match["sign"], match["gap"]
    text, start, end = match.string, match.start(), match.end()
    left, right = text[start - 1], text[end]
    figures = left.isdigit() or right.isdigit() or left in ")²³%" or right in "√π("
    if bool(gap) != bool(match["gap2"]):
        return None
    if sign == "@":
        return " at "
    if sign in "<>" and not figures:
        return None  # x < y stays as written
    if sign in ("-", "/", "*", "·", "<", ">", "−") and not (figures and (gap or sign in "*·−")):
        return None
    if sign == "/" and not (left.isdigit() and right.isdigit()):
        return None
    if sign == "-" and not (
        left.isalnum() and right.isdigit() and re.search(r"=", text[end : end + 12])
    ):
        return None
    if sign == "+" and not gap and not (figures and left.isdigit() and right.isdigit()):
        return None
    if sign == "=" and not gap and not (figures or len(match[0]) == 1):
        return None
    words = _SIGNS[sign]
    if re.search(r"\b(?:is|are|was)\s?$", text[max(0, start - 4) : start]) and words.startswith(
        "is "
    ):
        words = words[3:]
    return f" {words} "


def _sign_words(words: str) -> object:
    def read(match: re.Match[str]) -> Reading:
        return words

    return read


def _approx(match: re.Match[str]) -> Reading:
    return "about "


def _plus_minus(match: re.Match[str]) -> Reading:
    return "plus or minus "


def _root(match: re.Match[str]) -> Reading:
    return "the square root of "


def _plus_after(match: re.Match[str]) -> Reading:
    return f"{numbers.number(match['n'])} plus"


def _always(match: re.Match[str]) -> Reading:
    return "twenty-four seven, three sixty-five"


_IONS = re.compile(r"(?<=[A-Za-z₀-₉])(?P<n>[⁰¹²³⁴⁵⁶⁷⁸⁹]?)(?P<s>[⁺⁻])")


def _ion(match: re.Match[str]) -> Reading:
    number = f" {numbers.digits(_SUPERSCRIPT[match['n']])}" if match["n"] else ""
    return f"{number} {'plus' if match['s'] == '⁺' else 'minus'}"


RULES = [
    Rule("always", _THREE, _always, "/"),
    Rule("ions", _IONS, _ion, "⁺⁻"),
    Rule("fractions", _MIXED, _mixed, "/"),
    Rule("powers", _POWER, _power, "^⁰¹²³⁴⁵⁶⁷⁸⁹"),
    Rule("scientific", _SCIENTIFIC, _scientific, "eE"),
    Rule("fractions", _FRACTION, _fraction, "/⁄"),
    Rule("fractions", _SIGNED, _signed, "½¼¾⅓⅔⅛⅜⅝⅞"),
    Rule("ratio", _RATIO, _ratio, ":"),
    Rule("range", _RANGE, _range, "-–—"),
    Rule("negative", _NEGATIVE, _negative, "-−"),
    Rule("about", _APPROX, _approx, "~"),
    Rule("plus or minus", _PLUS_MINUS, _plus_minus, "±+"),
    Rule("plus", _PLUS_AFTER, _plus_after, "+"),
    Rule("root", _ROOT, _root, "√"),
    Rule("arithmetic", _BETWEEN, _between, "+×÷=≈≠≤≥*/·⋅−<>-!"),
]
