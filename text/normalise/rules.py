"""Rules that read what is written in figures, signs and short forms.

A rule is a pattern and a function that says what a match is read as, or None to leave it to
later rules. Rules come in order of precedence: what one has claimed, no later one changes. Patterns
are bounded (no open-ended repetition that can be entered at every position), so that any text is
read in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from text.spans import Edit

# What replaces the whole match, or finer edits within it.
Reading: TypeAlias = "str | list[Edit] | None"
Reader: TypeAlias = Callable[[re.Match[str]], Reading]


@dataclass(frozen=True)
class Rule:
    """`pattern` read by `read`.

    `needs`: the rule is skipped where the text has none of these. `apart`: its edits stand each for
    itself, so that what another rule has claimed between them does not take the others away.
    """

    name: str
    pattern: re.Pattern[str]
    read: Reader
    needs: str = ""
    apart: bool = False


def readings(rules: Iterable[Rule], text: str, first: Iterable[Edit] = ()) -> list[Edit]:
    """The edits of `rules` on `text`, in order of position, none overlapping.

    `first` are edits that come before all rules.
    """
    claimed = bytearray(len(text))
    present = set(text)
    edits = list(first)
    for edit in edits:
        claimed[edit.start : edit.end] = b"\1" * (edit.end - edit.start)
    for rule in rules:
        if rule.needs and present.isdisjoint(rule.needs):
            continue
        for match in rule.pattern.finditer(text):
            if claimed.find(0, *match.span()) < 0:
                continue  # all of it is read already
            reading = rule.read(match)
            if reading is None:
                continue
            found = [Edit(*match.span(), reading)] if isinstance(reading, str) else reading
            for group in [[edit] for edit in found] if rule.apart else [found]:
                start, end = group[0].start, group[-1].end
                if claimed.find(1, start, end) < 0:
                    edits += group
                    claimed[start:end] = b"\1" * (end - start)
    edits = [edit for edit in edits if text[edit.start : edit.end] != edit.text]
    return sorted(edits, key=lambda edit: (edit.start, edit.end))


def always(said: str) -> Reader:
    """Reads every match as `said`."""
    return lambda match: said


def either(words: Sequence[str]) -> str:
    """A pattern for any of `words`, the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"
