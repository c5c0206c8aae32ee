"""English: rules for everything that is written in figures, signs and short forms."""

from __future__ import annotations

from functools import cache

from text.normalise.english import (
    clock,
    codes,
    dates,
    leftovers,
    letters,
    money,
    quantities,
    roman,
    short_forms,
    sums,
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
        *codes.VERSIONS,
        *money.RULES,
        *codes.PHONES,
        *clock.RULES,
        *years.RULES,
        *short_forms.ADDRESSES,
        *quantities.RULES,
        *short_forms.RULES,
        *codes.RULES,
        *sums.RULES,
        *roman.RULES,
        *letters.RULES,
        *years.BARE,
        *leftovers.RULES,
    )
