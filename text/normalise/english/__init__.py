"""English: rules for everything that is written in figures, signs and short forms."""

from __future__ import annotations

from functools import cache

from text.normalise.english import (
    addresses,
    clock,
    codes,
    dates,
    formulas,
    leftovers,
    lengths,
    letters,
    money,
    phones,
    quantities,
    roman,
    science,
    scripture,
    short_forms,
    sums,
    versions,
    web,
    years,
)
from text.normalise.rules import Rule


@cache
def rules(region: str = "") -> tuple[Rule, ...]:
    """The rules in order of precedence; `region` `US` (or none) writes the month first."""
    day_first = region not in ("", "US", "PH")
    return (
        *formulas.RULES,
        sums.PLUS_MINUS,
        *web.RULES,
        dates.numeric(day_first),
        *dates.RULES,
        *versions.RULES,
        *money.RULES,
        *codes.ACCOUNTS,
        *phones.RULES,
        *scripture.RULES,
        *clock.RULES,
        *years.RULES,
        *codes.NO_UNITS,
        short_forms.SPOONS,
        *science.RULES,
        *addresses.RULES,
        *lengths.RULES,
        *quantities.RULES,
        *short_forms.RULES,
        *phones.SERIALS,
        *codes.RULES,
        *sums.RULES,
        *roman.RULES,
        *letters.RULES,
        *years.BARE,
        *leftovers.RULES,
    )
