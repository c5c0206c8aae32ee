"""Short forms: titles, `e.g.`, `No. 5`, `Inc.`, `vs`, `and/or`, `w/`."""

from __future__ import annotations

import re

from text.normalise.around import after, before, is_last
from text.normalise.english.addresses import is_street
from text.normalise.english.context import starts_sentence, stop
from text.normalise.rules import Reading, Rule, always, either
from text.normalise.word_lists import pairs, words
from text.spans import Edit

_TITLES = pairs("en/titles")
_FIXED = pairs("en/short_forms")
_BEFORE_FIGURE = pairs("en/before_figure")
_BARE = pairs("en/bare_forms")
_COMPANIES = {"Co": "Company", "Dist": "District", "Mfg": "Manufacturing"}
_SLASHED = {
    "w/o": "without", "b/c": "because", "c/o": "care of", "a/c": "A C", "A/C": "A C",
    "n/a": "N A", "w/v": "weight per volume", "w/w": "weight per weight", "m/m": "month over month",
    "v/v": "volume per volume", "y/y": "year over year", "q/q": "quarter over quarter",
    "N/A": "N A", "w/": "with",
}  # fmt: skip

# After these the sentence goes on, whatever follows: "Smith vs. Mr. Jones".
_GOES_ON = frozenset(words("en/goes_on"))
_PAGES = re.compile(r"(?<=\d)\s?pp\.(?!\w)")
_FOLLOWING = re.compile(r"(?<=\d)\s?ff\.?(?!\w)")
_TITLE = re.compile(
    rf"\b(?P<word>{either(list(_TITLES))})\."
    r"(?=\s?(?:(?:and|&)\s(?:Mrs|Mr|Dr|Ms)|[A-Z\"']|\d(?:st|nd|rd)\b))"
)
_BARE_TITLE = re.compile(
    rf"\b(?P<word>{either(words('en/bare_titles'))})"
    r"(?=\s[A-Z][a-z'.]|\s(?:and|&)\s(?:Mrs|Mr|Dr|Ms)\b)"
)
_LOUD_TITLE = re.compile(r"\b(?P<word>MRS|MR|MS|DR|PROF|SGT|CAPT|COL|LT|GEN|GOV)\.(?=\s[A-Z]{2})")
_NO_TITLE = re.compile(r"\s(?:[A-Z]{2}|Z\b)")  # Gen Z, Rep. ID
_SENIOR = re.compile(r"\b[A-Z][a-z]+,?\s$")
_SHORT = re.compile(rf"(?<![\w.])(?P<word>{either(list(_FIXED))})(?!\w)")
_PHRASE = re.compile(
    rf"(?<![\w.])(?P<word>{either([form for form in _FIXED if ' ' in form])})(?!\w)"
)
_FIGURE = re.compile(
    rf"(?<![\w.'])(?P<word>{either(list(_BEFORE_FIGURE))})\.\s?"
    r"(?=\d|\(\d|#|(?<=c\.\s)[$£€]\d|[IVXL]{2,6}\b|[ivxl]{2,6}\b|[IVX][,.;)])"
)
_ROOM = re.compile(r"(?<![\w.])(?P<word>Rm|Apt|Bldg|Fig|Vol|Ch|Pg)(?=\s\d)")
_ROOMS = {"Rm": "Room", "Apt": "Apartment", "Bldg": "Building"}
# These are words or units themselves and need a figure, not a numeral in small letters.
_DOUBTFUL = frozenset(words("en/doubtful"))
_NUMBER = re.compile(
    r"\b(?:fax|phone|telephone|tel|mobile|account|model|serial|reference|registration|invoice|order"
    r"|card|flight|house|VAT|quote|[Qq]uote|contract|job|docket|claim|batch|lot|box|acct|tracking|case|file|lot|part|licence|license|passport|ID|ref|reg|policy|item)\s(?P<n>no\.)"
    r"(?=\s(?:is|was|and|on|or)\b|:|\s[A-Z]{1,3}-?\d)"
)
_ORDINAL_OF = {"ed.": "edition", "c.": "century", "fl.": "floor", "Fl.": "Floor", "Cir.": "Circuit"}
_EDITION = re.compile(rf"(?<=\d(?:st|nd|rd|th)\s)(?P<word>{either(list(_ORDINAL_OF))})")
_RANKS = re.compile(
    r"\b(?P<a>Lt|Maj|Brig|Col|Sgt|Gen|Capt)\.\s(?P<b>Gen|Col|Cmdr|Maj|Adm)\.(?=\s[a-z]|[,;)]|\s*$)"
)
_SENIOR_JOB = re.compile(
    r"\bSr\.?(?=\s(?:Mgr|Manager|Dir|Director|VP|V\.P|Vice|Eng|Engineer|Developer|Analyst|Software|Editor"
    r"|Product|Staff|Associate|Counsel|Partner|Consultant|Lecturer|Advisor|Adviser|Program|Project)\b)"
)
_LEAST = re.compile(
    r"\b(?P<word>[Mm]in|[Mm]ax|[Aa]vg)\.(?=\s(?:order|age|wage|height|weight|size|stay|purchase|deposit"
    r"|speed|temp|temperature|value|score|requirements?|spend|charge|payment|number|price|rate|length"
    r"|of)\b)"
)
_LEAST_WORDS = {"min": "minimum", "max": "maximum", "avg": "average"}
_ESTIMATED = re.compile(r"(?<=\d\s)est\.|(?<=cents\s)est\.|(?<=%\s)est\.")
_SPOON = re.compile(r"(?<=\d\s)(?P<word>[cTt])\.(?=\s[a-z])")
_SPOONS = {"c": ("cup", "cups"), "T": ("tablespoon", "tablespoons"), "t": ("teaspoon", "teaspoons")}
_EACH = re.compile(r"\b(?:a|per|each|every|last|next|this)\s(?P<word>yr|mo|hr|wk|min|sec)\.(?!\w)")
_EACH_OF = {"yr": "year", "mo": "month", "hr": "hour", "wk": "week", "min": "minute"}
_BARE_FORM = re.compile(
    rf"(?<![\w.'-])(?P<word>{either(list(_BARE))})(?:\.(?=\s[a-z(\d]|[,;:)])|(?![\w'-]|\.\w))"
)
_COMPANY = re.compile(
    rf"(?<=[\w.])(?P<gap>,?\s(?:&\s)?)(?P<word>{either(list(_COMPANIES))})\.(?!\w)"
)
_VERSUS = re.compile(
    r"(?<=[\w.)]\s)(?:vs|VS)(?=\s[\w(])|(?<=[A-Z][a-z]{2}\s)v\.?(?=\s[A-Z])"
    r"|(?<=[a-z]{3}\s)v\.?(?=\s[A-Z][a-z]{2})"
)
_AND_OR = re.compile(
    r"\b(?P<a>and|he|she|him|his|her|hers|himself|yes)"
    r"/(?P<b>or|she|he|her|hers|herself|him|his|no)\b",
    re.IGNORECASE,
)
_SLASH = re.compile(rf"(?<![\w/])(?P<word>{either(list(_SLASHED))})(?!/)")
_CAPITA = re.compile(r"(?<=\w)/(?=capita\b)")
_FEATURING = re.compile(r"(?<=[\w)]\s)(?P<bracket>\(?)(?:ft|feat)\.?(?=\s[A-Z])")


def _title(match: re.Match[str]) -> Reading:
    word = match["word"]
    if word in ("St", "Dr", "Ft", "Pt") and is_street(match):
        return None
    if len(word) < 5 and _NO_TITLE.match(after(match, 4)):
        return None
    if word == "Sr" and _SENIOR.search(before(match)):
        return "Senior" + stop(match, in_names=True)
    return _TITLES[word]


def _bare_title(match: re.Match[str]) -> Reading:
    word = match["word"]
    if word in ("St", "Dr") and is_street(match):
        return None
    return None if _NO_TITLE.match(after(match, 4)) else _TITLES[word]


def _loud_title(match: re.Match[str]) -> Reading:
    """`MR. SMITH` in a text in capitals; an address stays one."""
    return None if match["word"] == "DR" and is_street(match) else _TITLES[match["word"].title()]


def _short(match: re.Match[str]) -> Reading:
    word, rest = match["word"], after(match, 3)
    if word in ("Max.", "Art.") and not re.match(r"\s?\d|\s[a-z]", rest):
        return None  # a name
    if word in ("ca.", "max.", "temp.", "Temp.") and not rest.startswith(" "):
        return None
    if word in ("pop.", "Pop.") and not re.match(r"\s(?:of|\d)|:", rest):
        return None  # a drink
    if word in _GOES_ON:
        return _FIXED[word] + ("." if is_last(match) else "")
    return _FIXED[word] + stop(match, in_names=word[0].isupper())


def _figure(match: re.Match[str]) -> Reading:
    word = match["word"]
    if word in _DOUBTFUL and not re.match(r"\d|\(\d|[IVXL$£€]", after(match, 2)):
        return None
    if word in ("b", "d") and not re.match(r"1\d{3}|20\d\d", after(match, 6)):
        return None
    if word in ("min", "sec", "yr", "wk") and re.search(r"\d\s?$", before(match, 3)):
        return None  # 5 min. 30
    name = _BEFORE_FIGURE[word]
    return f"{name.capitalize() if word[0].isupper() and starts_sentence(match) else name} "


def _room(match: re.Match[str]) -> Reading:
    word = match["word"]
    return _ROOMS.get(word) or _BEFORE_FIGURE[word].capitalize()


def _number(match: re.Match[str]) -> Reading:
    return [Edit(*match.span("n"), "number")]


def _edition(match: re.Match[str]) -> Reading:
    return _ORDINAL_OF[match["word"]] + stop(match, in_names=True)


def _ranks(match: re.Match[str]) -> Reading:
    first = {"Brig": "Brigadier"}.get(match["a"]) or _TITLES[match["a"]]
    return f"{first} {_TITLES[match['b']]}{stop(match, in_names=True)}"


def _least(match: re.Match[str]) -> Reading:
    if match["word"] in ("min", "max") and re.search(r"\d\s?$", before(match, 3)):
        return None  # "5 min. of it"
    said = _LEAST_WORDS[match["word"].lower()]
    return said.capitalize() if match["word"][0].isupper() else said


def _estimated(match: re.Match[str]) -> Reading:
    return "estimated" + stop(match)


def _spoon(match: re.Match[str]) -> Reading:
    one, many = _SPOONS[match["word"]]
    return one if re.search(r"(?:^|\D)(?:1|\d/\d|[½¼¾⅓⅔])\s$", before(match, 6)) else many


def _each(match: re.Match[str]) -> Reading:
    said = _EACH_OF.get(match["word"], "second")
    return [Edit(match.start("word"), match.end(), said + stop(match))]


def _bare_form(match: re.Match[str]) -> Reading:
    return _BARE[match["word"]]


def _company(match: re.Match[str]) -> Reading:
    name = _COMPANIES[match["word"]]
    return match["gap"].replace("&", "and") + name + stop(match, in_names=True)


def _and_or(match: re.Match[str]) -> Reading:
    join = " " if match["a"].lower() == "and" else " or "
    return f"{match['a']}{join}{match['b']}"


def _slash(match: re.Match[str]) -> Reading:
    word, glued = match["word"], after(match, 1).isalnum()
    return _SLASHED[word] + (" " if word == "w/" and glued else "")


def _following(match: re.Match[str]) -> Reading:
    return " and following" + stop(match)


def _pages(match: re.Match[str]) -> Reading:
    return " pages" + stop(match)


def _featuring(match: re.Match[str]) -> Reading:
    return f"{match['bracket']}featuring"


SPOONS = Rule("spoons", _SPOON, _spoon, "cTt")
"""Before units, in which t is a ton."""
RULES = [
    Rule("phrase", _PHRASE, _short, "."),
    Rule("ranks", _RANKS, _ranks, "."),
    Rule("senior", _SENIOR_JOB, always("Senior"), "S"),
    Rule("title", _TITLE, _title, "."),
    Rule("title", _BARE_TITLE, _bare_title),
    Rule("title", _LOUD_TITLE, _loud_title, "."),
    Rule("before a figure", _FIGURE, _figure, "."),
    Rule("before a figure", _ROOM, _room),
    Rule("short form", _SHORT, _short, "."),
    Rule("number", _NUMBER, _number, "."),
    Rule("edition", _EDITION, _edition, "."),
    Rule("each", _EACH, _each, "."),
    Rule("least", _LEAST, _least, "."),
    Rule("estimated", _ESTIMATED, _estimated, "e"),
    Rule("bare short form", _BARE_FORM, _bare_form),
    Rule("company", _COMPANY, _company, "."),
    Rule("versus", _VERSUS, always("versus"), "vV"),
    Rule("and or", _AND_OR, _and_or, "/"),
    Rule("slash", _SLASH, _slash, "/"),
    Rule("pages", _PAGES, _pages, "p"),
    Rule("following", _FOLLOWING, _following, "f"),
    Rule("per", _CAPITA, always(" per "), "/"),
    Rule("featuring", _FEATURING, _featuring),
]
