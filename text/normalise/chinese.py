"""Chinese: what the library gets wrong, rewritten so that it reads it right."""

from __future__ import annotations

import re

from text.normalise.rules import Reading, Rule, always
from text.spans import Edit

_DIGITS = "零一二三四五六七八九"
_SCALES = ((1000, "千"), (100, "百"), (10, "十"))
_UNITS = {
    "V": "伏",
    "kV": "千伏",
    "W": "瓦",
    "kW": "千瓦",
    "MW": "兆瓦",
    "dB": "分贝",
    "kWh": "千瓦时",
}

_FRACTION = re.compile(r"(?<![\d/.])(?P<a>\d{1,4})/(?P<b>\d{1,4})(?![\d/.])")
_CURRENCY = {"$": "美元", "¥": "元", "￥": "元", "€": "欧元", "£": "英镑"}
_MONEY = re.compile(
    r"(?P<sign>[$¥￥€£])\s?(?P<n>\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,2})?|\d{1,12}(?:\.\d{1,4})?)"
    r"(?P<scale>[千万亿]{0,2})(?!\d)"
)
_LABELLED = re.compile(
    r"(?:房间号|房号|号码|编号|密码|验证码|尾号|代码|邮编|学号|工号|账号|卡号|订单号|单号|车次|门牌号)"
    r"(?:是|为|：|:)?\s?(?P<n>\d{2,20})(?![\d.,])"
)
_PERCENT = re.compile(r"(?<=%)\s?[-–~～]\s?(?=\d)")
_PLUS_MINUS = re.compile(r"±\s?(?P<n>\d{1,6}(?:\.\d{1,4})?)(?P<percent>%)?")
_UNIT = re.compile(
    rf"(?<=\d)\s?(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![A-Za-z])"
)


def number(value: int) -> str:
    """A number below ten thousand: `204` is 二百零四."""
    if value < 10:
        return _DIGITS[value]
    said, missing = "", False
    for scale, name in _SCALES:
        digit, value = divmod(value, scale)
        if digit:
            said += ("零" if missing and said else "") + _DIGITS[digit] + name
            missing = False
        else:
            missing = bool(said)
    if value:
        said += ("零" if missing else "") + _DIGITS[value]
    return said.removeprefix("一") if said.startswith("一十") else said


def _fraction(match: re.Match[str]) -> Reading:
    a, b = int(match["a"]), int(match["b"])
    return f"{number(b)}分之{number(a)}" if 0 < a < b else None


def _money(match: re.Match[str]) -> Reading:
    """With thousands or 万 the library would say only a part."""
    if "," not in match["n"] and not match["scale"]:
        return None
    return f"{match['n'].replace(',', '')}{match['scale']}{_CURRENCY[match['sign']]}"


def _labelled(match: re.Match[str]) -> Reading:
    return [Edit(*match.span("n"), "".join(_DIGITS[int(digit)] for digit in match["n"]))]


def _plus_minus(match: re.Match[str]) -> Reading:
    return [Edit(match.start(), match.start("n"), "正负")]


def _unit(match: re.Match[str]) -> Reading:
    return _UNITS[match["unit"]]


RULES = (
    Rule("number", _LABELLED, _labelled),
    Rule("money", _MONEY, _money, "$¥￥€£"),
    Rule("fraction", _FRACTION, _fraction, "/"),
    Rule("percent", _PERCENT, always("到"), "%"),
    Rule("plus or minus", _PLUS_MINUS, _plus_minus, "±"),
    Rule("unit", _UNIT, _unit),
)
