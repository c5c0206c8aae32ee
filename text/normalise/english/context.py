"""What stands around a short form: does its full stop end the sentence?"""

from __future__ import annotations

import re

# Words that begin a sentence far more often than they follow an abbreviation in a name.
_STARTERS = """
The A An He She It They We I You But And So Or If In On At This That These Those There Then When
While Where What Who Why How After Before As For From Please My Our Your His Her Their Its Is Are
Do Does Did Was Were Not No Yes Now Nobody Everyone Some Many Most All Each Both Another Next Later
Today However Thanks Bring Call See Let Every By With Although Because Since Though Here Just Once
Its It's I'm I've I'll We're They're He's She's That's There's Don't You're
""".split()  # noqa: SIM905
_END = re.compile(
    r"""["')\]]{0,2}(?:\s*$|\s*\n|\s+["'(\[]{0,2}(?:""" + "|".join(_STARTERS) + r")(?!\w|'))"
)


_CAPITAL = re.compile(r"""\s+["'(]?[A-Z][a-z]""")


def ends_sentence(text: str, position: int) -> bool:
    """True when the full stop of a short form before `position` also ends the sentence."""
    return _END.match(text, position) is not None


def stop(match: re.Match[str], *, in_names: bool = False) -> str:
    """The full stop to keep after a short form that ended in one.

    Short forms that stand in names (`in_names`: Inc., U.S.) are often followed by a capital
    within a sentence; a unit or a weekday before a capital ends one.
    """
    if not match[0].endswith("."):
        return ""
    text, end = match.string, match.end()
    ends = ends_sentence(text, end) or (not in_names and _CAPITAL.match(text, end) is not None)
    return "." if ends else ""


def before(match: re.Match[str], length: int = 24) -> str:
    """The few characters before a match."""
    return match.string[max(0, match.start() - length) : match.start()]


def after(match: re.Match[str], length: int = 24) -> str:
    """The few characters after a match."""
    return match.string[match.end() : match.end() + length]
