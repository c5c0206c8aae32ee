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


def ends_sentence(text: str, position: int) -> bool:
    """True when the full stop of a short form before `position` also ends the sentence."""
    return _END.match(text, position) is not None


def before(match: re.Match[str], length: int = 24) -> str:
    """The few characters before a match."""
    return match.string[max(0, match.start() - length) : match.start()]


def after(match: re.Match[str], length: int = 24) -> str:
    """The few characters after a match."""
    return match.string[match.end() : match.end() + length]
