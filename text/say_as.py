"""What SSML's say-as makes of a text: what is spoken, or written so that it is read as asked."""

from __future__ import annotations

import re

from text.normalise.english.names import MONTHS
from text.normalise.roman import roman

KINDS = (
    "characters", "spell-out", "verbatim", "digits", "telephone", "cardinal", "number", "ordinal",
    "date", "time", "duration", "fraction", "unit", "currency", "address", "name", "text",
)  # fmt: skip
_ORDINAL = {"en": "{}th", "de": "{}.", "fr": "{}e", "es": "{}.º"}
_DATE = {"de": "{d}.{m}.{y}", "fr": "{d}/{m}/{y}", "es": "{d}/{m}/{y}", "zh": "{y}年{m}月{d}日"}
_DAY = {"de": "{d}.{m}.", "zh": "{m}月{d}日"}


def said_as(content: str, how: str, form: str, language: str) -> str | None:
    """`content` as `how` wants it said, None where it is read as it is.

    Args:
        form: of a date, the order of its parts: mdy, dmy, ymd, md, dm, my, ym.
        language: two letters.
    """
    content = content.strip()
    if how in ("characters", "spell-out", "verbatim"):
        return " ".join(c.upper() for c in content if c.isalnum())
    if how in ("digits", "telephone"):
        return _digits(content)
    if how == "date":
        return _date(content, re.sub(r"(.)\1+", r"\1", form.lower()), language)
    if how not in ("cardinal", "number", "ordinal"):
        return None
    plain = content.replace(",", "") if language == "en" else content
    number = int(plain) if re.fullmatch(r"[0-9]{1,15}", plain) else roman(content)
    if number is None:
        return None
    if how == "ordinal":
        return _ordinal(number, language)
    return f"{number:,}" if language == "en" else str(number)


def _digits(content: str) -> str | None:
    """Each figure alone, groups apart; words between them, as an extension, stay."""
    groups = re.findall(r"\d+|[^\W\d_]+|\+(?=\s?\d)", content)
    if not any(group.isdecimal() for group in groups):
        return None
    said = [
        " ".join(group) if group.isdecimal() else "plus" if group == "+" else group
        for group in groups
    ]
    return ", ".join(said).replace("plus,", "plus")


def _ordinal(number: int, language: str) -> str | None:
    if language not in _ORDINAL:
        return None
    if language != "en":
        return _ORDINAL[language].format(number)
    digits = str(number)
    last = "th" if digits[-2:-1] == "1" else {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1], "th")
    return digits + last


def _date(content: str, form: str, language: str) -> str | None:
    """A date in figures, written so that the language reads its parts as `form` orders them."""
    if re.fullmatch(r"[0-9]{8}", content):
        numbers, form = [content[:4], content[4:6], content[6:]], "ymd"
    else:
        numbers = re.findall(r"[0-9]+", content)
        if re.search(r"[^\W\d_]", content) or len(numbers) != len(form):
            return None
    parts = {letter: int(number) for letter, number in zip(form, numbers, strict=True)}
    month, day, year = parts.get("m", 1), parts.get("d", 1), parts.get("y", 2000)
    if not (1 <= month <= 12 and 1 <= day <= 31 and year <= 9999):
        return None
    if year < 100:
        year += 2000 if year < 70 else 1900
    kind = "".join(sorted(parts))
    if kind == "dmy":
        return _DATE.get(language, "{y:04}-{m:02}-{d:02}").format(y=year, m=month, d=day)
    if language == "en" and kind in ("dm", "my"):
        return f"{MONTHS[month - 1]} {day if kind == 'dm' else year}"
    return _DAY.get(language, "{d}/{m}").format(d=day, m=month) if kind == "dm" else None
