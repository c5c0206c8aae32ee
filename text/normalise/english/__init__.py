"""English: rules for everything that is written in figures, signs and short forms."""

from __future__ import annotations

from functools import cache

from text.normalise.english import (
    addresses,
    clock,
    codes,
    dates,
    leftovers,
    lengths,
    letters,
    money,
    phones,
    quantities,
    roman,
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
        *web.RULES,
        dates.numeric(day_first),
        *dates.RULES,
        *versions.RULES,
        *money.RULES,
        *phones.RULES,
        sums.VERSES,
        *clock.RULES,
        *years.RULES,
        *addresses.RULES,
        *codes.NO_UNITS,
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
