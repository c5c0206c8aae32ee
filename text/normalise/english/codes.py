"""Numbers that are names: telephones, versions, flights, rooms, `B12`, `I-95`, `COVID-19`."""

from __future__ import annotations

import re

from text.normalise.english import numbers
from text.normalise.english.context import after, before
from text.normalise.english.letters import is_spelled, spell
from text.normalise.english.names import STATES
from text.normalise.rules import Reading, Rule, either
from text.spans import Edit

_DIGITS = "0123456789"
_SEP = r"[ .\-–]"

_PHONES = [
    rf"\+\d{{1,3}}{_SEP}?(?:\(\d{{1,5}}\){_SEP}?)?\d{{1,5}}(?:{_SEP}\d{{2,5}}){{0,5}}\d*",
    rf"(?:1{_SEP})?\(\d{{3,5}}\)\s?\d{{3,4}}(?:{_SEP}\d{{3,4}}){{0,2}}",
    rf"(?:1{_SEP})?\d{{3}}[-.]\d{{3}}[-.]\d{{4}}",
    r"0\d{2,4}[ -]\d{3,4}(?:[ -]\d{3,4}){0,2}",
    r"0\d{3,4}[ -]\d{6}", r"0\d(?:[ .]\d\d){4}", r"0[1-9]\d{8,9}",
    r"\d{3}[-–]\d{4}", r"1-\d{3}-\d{4}", r"\d{3}\s\d{3}\s\d{4}",
]  # fmt: skip
_PHONE = re.compile(
    rf"(?<![\w.,/+-])(?P<n>{'|'.join(_PHONES)})(?P<ext>,?\s(?:ext\.?|x)\s?\d{{1,5}})?(?![\w%]"
    r"|[-–/]\d|[.,]\d)"
)
_VANITY = re.compile(
    r"(?<![\w-])(?P<n>1-\d{3}|0\d{3})-(?P<word>[A-Z]{2,8}(?:-[A-Z]{2,8})?)(?![\w-])"
)
_EMERGENCY = re.compile(
    r"\b(?:[Tt]ext\s\w{2,12}\sto|[Cc]all|[Dd]ial|[Rr]ing|[Pp]hone|[Cc]alled|[Cc]alling|"
    r"[Tt]ext)\s(?P<n>\d{3,6})(?![\w%]|[.,]\d|\s(?:people|times|customers|people))"
)
_SERIAL = re.compile(r"(?<![\w.,/-])(?P<n>\d{1,7}(?:[-–]\d{1,7}){2,6}(?:-[Xx])?)(?![\w/]|[-–.,]\d)")
_VERSION = re.compile(
    r"(?<![\w.,/-])(?P<v>[vV]\.?\s?)?(?P<n>\d{1,6}(?:\.\d{1,6}){2,5})(?P<tail>[-.]?(?:alpha"
    r"|beta|rc|dev|b|a|post)\.?\d{0,4})?(?![\w]|\.\d)"
)
_SHORT_VERSION = re.compile(
    r"(?<![\w.])(?P<v>[vV]\.?\s?)(?P<n>\d{1,4}(?:\.\d{1,4})?)(?P<x>\.x)?(?![\w]|\.\d)"
)
_NAMED_VERSION = re.compile(
    r"\b(?:[Vv]ersion|[Rr]elease|[Uu]pdate|Python|Node|Node\.js|Java|Ruby|Rails|PHP|Go|Rust"
    r"|Django|React|Angular|Vue|Kubernetes|"
    r"Ubuntu|Debian|Fedora|Android|iOS|macOS|iPadOS|Linux|CUDA|PyTorch|TensorFlow|Postgres"
    r"(?:QL)?|MySQL|Swift|Kotlin|Chrome|"
    r"Firefox|GPT|Llama|Claude|Gemini|kernel|Firmware|firmware|Bluetooth|HTTP/|TLS|USB|Wi-Fi"
    r"|API)[\s-]?(?P<n>\d{1,4}\.\d{1,4}(?P<x>\.x)?)(?![\w]|\.\d)"
)
_SECTION = re.compile(
    r"(?<![\w.,])(?P<n>\d{1,3}(?:\.\d{1,3})?)\((?P<p>[a-z]|\d{1,2}|[ivx]{1,4})\)(?:\((?P<q>"
    r"[a-z]|\d{1,2}|[ivx]{1,4})\))?(?!\w)"
)
_LABELLED = re.compile(
    r"\b(?:[Rr]ooms?|[Rr]m\.|ROOM|[Ss]uite|Ste\.|[Aa]partment|Apt\.|[Ff]lat|[Uu]nit|"
    r"[Ff]light|[Gg]ate|[Rr]oute|Rte\.|[Hh]ighway|Hwy\.?|"
    r"[Bb]us|[Tt]rain|[Bb]oeing|[Aa]irbus|[Cc]hannel|[Ee]xtension|[Ee]xt\.|[Pp]sychology|"
    r"[Cc]ourse|[Ll]ocker|[Aa]rea|[Bb]ox|[Ee]rror|[Ff]orm|Interstate|US|Unit|[A-Z]{2,5}"
    r"|Biology|Math|Peugeot|Porsche|Ferrari|BMW)"
    r"\s(?P<n>\d{3,4})(?P<s>s\b)?(?![\w%]|[.,:]\d|-\d)"
)
_NUMBERED = re.compile(
    r"\b(?:[Nn]o\.|[Nn]umber|ID|PIN|[Cc]ode|[Aa]ccount|[Rr]eference|[Ii]nvoice|[Tt]racking|"
    r"[Ss]erial|ending\sin|[Rr]ef\.|passcode|password)(?:\s(?:is|was|no\.|number))?"
    r"[:\s]{1,2}#?(?P<n>\d{4,20})(?![\w%]|[.,]\d|-\d)"
)
_STATE = re.compile(
    rf"(?<=[a-z],\s)(?P<n>{either([s for s in STATES if s not in ('IN', 'OR', 'ME', 'OK', 'HI', 'OH', 'MA', 'PA', 'ID')])})(?=[,.;:)!?]|$|\s(?:and|or|in|on|for|to|at|is|was|has|with|by|from|who|where|when)\b)"
)
_ZIP = re.compile(
    rf"(?P<comma>,\s)(?P<state>{either(list(STATES))})(?P<gap>,?\s)(?P<zip>\d{{5}})(?:-"
    r"(?P<four>\d{4}))?(?!\w)"
)
_LETTER_CODE = re.compile(
    r"(?<![\w.,'@#/-])(?P<a>[A-Z]{1,5})(?P<dash>[-–]?)(?P<n>\d{1,5})(?P<b>[A-Z]{0,2}|"
    r"[a-rt-z]{1,2})(?P<s>s|'s)?(?P<t>/[A-Z]{1,2})?(?![\w]|[.,]\d)"
)
_NUMBER_LETTER = re.compile(
    r"(?<![\w.,'$£€/-])(?P<n>\d{1,4})-?(?P<a>[A-Z]{1,3}|[a-hk-lp](?=\)|\s|[,.;]|$))(?P<s>s"
    r"|'s)?(?![\w&]|'[a-z])"
)
_MIXED = re.compile(
    r"(?<![\w.,'@#/])(?=[A-Za-z]{0,8}\d)(?=\d{0,8}[A-Z])(?P<n>[A-Z0-9][A-Za-z0-9]{1,15}(?:-"
    r"[A-Z0-9]{1,10}){0,3})(?![\w]|[.,]\d)"
)
_SUBSCRIPT = re.compile(
    r"(?<!\w)(?=[A-Za-z]{1,12}[₀-₉])(?P<n>(?:[A-Z][a-z]?[₀-₉]{0,2}){1,8})(?![₀-₉\w])|(?<="
    r"[A-Za-z0-9₀-₉])[₀₁₂₃₄₅₆₇₈₉]+"
)
_LANGUAGES = re.compile(r"(?<!\w)(?P<a>C|F|A|Notepad|g)(?P<n>\+\+|#)(?!\w)")
_NET = re.compile(r"(?<![\w])\.NET\b")
_GRADE = re.compile(r"(?<![\w-])(?P<a>[A-F])(?P<n>[+−-])(?=[\s,.;:!?)\"']|$)")
_HASH_NUMBER = re.compile(r"(?<![\w&])#\s?(?P<n>\d{1,6})(?![\w]|[.,]\d)")
_TIMES_NAMED = re.compile(r"(?<![\w])(?P<n>\d{3,4})(?P<p>[pi])(?!\w)")
_MODEL = re.compile(r"\b(?:Boeing|Airbus|Embraer|MD|DC)[\s-](?P<a>\d{2,3})-(?P<b>\d{1,4})(?!\w)")
_JETS = re.compile(r"(?<![\w.,$])(?P<n>7[0-8]7)s\b")
_ALPHABET = re.compile(r"(?<![\w-])A(?P<dash>[-–])(?P<b>[B-Z])(?![\w-])")
_STAR = re.compile(r"(?<!\w)(?P<a>A)\*(?![\w*])")
_401K = re.compile(r"(?<!\w)(?P<n>401|403|457)\s?\(?(?P<k>[kb])\)?(?!\w)")
_BOND = re.compile(r"(?<![\w.,-])00(?P<n>[1-9])(?![\w]|[.,-]\d)")


def _phone(match: re.Match[str]) -> Reading:
    text = match["n"]
    if re.fullmatch(r"\d{3}[-–]\d{4}", text) and re.search(
        r"(?:pages|pp\.|between|from|years|lines)\s$", before(match, 10)
    ):
        return None
    plus = "plus " if text.startswith("+") else ""
    words = numbers.grouped_digits(text)
    if re.match(r"1\D{1,2}(?:800|900)\D", text):
        words = re.sub(r"^one, (eight|nine) zero zero", r"one \1 hundred", words)
    ext = match["ext"]
    return f"{plus}{words}" + (f", extension {numbers.digits(ext)}" if ext else "")


def _vanity(match: re.Match[str]) -> Reading:
    number = re.sub(
        r"^one, (eight|nine) zero zero", r"one \1 hundred", numbers.grouped_digits(match["n"])
    )
    words = match["word"].lower().replace("-", " ")
    return f"{number}, {words}"


def _emergency(match: re.Match[str]) -> Reading:
    return [Edit(*match.span("n"), numbers.digits(match["n"]))]


def _serial(match: re.Match[str]) -> Reading:
    tail = " X" if match["n"][-1] in "xX" else ""
    return numbers.grouped_digits(match["n"]) + tail


def _parts(text: str) -> str:
    return " point ".join(numbers.number(part) for part in text.split("."))


def _version(match: re.Match[str]) -> Reading:
    groups = match.groupdict()
    sign = "version " if groups.get("v") else ""
    if sign and re.search(r"[Vv]ersion\s$", before(match, 9)):
        sign = ""
    tail = (
        f" {re.sub(r'[^a-z]', '', groups['tail'])} {numbers.digits(groups['tail'])}".rstrip()
        if groups.get("tail")
        else ""
    )
    x = " point X" if groups.get("x") else ""
    return f"{sign}{_parts(match['n'])}{tail}{x}"


def _named_version(match: re.Match[str]) -> Reading:
    number = match["n"].removesuffix(".x")
    start = match.start("n")
    gap = "" if match.string[start - 1] in " -/" else " "
    return [Edit(start, match.end(), gap + _parts(number) + (" point X" if match["x"] else ""))]


def _piece(text: str) -> str:
    return (
        numbers.cardinal(int(text))
        if text.isdecimal()
        else spell(text)
        if len(text) == 1
        else spell(text)
    )


def _section(match: re.Match[str]) -> Reading:
    pieces = [_piece(match[group]) for group in "pq" if match[group]]
    return " ".join([numbers.number(match["n"]), *pieces])


def _labelled(match: re.Match[str]) -> Reading:
    words = numbers.label(match["n"])
    return [Edit(match.start("n"), match.end(), numbers.plural(words) if match["s"] else words)]


def _zip(match: re.Match[str]) -> Reading:
    code = numbers.digits(match["zip"]) + (
        f", {numbers.digits(match['four'])}" if match["four"] else ""
    )
    edits = [
        Edit(*match.span("state"), STATES[match["state"]]),
        Edit(match.start("zip"), match.end(), code),
    ]
    return edits


def code_digits(text: str) -> str:
    """The figures of a code: `12` "twelve", `283` "two eighty-three", `1234` by digits."""
    if len(text) == 4 and text[:2] in ("19", "20"):
        return numbers.year(int(text))
    if len(text) < 3 or text in ("100", "200", "300", "400", "500", "600", "700", "800", "900"):
        return numbers.number(text)
    if len(text) == 3 and text[0] != "0":
        return numbers.label(text)
    return numbers.label(text) if len(text) == 4 and text.endswith("00") else numbers.digits(text)


def _numbered(match: re.Match[str]) -> Reading:
    if len(match["n"]) == 4 and match["n"][:2] in ("19", "20"):
        return None
    return [Edit(*match.span("n"), numbers.digits(match["n"]))]


def _state(match: re.Match[str]) -> Reading:
    return STATES[match["n"]]


def _tail(text: str | None) -> str:
    return text or ""


def _letter_code(match: re.Match[str]) -> Reading:
    letters, dash = match["a"], match["dash"]
    word = letters.capitalize() if not is_spelled(letters) and len(letters) > 2 else spell(letters)
    if letters == "COVID":
        word = "Covid"
    number = code_digits(match["n"])
    tail = f" {spell(match['b'])}" if match["b"] else ""
    plural = match["s"] or ""
    if plural == "s" and not tail:
        return f"{word} {numbers.plural(number)}"
    slash = f" slash {spell(match['t'][1:])}" if match["t"] else ""
    return f"{word} {number}{tail}{plural}{slash}"


def _number_letter(match: re.Match[str]) -> Reading:
    text = match["n"]
    number = numbers.label(text) if len(text) > 2 else numbers.cardinal(int(text))
    return f"{number} {spell(match['a'])}{_tail(match['s'])}"


_PIECES = re.compile(r"\d+|[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+")


def _mixed(match: re.Match[str]) -> Reading:
    said: list[str] = []
    for piece in _PIECES.findall(match["n"]):
        if piece.isdecimal():
            said.append(code_digits(piece))
        else:
            said.append(spell(piece) if piece.isupper() or len(piece) < 3 else piece)
    return " ".join(said)


_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def _subscript(match: re.Match[str]) -> Reading:
    text = match[0].translate(_SUBSCRIPTS)
    said = [
        numbers.cardinal(int(piece)) if piece.isdecimal() else spell(piece)
        for piece in re.findall(r"\d+|[A-Za-z]+", text)
    ]
    lead = " " if match["n"] is None else ""
    return lead + " ".join(said)


def _language(match: re.Match[str]) -> Reading:
    return f"{match['a']} {'plus plus' if match['n'] == '++' else 'sharp'}"


def _grade(match: re.Match[str]) -> Reading:
    return f"{match['a']} {'plus' if match['n'] == '+' else 'minus'}"


def _hash_number(match: re.Match[str]) -> Reading:
    text = match["n"]
    return f"number {numbers.digits(text) if len(text) > 4 else numbers.number(text)}"


def _lines(match: re.Match[str]) -> Reading:
    return f"{numbers.label(match['n'])} {match['p'].upper()}"


def _401k(match: re.Match[str]) -> Reading:
    return f"{numbers.label(match['n'])} {match['k'].upper()}"


def _bond(match: re.Match[str]) -> Reading:
    return f"double oh {numbers.cardinal(int(match['n']))}"


def _model(match: re.Match[str]) -> Reading:
    a, b = (match[group] for group in "ab")
    return [Edit(match.start("a"), match.end(), f"{numbers.label(a)} {numbers.label(b)}")]


def _jets(match: re.Match[str]) -> Reading:
    return numbers.plural(numbers.label(match["n"]))


def _alphabet(match: re.Match[str]) -> Reading:
    return f"A to {match['b']}"


def _star(match: re.Match[str]) -> Reading:
    return "A star"


def _net(match: re.Match[str]) -> Reading:
    return "dot net"


PHONES = [
    Rule("vanity number", _VANITY, _vanity, _DIGITS),
    Rule("phone", _PHONE, _phone, _DIGITS),
    Rule("phone", _EMERGENCY, _emergency, _DIGITS),
    Rule("zip", _ZIP, _zip, _DIGITS),
    Rule("state", _STATE, _state, ","),
    Rule("number", _NUMBERED, _numbered, _DIGITS),
]
VERSIONS = [
    Rule("jets", _JETS, _jets, "7"),
    Rule("version", _VERSION, _version, "."),
    Rule("version", _NAMED_VERSION, _named_version, "."),
    Rule("version", _SHORT_VERSION, _version, "vV"),
]
RULES = [
    Rule("serial number", _SERIAL, _serial, "-–"),
    Rule("model", _MODEL, _model, "-"),
    Rule("from A to Z", _ALPHABET, _alphabet, "-–"),
    Rule("grade", _STAR, _star, "*"),
    Rule("401(k)", _401K, _401k, "4"),
    Rule("section", _SECTION, _section, "("),
    Rule("labelled", _LABELLED, _labelled, _DIGITS),
    Rule("double oh", _BOND, _bond, "0"),
    Rule("programming", _LANGUAGES, _language, "+#"),
    Rule("programming", _NET, _net, "."),
    Rule("grade", _GRADE, _grade, "+-"),
    Rule("number sign", _HASH_NUMBER, _hash_number, "#"),
    Rule("resolution", _TIMES_NAMED, _lines, "pi"),
    Rule("code", _LETTER_CODE, _letter_code, _DIGITS),
    Rule("code", _NUMBER_LETTER, _number_letter, _DIGITS),
    Rule("code", _SUBSCRIPT, _subscript, "₀₁₂₃₄₅₆₇₈₉"),
    Rule("code", _MIXED, _mixed, _DIGITS),
]
