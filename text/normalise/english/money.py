"""Money: symbols and codes, cents, magnitudes, ranges, prices per something."""

from __future__ import annotations

import re
from dataclasses import dataclass

from text.normalise.around import after
from text.normalise.english import numbers
from text.normalise.english.amounts import AMOUNT
from text.normalise.english.context import describes, stop
from text.normalise.rules import Reading, Rule, always, either
from text.normalise.word_lists import pairs, rows


@dataclass(frozen=True)
class Currency:
    """How one and many are called, and their hundredth parts where these are said."""

    one: str
    many: str
    part: str = ""
    parts: str = ""


_CURRENCIES = {row[0]: Currency(*row[1:]) for row in rows("en/currencies")}
_CODES = {sign: money for sign, money in _CURRENCIES.items() if len(sign) == 3 and sign.isupper()}
_SYMBOLS = {sign: money for sign, money in _CURRENCIES.items() if sign not in _CODES}
_EURO = _CURRENCIES["€"]
MAGNITUDES = pairs("en/magnitudes")
PER = pairs("en/per")

_MAG = either(list(MAGNITUDES))
_SYMBOL = either(list(_SYMBOLS))
_CODE = either(list(_CODES))
_PER = r"(?P<per>(?:/(?:sq ft|[A-Za-z]{1,9})|\spp)\b(?:\.(?=\s[a-z+(]|[,;)]))?)?"

_BEFORE = re.compile(
    rf"(?P<minus>(?<![\w.])[-−])?(?<![A-Za-z])(?P<symbol>{_SYMBOL})\s?(?P<minus2>[-−])?"
    rf"(?P<low>{AMOUNT})(?:[\s-]?(?P<mag>{_MAG})(?![A-Za-z])(?:(?<=mil)\.(?=\s[a-z]))?)?"
    rf"(?:\s?[-–—]\s?(?P<again>{_SYMBOL})?(?P<high>{AMOUNT})"
    rf"(?:[\s-]?(?P<mag2>{_MAG})(?![A-Za-z]))?(?=[^\w%°]|$))?{_PER}(?P<plus>\+)?(?!\d)"
)
_AFTER = re.compile(
    rf"(?<![\w.,:/])(?P<minus>[-−])?(?:(?P<low>{AMOUNT})(?P<dash>[-–]))?(?P<high>{AMOUNT})"
    rf"\s?(?:(?P<mag>{_MAG})\s?)?(?P<unit>[€£¥₹₽₩¢$]|{_CODE}\b)(?![\w€£¥$]){_PER}"
)
_CODE_BEFORE = re.compile(
    rf"\b(?P<unit>{_CODE})\s?(?P<high>{AMOUNT})(?:\s?(?P<mag>{_MAG})(?![A-Za-z]))?(?![\d%])"
)
_NOTES = re.compile(rf"(?P<symbol>{_SYMBOL})(?P<low>\d{{1,4}})'?s\b")
_EUROPEAN = re.compile(
    r"€\s?(?P<a>\d{1,3}(?:\.\d{3}){0,4}),(?P<b>\d\d)(?!\w)"
    r"|(?<![\w.,])(?P<c>\d{1,3}(?:\.\d{3}){0,4}),(?P<d>\d\d)\s?(?:€|EUR\b|euros?\b)"
)
_COMPOUND = re.compile(r"-[a-z]")  # "a $3-a-day habit"
_LOSS = re.compile(
    rf"(?P<symbol>{_SYMBOL})\((?P<low>{AMOUNT})\)(?:\s?(?P<mag>{_MAG})(?![A-Za-z]))?"
)
_SHILLINGS = re.compile(
    r"£(?P<a>\d{1,5}|\d{1,3},\d{3})\s(?P<b>1?\d)s\.?(?:\s(?P<c>1?\d)d\b\.?)?(?!\w)"
)
_OLD_MONEY = re.compile(r"(?<![\w.,£])(?P<b>1?\d)s\.?\s(?P<c>1?\d)d\b(?P<dot>\.)?")
_EITHER = re.compile(r"(?<=\d)\s?/\s?(?=[$£€¥]\s?\d)|(?<=\w\))/(?=[a-z]{2})")
_MANY = re.compile(r"(?<![\w.,$£€])(?P<n>10{0,2},000(?:,000)?)s\b")
_MANY_WORDS = {
    "1,000": "thousands", "10,000": "tens of thousands", "100,000": "hundreds of thousands",
    "1,000,000": "millions", "10,000,000": "tens of millions",
    "100,000,000": "hundreds of millions",
}  # fmt: skip
_PENCE = re.compile(r"(?<![\w.,])(?P<high>\d{1,3})p(?!\w)")


def _named(amount: str, currency: Currency, magnitude: str | None, *, single: bool = False) -> str:
    """`5.30` of dollars is "five dollars and thirty cents"."""
    whole, _, decimals = amount.replace(",", "").partition(".")
    if magnitude:
        return f"{numbers.number(amount)} {MAGNITUDES[magnitude]} {_unit(currency, single)}"
    if currency.part and len(decimals) == 2:
        return _with_parts(int(whole or 0), int(decimals), currency, single)
    if set(decimals) <= {"0"}:
        amount = whole
    one = single or amount == "1"
    return f"{numbers.number(amount)} {_unit(currency, one)}"


def _unit(currency: Currency, one: bool) -> str:
    return currency.one if one else currency.many


def _with_parts(whole: int, parts: int, currency: Currency, single: bool) -> str:
    small = f"{numbers.cardinal(parts)} {currency.part if parts == 1 else currency.parts}"
    big = f"{numbers.cardinal(whole)} {_unit(currency, single or whole == 1)}"
    if not parts:
        return big
    return f"{big} and {small}" if whole else small


def _per(match: re.Match[str]) -> str:
    per = match.groupdict().get("per")
    if not per:
        return ""
    per = per.rstrip(".")
    name = PER.get(per[1:], per[1:])
    return f" {name}" if name == "each" else f" per {name}"


def _before(match: re.Match[str]) -> Reading:
    currency = _SYMBOLS[match["symbol"]]
    sign = "minus " if match["minus"] or match["minus2"] else ""
    if match["high"] is None:
        single = describes(match) or _COMPOUND.match(after(match, 3)) is not None
        said = _named(match["low"], currency, match["mag"], single=single)
    else:
        said = _range(match, currency)
    return f"{sign}{said}{_per(match)}{' plus' if match['plus'] else ''}"


def _range(match: re.Match[str], currency: Currency) -> str:
    low, magnitude, last = match["low"], match["mag"], match["mag2"]
    high = _named(match["high"], currency, last, single=describes(match))
    if magnitude and magnitude != last:
        first = f"{numbers.number(low)} {MAGNITUDES[magnitude]}"
    elif "." in low and not last:
        first = _named(low, currency, None)
    else:
        first = numbers.number(low)
    return f"{first} to {high}"


def _after(match: re.Match[str]) -> Reading:
    unit = match["unit"]
    currency = Currency("cent", "cents") if unit == "¢" else _CODES.get(unit) or _SYMBOLS[unit]
    groups = match.groupdict()
    first = f"{numbers.number(groups['low'])} to " if groups.get("low") else ""
    sign = "minus " if groups.get("minus") else ""
    return f"{sign}{first}{_named(match['high'], currency, match['mag'])}{_per(match)}"


def _notes(match: re.Match[str]) -> Reading:
    return numbers.plural(numbers.number(match["low"]))


def _european(match: re.Match[str]) -> Reading:
    whole, cents = (match["a"], match["b"]) if match["a"] else (match["c"], match["d"])
    return _named(f"{whole.replace('.', '')}.{cents}", _EURO, None)


def _loss(match: re.Match[str]) -> Reading:
    return f"minus {_named(match['low'], _SYMBOLS[match['symbol']], match['mag'])}"


def _shillings(match: re.Match[str]) -> Reading:
    """`£3 10s. 6d.`: pounds, shillings and pence."""
    parts = [_named(match["a"], _SYMBOLS["£"], None)]
    parts.append(f"{numbers.cardinal(int(match['b']))} shilling{'' if match['b'] == '1' else 's'}")
    if match["c"]:
        parts.append(
            f"{numbers.cardinal(int(match['c']))} {'penny' if match['c'] == '1' else 'pence'}"
        )
    return " ".join(parts) + stop(match)


def _old_money(match: re.Match[str]) -> Reading:
    said = f"{numbers.cardinal(int(match['b']))} shilling{'' if match['b'] == '1' else 's'}"
    return f"{said} and {numbers.cardinal(int(match['c']))} pence{stop(match)}"


def _many(match: re.Match[str]) -> Reading:
    return _MANY_WORDS[match["n"]]


def _pence(match: re.Match[str]) -> Reading:
    return f"{numbers.cardinal(int(match['high']))} {'penny' if match['high'] == '1' else 'pence'}"


RULES = [
    Rule("money", _EUROPEAN, _european, "€Ee"),
    Rule("shillings", _SHILLINGS, _shillings, "£"),
    Rule("shillings", _OLD_MONEY, _old_money, "d"),
    Rule("notes", _NOTES, _notes, "s"),
    Rule("money", _BEFORE, _before, "".join({symbol[-1] for symbol in _SYMBOLS}) + "s"),
    Rule("money", _AFTER, _after, "0123456789"),
    Rule("money", _CODE_BEFORE, _after, "0123456789"),
    Rule("loss", _LOSS, _loss, "("),
    Rule("many", _MANY, _many, "s"),
    Rule("either", _EITHER, always(" or "), "/"),
    Rule("pence", _PENCE, _pence, "p"),
]
