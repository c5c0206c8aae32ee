"""Formulas in LaTeX: `$x^2$`, `\\(\\frac{a}{b}\\)`, `$$E = mc^2$$`; a price is no formula."""

from __future__ import annotations

import re
from collections.abc import Callable

from text.normalise.english import numbers
from text.normalise.english.amounts import AMOUNT
from text.normalise.rules import Reading, Rule
from text.normalise.word_lists import rows

_COMMANDS = {row[0]: row[1] if len(row) > 1 else "" for row in rows("en/latex")}
_LONGEST = 300  # characters of one formula
_DEEPEST = 6  # brackets within brackets

_FORMULA = re.compile(
    rf"\$\$(?P<shown>[^$]{{1,{_LONGEST}}})\$\$"
    rf"|\\\((?P<round>(?:[^\n\\]|\\(?![()])){{1,{_LONGEST}}})\\\)"
    rf"|\\?\[(?P<square>[^\[\]\n]{{1,{_LONGEST}}})\\\]"
    rf"|(?<![\w$\\])\$(?=[^\s$])(?P<dollar>[^$\n]{{1,{_LONGEST}}})(?<!\s)\$(?![\d$])"
)
_SIGNS_OF_MATHS = re.compile(r"[\\^_{}]")
_SHORT_MATHS = re.compile(r"[A-Za-z\d\s+=<>()|,/*.!'-]{1,60}$")
_WORD = re.compile(r"[A-Za-z]{4}|\d[\s-][a-z]{2}")
_TOKEN = re.compile(
    rf"\\(?P<command>[A-Za-z]{{1,20}})\s?|\\(?P<escaped>.)|(?P<number>{AMOUNT})"
    r"|(?P<letter>[A-Za-z])|(?P<sign>[+=<>/!*-])|(?P<other>.)",
    re.DOTALL,
)
_SIGNS = {
    "+": "plus", "-": "minus", "=": "equals", "<": "is less than", ">": "is greater than",
    "/": "over", "!": "factorial", "*": "times",
}  # fmt: skip
_BIG = {"sum": "the sum", "prod": "the product", "int": "the integral", "lim": "the limit"}
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[a-z]{1,20}\*?\}(?:\{[a-z|]{1,10}\})?|\\\\|&")


def _formula(match: re.Match[str]) -> Reading:
    source = match[match.lastgroup or 0]
    plain_dollars = match["dollar"] is not None
    if plain_dollars and not _SIGNS_OF_MATHS.search(source):
        letters = any(character.isalpha() for character in source)
        if not letters or _WORD.search(source) or not _SHORT_MATHS.match(source):
            return None  # two prices
    return _Speaker(_ENVIRONMENT.sub(" ", source)).spoken() or None


class _Speaker:
    """Says one formula from left to right."""

    def __init__(self, source: str, depth: int = 0) -> None:
        self.source, self.depth = source, depth
        self.position = 0
        self.words: list[str] = []

    def spoken(self) -> str:
        while self.position < len(self.source):
            self._one()
        return " ".join(word for word in self.words if word)

    def _one(self) -> None:
        match = _TOKEN.match(self.source, self.position)
        assert match is not None
        self.position = match.end()
        if match["command"]:
            self._command(match["command"])
        elif match["escaped"]:
            self.words.append("percent" if match["escaped"] == "%" else "")
        elif match["number"]:
            self.words.append(numbers.number(match["number"]))
        elif match["letter"]:
            function = match[0] in "fghFGP" and self.source.startswith("(", self.position)
            self.words.append(f"{match[0]} of" if function else match[0])
        elif match["sign"]:
            self.words.append(_SIGNS[match[0]])
        else:
            self._other(match["other"])

    def _other(self, sign: str) -> None:
        if sign == "^":
            self.words.append(_power(self._argument(raw=True), self._say))
        elif sign == "_":
            self.words.append(f"sub {self._argument()}")
        elif sign == "'":
            self.words.append("prime")
        elif sign == "," and self.words:
            self.words[-1] += ","

    def _command(self, name: str) -> None:
        if name in ("frac", "dfrac", "tfrac"):
            self.words.append(f"{self._argument()} over {self._argument()}")
        elif name == "sqrt":
            root = re.compile(r"\[(\d)\]").match(self.source, self.position)
            self.position = root.end() if root else self.position
            kind = {"3": "cube", None: "square"}.get(root[1] if root else None)
            kind = kind or numbers.ordinal(int(root[1]) if root else 2)
            self.words.append(f"the {kind} root of {self._argument()}")
        elif name in _BIG:
            self._big(name)
        elif name in ("text", "mathrm", "textbf", "textit", "operatorname"):
            self.words.append(self._argument(raw=True))
        else:
            self.words.append(_COMMANDS.get(name, name))

    def _big(self, name: str) -> None:
        """`\\sum_{i=1}^n` is "the sum from i equals one to n of"."""
        low = high = ""
        while self.position < len(self.source) and self.source[self.position] in "_^":
            sign = self.source[self.position]
            self.position += 1
            low, high = (self._argument(), high) if sign == "_" else (low, self._argument())
        if name == "lim":
            low = f"as {low.replace(' to ', ' goes to ')}" if low else ""
        elif low:
            low = f"from {low}" if high else f"over {low}"
        self.words += [_BIG[name], low, f"to {high}" if high else "", "of"]

    def _argument(self, *, raw: bool = False) -> str:
        """What follows in braces, or the next sign alone."""
        while self.source.startswith(" ", self.position):
            self.position += 1
        if self.source.startswith("{", self.position):
            end = self._closing()
            inner = self.source[self.position + 1 : end]
            self.position = end + 1
        else:
            match = re.compile(r"\\[A-Za-z]{1,20}|\d|.", re.DOTALL).match(
                self.source, self.position
            )
            inner = match[0] if match else ""
            self.position += len(inner)
        return inner if raw else self._say(inner)

    def _say(self, source: str) -> str:
        if self.depth >= _DEEPEST:
            return ""
        return _Speaker(source, self.depth + 1).spoken()

    def _closing(self) -> int:
        depth = 0
        for index in range(self.position, len(self.source)):
            depth += {"{": 1, "}": -1}.get(self.source[index], 0)
            if not depth:
                return index
        return len(self.source)


def _power(exponent: str, say: Callable[[str], str]) -> str:
    exponent = exponent.strip()
    if exponent in ("2", "3"):
        return "squared" if exponent == "2" else "cubed"
    if exponent in ("\\circ", "\\prime", "*", "'"):
        return {"\\circ": "degrees", "*": "star"}.get(exponent, "prime")
    if exponent.isdecimal() and len(exponent) < 4:
        return f"to the {numbers.ordinal(int(exponent))}"
    return f"to the power of {say(exponent)}"


RULES = [Rule("formula", _FORMULA, _formula, "$\\")]
