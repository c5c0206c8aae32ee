"""Abbreviations in capitals that are spelled, for languages with a list of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from text.normalise.rules import Reading, Rule, either


def spelled_rule(spelled: Iterable[str], said: Mapping[str, str] | None = None) -> Rule:
    """`EU` as "E U"; `said` gives those that are said as a whole."""
    readings = {name: " ".join(name) for name in spelled} | dict(said or {})
    pattern = re.compile(rf"(?<![\w-]){either(list(readings))}(?=s?\b)(?!\w{{2}})")

    def read(match: re.Match[str]) -> Reading:
        return readings[match[0]]

    return Rule("spelled", pattern, read)
