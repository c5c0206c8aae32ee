"""Units as they are written: the symbol, its name for one, its name for many."""

from __future__ import annotations

from text.normalise.word_lists import rows

_POWERS = {"²": "square", "^2": "square", "2": "square", "³": "cubic", "^3": "cubic", "3": "cubic"}
_WITH_POWERS = ("m", "km", "cm", "mm", "dm", "mi", "yd", "ft", "in")


def _units() -> dict[str, tuple[str, str]]:
    units = {symbol: (one, many) for symbol, one, many in rows("en/units")}
    for symbol in _WITH_POWERS:
        for sign, power in _POWERS.items():
            one, many = units.get(symbol, ("decimeter", "decimeters"))
            if symbol not in ("ft", "in") or not sign.isdigit():
                units[symbol + sign] = (f"{power} {one}", f"{power} {many}")
    return units


UNITS = _units()
PER = {
    **{symbol: one for symbol, (one, _) in UNITS.items() if symbol[0] not in "°º℃℉%‰"},
    "s²": "second squared", "s^2": "second squared", "s2": "second squared", "d": "day",
    "day": "day", "hour": "hour", "week": "week", "month": "month", "year": "year",
    "person": "person", "100km": "hundred kilometers", "100 km": "hundred kilometers",
    "100g": "hundred grams", "100 g": "hundred grams",
}  # fmt: skip
"""What may stand after a slash, and how it is said after "per"."""
