"""English words and names the rules know."""

from __future__ import annotations

from text.normalise.word_lists import pairs, words

MONTHS = words("en/months")
MONTH_SHORT = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Sept": 9,
    "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip
DAYS = pairs("en/days")
STATES = pairs("en/states")
RULERS = frozenset(words("en/rulers"))
COMMON = frozenset(words("en/common"))
SAID_AS_WORDS = frozenset(words("en/said_as_words"))
SPELLED = frozenset(words("en/spelled"))
MIXED_CASE = pairs("en/mixed_case")
