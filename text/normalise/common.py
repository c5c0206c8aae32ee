"""Rules that several languages have, made from their word lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from text.normalise.around import is_last
from text.normalise.roman import roman
from text.normalise.rules import Reader, Reading, Rule, always, either
from text.spans import Edit


def spelled(names: Iterable[str], said: Mapping[str, str] | None = None) -> Rule:
    """`EU` is "E U"; `said` has those that are not spelled."""
    readings = {name: " ".join(name) for name in names} | dict(said or {})
    pattern = re.compile(rf"(?<![\w-]){either(list(readings))}(?=s?\b)(?!\w{{2}})")

    def read(match: re.Match[str]) -> Reading:
        return readings[match[0]]

    return Rule("spelled", pattern, read)


def short_forms(table: Mapping[str, str], allowed: Reader | None = None) -> Rule:
    """Short forms as they stand; the full stop of the last one in a text ends a sentence.

    `allowed` reads a match itself, returns "" to have it read from the table, None to leave it.
    """
    pattern = re.compile(rf"(?<![\w.'’-]){either(list(table))}(?!\w)")

    def read(match: re.Match[str]) -> Reading:
        special = allowed(match) if allowed else ""
        if special != "":
            return special
        return table[match[0]] + ("." if match[0].endswith(".") and is_last(match) else "")

    return Rule("short form", pattern, read)


def before_figure(table: Mapping[str, str]) -> Rule:
    """Short forms that are one only before a figure: `S. 5`, `n° 3`."""
    pattern = re.compile(rf"(?<![\w.§])(?P<word>{either(list(table))})\s?(?=\d|[IVX]+\b)")

    def read(match: re.Match[str]) -> Reading:
        return f"{table[match['word']]} "

    return Rule("before a figure", pattern, read)


def chapters(names: Iterable[str]) -> Rule:
    """A Roman numeral after a word such as "chapter", in figures that the library reads."""
    pattern = re.compile(rf"\b{either(list(names))}\s(?P<n>[IVXL]{{1,7}})\b")

    def read(match: re.Match[str]) -> Reading:
        number = roman(match["n"])
        return None if number is None else [Edit(*match.span("n"), str(number))]

    return Rule("chapter", pattern, read, "IVXL")


def arithmetic(plus: str, equals: str, times: str, once: str) -> list[Rule]:
    """`2 + 2 = 4` and `3x`."""
    signs = {"+": plus, "=": equals}

    def read_sign(match: re.Match[str]) -> Reading:
        return f" {signs.get(match['sign'], times)} "

    def read_times(match: re.Match[str]) -> Reading:
        return f"{match['n']} {once}"

    return [
        Rule("sum", re.compile(r"(?<=\d)\s(?P<sign>[+=×x*])\s(?=\d)"), read_sign, "+=×x*"),
        Rule("sum", re.compile(r"(?<=\d)(?P<sign>[+=×])(?=\d)"), read_sign, "+=×"),
        Rule("times", re.compile(r"(?<![\w.,])(?P<n>\d{1,3})\s?x(?=\s)"), read_times, "x"),
    ]


def units(table: Iterable[Sequence[str]]) -> Rule:
    """Units the library leaves: `9,58 s` gets its unit in words, `1 s` its article as well."""
    names = {symbol: (one, many) for symbol, one, many in table}
    pattern = re.compile(
        rf"(?<![\w.,])(?P<n>\d{{1,3}}(?:[. ]\d{{3}}){{0,3}}(?:,\d{{1,6}})?|\d{{1,12}}|\d/\d|[½¼¾])"
        rf"(?P<gap>\s?)(?P<unit>{either(list(names))})(?![\w²³/'’]|\.\w)"
    )

    def read(match: re.Match[str]) -> Reading:
        one, many = names[match["unit"]]
        if match["unit"] == "K" and not match["gap"]:
            return None  # 10K is a run
        if match["n"] == "1":
            return one
        part = one.partition(" ")[2] if match["n"][-2:-1] == "/" or match["n"] in "½¼¾" else many
        return [Edit(match.start("gap"), match.end(), f" {part}")]

    return Rule("units", pattern, read)


def versions(point: str, one: str) -> Rule:
    """`2.4.1` with its points in words and its figures for the library, which says `one` itself in
    other ways before a noun."""
    pattern = re.compile(r"(?<![\w.,-])\d{1,3}(?:\.\d{1,2}){2}(?![\w-]|[.,]\d)")

    def read(match: re.Match[str]) -> Reading:
        parts = match[0].split(".")
        return f" {point} ".join([*parts[:-1], one if parts[-1] == "1" else parts[-1]])

    return Rule("version", pattern, read)


def prices_per(words: Mapping[str, str], otherwise: str) -> Rule:
    """`950 €/Monat`: the slash after a sign of money; a unit in `words` with its name."""

    def read(match: re.Match[str]) -> Reading:
        what = match["what"]
        if what in words:
            return f" {words[what]}"
        return [Edit(match.start(), match.start("what"), f" {otherwise} ")]

    pattern = re.compile(r"(?<=[€$£])\s?/\s?(?P<what>[^\W\d_]{1,15}²?)(?!\w)")
    return Rule("price", pattern, read, "/")


def ampersand(said: str) -> Rule:
    """`Müller & Söhne`."""
    return Rule("and", re.compile(r"(?<=[\w.)])\s?&\s?(?=[\w(])"), always(f" {said} "), "&")


def days_of_months(before: Sequence[str], months: Sequence[str], joined: str) -> Rule:
    """`le 24/12`: a day and a month after one of the words `before`."""

    def read(match: re.Match[str]) -> Reading:
        day, month = int(match["d"]), int(match["m"])
        fraction = day < month and day < 4  # "et 1/2 litre"
        if fraction or not (0 < day < 32 and 0 < month < 13):
            return None
        return [Edit(match.start("d"), match.end(), f"{day} {joined}{months[month - 1]}")]

    pattern = re.compile(
        rf"\b{either(list(before))}\s(?P<d>[0-3]?\d)/(?P<m>[01]?\d)(?![\w/]|[.,]\d|\s(?:de|des)\b)"
    )
    return Rule("date", pattern, read, "/")


def fine_prices(names: Mapping[str, str]) -> Rule:
    """`1,0845 $`: the library leaves the sign behind more than two decimals."""

    def read(match: re.Match[str]) -> Reading:
        return f" {names[match['sign']]}"

    pattern = re.compile(rf"(?<=,\d{{4}})\s?(?P<sign>[{''.join(map(re.escape, names))}])(?!\w)")
    return Rule("price", pattern, read)
