"""Fractions, ratings, ranges, ratios, signs of arithmetic, powers."""

from __future__ import annotations

import re

from text.normalise.around import after, before
from text.normalise.english import numbers
from text.normalise.english.amounts import AMOUNT, FRACTION, SUPERSCRIPTS, power, value
from text.normalise.rules import Reading, Rule, always
from text.normalise.word_lists import pairs, words

_START = r"(?<![\w.,/:-])"

_FIXED = {
    "24/7/365": "twenty-four seven, three sixty-five",
    "24/7": "twenty-four seven",
    "9/11": "nine eleven",
    "20/20": "twenty twenty",
}
_PHRASE = re.compile(rf"{_START}(?:24/7/365|24/7|9/11|20/20)(?![\w/]|[.,]\d)")
_STARS = re.compile(rf"{_START}(?P<a>\d{{1,2}}\.\d{{1,2}})/(?P<b>5|10|100)(?!\w|[.,/]\d)")
_MIXED = re.compile(rf"{_START}\d{{1,3}}[\s-]\d{{1,2}}/\d{{1,3}}(?![\w/]|[.,]\d)")
_FRACTION = re.compile(
    rf"{_START}(?P<a>\d{{1,4}})\s?[/⁄]\s?(?P<b>\d{{1,4}})(?P<th>ths?|rds?|nds?)?(?![\w/]|[.,]\d)"
)
_OF = re.compile(r"\s(?:of|full|cup|inch|mile|hour|majority|lb|pound|as|the|teaspoon|tsp|tbsp)")
_RATED = re.compile(
    rf"\b(?:{'|'.join(words('en/rated'))}|:)\s(?:it\s|them\s|a\s|of\s|as\s|this\s|an\s)?$",
    re.IGNORECASE,
)
_FRACTION_RANGE = re.compile(
    rf"(?<![\w.,/-])(?P<a>\d{{0,3}}{FRACTION}|\d{{1,3}})\s?[-–—]\s?(?P<b>\d{{0,3}}{FRACTION})(?!\w)"
)
_SIGNED = re.compile(rf"(?:\d{{1,6}}\s?)?{FRACTION}(?!\w)")
_POWER = re.compile(
    rf"(?P<base>(?<![\w.,])[A-Za-z]{{1,2}}|{_START}{AMOUNT})"
    r"(?:\^(?:\(?(?P<caret>[-−]?\d{1,3}|[a-z])\)?)|(?P<sup>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))(?![\w^])"
)
_ION = re.compile(r"(?<=[A-Za-z₀-₉])(?P<n>[⁰¹²³⁴⁵⁶⁷⁸⁹]?)(?P<sign>[⁺⁻])")
_SCIENTIFIC = re.compile(rf"{_START}(?P<a>{AMOUNT})[eE](?P<sign>[+-])?(?P<b>\d{{1,3}})(?!\w)")
_RATIO = re.compile(
    rf"{_START}(?P<a>\d{{1,4}}(?:\.\d)?)\s?:\s?(?P<b>\d{{1,6}}(?:\.\d)?)(?P<c>:\d{{1,3}})?"
    r"(?![\w:]|[.,]\d)"
)
_RANGE = re.compile(
    rf"(?<![\w.,/:$£€-])(?P<minus>[-−])?(?P<a>{AMOUNT}{FRACTION}?)(?P<dash>\s?[–—]\s?|-|\s-\s)"
    rf"(?P<minus2>[-−](?=\d))?(?P<b>{AMOUNT}{FRACTION}?)(?![-–/:]?\d|[.,]\d|[A-Za-z])"
)
_NEGATIVE = re.compile(
    rf"(?:(?<![\w.,)\]%\"'-])-|(?<=\s)–|−\s?|(?<=[=(<>]\s)-)(?P<n>{AMOUNT})(?![\w/:]|[.,-]\d)"
)
_ABOUT = re.compile(r"(?<!\w)~\s?(?=[$£€]?\d)")
_PLUS_MINUS = re.compile(r"±\s?|\+/[-−]\s?")
_STAR = re.compile(r"(?<=\d)\*(?=[\s.,;:)]|$)")
_ARROW = re.compile(r"\s?(?:→|⟶|⇌|-->|->)\s?(?=[\w(])")
_ODDS = re.compile(r"\b(?:odds|horse|bet|favourite|favorite|bookmakers?|lengths|jockey)\b")
_CRICKET = re.compile(r"\b(?:overs?|wickets?|innings|runs|batted|not out|declared)\b")
_FORMULA = re.compile(r"[₀-₉]|\+\s?\d?[A-Z]")
_BOUND = re.compile(r"(?:(?<=[\s(])|^)(?P<sign>[<>])(?=[$£€]?\d)(?!3(?:[\s.!,]|$))")
_ROOT = re.compile(r"√\s?(?=[\d(a-z])")
_PLUS = re.compile(rf"{_START}(?P<n>{AMOUNT})\+(?!\w)")
_BETWEEN = re.compile(
    r"(?<=[\w)%°²³!?])(?P<gap>\s?)(?P<sign><=|>=|!=|==|=>|[+×÷=≈≠≤≥*/·⋅−<>-])(?P<gap2>\s?)"
    r"(?=[\w(√π.\"'?−$£€-])"
)
_SIGNS = pairs("en/signs")
_COMMON_PARTS = frozenset([*range(2, 11), 12, 16, 20, 24, 32, 50, 64, 100])


def _phrase(match: re.Match[str]) -> Reading:
    return _FIXED[match[0]]


def _stars(match: re.Match[str]) -> Reading:
    return f"{numbers.number(match['a'])} out of {numbers.number(match['b'])}"


def _mixed(match: re.Match[str]) -> Reading:
    return value(match[0].replace("-", " "))


def _fraction(match: re.Match[str]) -> Reading:
    a, b = match["a"], match["b"]
    top, bottom = int(a), int(b)
    of = _OF.match(after(match)) is not None
    if _is_rating(match, top, bottom, of):
        return f"{numbers.cardinal(top)} out of {numbers.cardinal(bottom)}"
    zeros = "0" in (a[0], b[0])
    if 0 < top < bottom <= 100 and not zeros and (bottom in _COMMON_PARTS or of or match["th"]):
        return numbers.fraction(top, bottom)
    if top > bottom and _ODDS.search(f"{before(match, 40)} | {after(match, 40)}"):
        return f"{numbers.cardinal(top)} to {numbers.cardinal(bottom)}"
    if 1900 <= top < 2100 and len(b) > 2:
        return f"{numbers.year(top)}, {numbers.label(b)}"  # Regulation 2016/679
    if top > 10 >= bottom and _CRICKET.search(f"{before(match, 60)} | {after(match, 60)}"):
        return f"{numbers.cardinal(top)} for {numbers.cardinal(bottom)}"
    if top == bottom or top + bottom == 100 or zeros:
        return f"{numbers.number(a)} {numbers.number(b)}"
    if re.match(r"\s?=", after(match)):
        return f"{numbers.cardinal(top)} divided by {numbers.cardinal(bottom)}"
    return f"{numbers.cardinal(top)} over {numbers.cardinal(bottom)}"


def _is_rating(match: re.Match[str], top: int, bottom: int, of: bool) -> bool:
    """`8/10`, and `4/5 stars`, but `1/10` and `7/10 of them` are fractions."""
    if bottom not in (5, 10, 20, 100) or top > bottom:
        return False
    stars = _RATED.search(before(match, 16)) or re.match(r"\sstars?\b", after(match))
    return bool(stars) if bottom == 5 or top == 1 else not of or bool(stars)


def _fraction_range(match: re.Match[str]) -> Reading:
    return f"{value(match['a'])} to {value(match['b'])}"


def _signed(match: re.Match[str]) -> Reading:
    return value(match[0])


def _power(match: re.Match[str]) -> Reading:
    exponent = match["caret"] or "".join(SUPERSCRIPTS[sign] for sign in match["sup"])
    base = match["base"]
    said = numbers.number(base) if base[0] in ".0123456789" else " ".join(base)
    if exponent in ("2", "3"):
        return f"{said} {'squared' if exponent == '2' else 'cubed'}"
    if exponent.isalpha():
        return f"{said} to the power of {exponent}"
    return f"{said} {power(exponent)}"


def _ion(match: re.Match[str]) -> Reading:
    number = f" {numbers.digits(SUPERSCRIPTS[match['n']])}" if match["n"] else ""
    return f"{number} {'plus' if match['sign'] == '⁺' else 'minus'}"


def _scientific(match: re.Match[str]) -> Reading:
    sign = "minus " if match["sign"] == "-" else ""
    exponent = numbers.cardinal(int(match["b"]))
    return f"{numbers.number(match['a'])} times ten to the {sign}{exponent}"


def _ratio(match: re.Match[str]) -> Reading:
    if float(match["a"]) > 24 and re.fullmatch(r"[0-5]\d", match["b"]) and not match["c"]:
        near = f"{before(match, 30)} | {after(match, 20)}"
        if not re.search(r"\b(?:ratio|scale|odds|mix|split|proportion)", near):
            return f"{numbers.number(match['a'])} {numbers.short_year(int(match['b']))}"  # a race
    parts = [match["a"], match["b"], *([match["c"][1:]] if match["c"] else [])]
    return " to ".join(numbers.number(part) for part in parts)


def _range(match: re.Match[str]) -> Reading:
    low, high = match["a"], match["b"]
    if low == high == "50":
        return "fifty-fifty"
    if match["dash"] == " - " and re.match(r"\s?=", after(match)):
        return f"{value(low)} minus {value(high)}"
    first, last = ("minus " if match[name] else "" for name in ("minus", "minus2"))
    return f"{first}{value(low)} to {last}{value(high)}"


def _negative(match: re.Match[str]) -> Reading:
    return f"minus {numbers.number(match['n'])}"


def _between(match: re.Match[str]) -> Reading:
    sign, end = match["sign"], match.end()
    left, right = match.string[match.start() - 1], match.string[end]
    if bool(match["gap"]) != bool(match["gap2"]) or not _is_arithmetic(match, left, right):
        return None
    said = _SIGNS[sign]
    if sign in "<>" and re.search(r"[a-z]{2}$", before(match, 2)):
        return f" {'more' if sign == '>' else 'less'} than "
    if sign in "≥≤" and re.search(r"[a-z]{2}$|'s$", before(match, 2)):
        return f" at {'least' if sign == '≥' else 'most'} "
    if said.startswith("is ") and re.search(r"\b(?:is|are|was)$", before(match, 4)):
        said = said[3:]
    return f" {said} "


def _is_arithmetic(match: re.Match[str], left: str, right: str) -> bool:
    """False where the sign is more likely a hyphen, a bracket or a bullet."""
    sign, gap = match["sign"], match["gap"]
    both = left.isdigit() and right.isdigit()
    figures = left.isdigit() or right.isdigit() or left in ")²³%" or right in "√π($£€"
    if sign in ("<", ">"):
        return figures and bool(gap)  # x < y stays as it is written
    if sign == "/":
        return both and bool(gap)
    if sign == "-":
        rest = match.string[match.end() : match.end() + 12]
        return bool(gap) and left.isalnum() and right.isdigit() and "=" in rest
    if sign in ("*", "·", "−"):
        return figures
    return bool(gap) or (both if sign == "+" else sign != "=" or figures)


def _star(match: re.Match[str]) -> Reading:
    """A star behind a figure is a note; in cricket the batsman is not out."""
    around = f"{before(match, 80)} | {after(match, 60)}"
    return " not out" if _CRICKET.search(around) else ""


def _arrow(match: re.Match[str]) -> Reading:
    """`2H2 + O2 → 2H2O` gives, `5 → 10` goes to; any other is decoration."""
    left, right = before(match, 16), after(match, 10)
    if _FORMULA.search(left) or _FORMULA.search(right):
        return " gives "
    return " to " if left[-1:].isdigit() and right[:1].isdigit() else None


def _bound(match: re.Match[str]) -> Reading:
    return "less than " if match["sign"] == "<" else "more than "


def _plus(match: re.Match[str]) -> Reading:
    return f"{numbers.number(match['n'])} plus"


PLUS_MINUS = Rule("plus or minus", _PLUS_MINUS, always("plus or minus "), "±+")
"""Before units, which take the minus for theirs."""
RULES = [
    Rule("star", _STAR, _star, "*"),
    Rule("arrow", _ARROW, _arrow, "→⟶⇌>"),
    Rule("phrase", _PHRASE, _phrase, "/"),
    Rule("ions", _ION, _ion, "⁺⁻"),
    Rule("stars", _STARS, _stars, "/"),
    Rule("fractions", _MIXED, _mixed, "/"),
    Rule("powers", _POWER, _power, "^⁰¹²³⁴⁵⁶⁷⁸⁹"),
    Rule("scientific", _SCIENTIFIC, _scientific, "eE"),
    Rule("fractions", _FRACTION, _fraction, "/⁄"),
    Rule("range", _FRACTION_RANGE, _fraction_range, "½¼¾⅓⅔⅛⅜⅝⅞"),
    Rule("fractions", _SIGNED, _signed, "½¼¾⅓⅔⅛⅜⅝⅞"),
    Rule("ratio", _RATIO, _ratio, ":"),
    Rule("range", _RANGE, _range, "-–—"),
    Rule("negative", _NEGATIVE, _negative, "-−"),
    Rule("bound", _BOUND, _bound, "<>"),
    Rule("about", _ABOUT, always("about "), "~"),
    Rule("plus", _PLUS, _plus, "+"),
    Rule("root", _ROOT, always("the square root of "), "√"),
    Rule("arithmetic", _BETWEEN, _between, "+×÷=≈≠≤≥*/·⋅−<>-!"),
]
