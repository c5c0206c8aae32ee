"""German: what the library gets wrong or leaves, rewritten so that it reads it right."""

from __future__ import annotations

import re

from text.normalise.capitals import spelled_rule
from text.normalise.roman import roman
from text.normalise.rules import Reading, Rule, either
from text.spans import Edit

_WORDS = {
    "z. B.": "zum Beispiel", "z.B.": "zum Beispiel", "d. h.": "das heißt", "d.h.": "das heißt",
    "u. a.": "unter anderem", "u.a.": "unter anderem", "usw.": "und so weiter", "etc.": "et cetera",
    "bzw.": "beziehungsweise", "evtl.": "eventuell", "ggf.": "gegebenenfalls", "ca.": "circa",
    "inkl.": "inklusive", "exkl.": "exklusive", "vgl.": "vergleiche", "sog.": "sogenannte",
    "o. Ä.": "oder Ähnliches", "o.Ä.": "oder Ähnliches", "u. U.": "unter Umständen",
    "i. d. R.": "in der Regel", "i.d.R.": "in der Regel", "z. T.": "zum Teil", "z.T.": "zum Teil",
    "v. a.": "vor allem", "v.a.": "vor allem", "v. Chr.": "vor Christus", "n. Chr.": "nach Christus",
    "v.Chr.": "vor Christus", "n.Chr.": "nach Christus", "Dr.": "Doktor", "Prof.": "Professor",
    "Hr.": "Herr", "Fr.": "Frau", "Dipl.-Ing.": "Diplomingenieur", "Ing.": "Ingenieur",
    "St.": "Sankt", "Hauptstr.": "Hauptstraße", "Str.": "Straße", "Tel.": "Telefon",
    "max.": "maximal", "min.": "minimal", "geb.": "geboren", "gest.": "gestorben", "zzgl.": "zuzüglich",
    "ggü.": "gegenüber", "Mio.": "Millionen", "Mrd.": "Milliarden", "Tsd.": "Tausend",
    "allg.": "allgemein", "bes.": "besonders", "insb.": "insbesondere", "Abb.": "Abbildung",
    "Bd.": "Band", "Jh.": "Jahrhundert", "Jhd.": "Jahrhundert", "Std.": "Stunden",
    "Min.": "Minuten", "Sek.": "Sekunden", "Stk.": "Stück", "zz.": "zurzeit", "zzt.": "zurzeit",
    "b. a. W.": "bis auf Weiteres", "Hbf.": "Hauptbahnhof", "Hbf": "Hauptbahnhof",
    "GmbH": "G m b H", "vs.": "gegen",
}  # fmt: skip
_BEFORE_FIGURE = {
    "S.": "Seite", "Nr.": "Nummer", "Nrn.": "Nummern", "Kap.": "Kapitel", "Art.": "Artikel",
    "Abs.": "Absatz", "Bd.": "Band", "Aufl.": "Auflage", "Abb.": "Abbildung", "Tab.": "Tabelle", "§": "Paragraf", "§§": "Paragrafen",
}  # fmt: skip
_DAYS = {"Mo": "Montag", "Di": "Dienstag", "Mi": "Mittwoch", "Do": "Donnerstag", "Fr": "Freitag",
         "Sa": "Samstag", "So": "Sonntag"}  # fmt: skip
_MONTHS = {"Jan": "Januar", "Feb": "Februar", "Mär": "März", "Apr": "April", "Jun": "Juni", "Jul": "Juli",
           "Aug": "August", "Sep": "September", "Sept": "September", "Okt": "Oktober", "Nov": "November",
           "Dez": "Dezember"}  # fmt: skip
_MONTH_NAMES = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
_ORDINALS = ("erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte dreizehnte vierzehnte "
             "fünfzehnte sechzehnte siebzehnte achtzehnte neunzehnte zwanzigste einundzwanzigste zweiundzwanzigste "
             "dreiundzwanzigste").split()  # fmt: skip
_RULERS = ("Ludwig Karl Friedrich Wilhelm Heinrich Otto Franz Johannes Paul Benedikt Pius Leo Georg Elisabeth Philipp Konrad Rudolf"
           " Maximilian Leopold Ferdinand Joseph Alexander Nikolaus Peter Katharina Gregor Innozenz Urban Clemens August Albrecht"
           " Christian Gustav Ramses Napoleon Charles Edward").split()  # fmt: skip

_FIXED = re.compile(rf"(?<![\w.]){either(list(_WORDS))}(?!\w)")
_FIGURE = re.compile(rf"(?<![\w.§])(?P<word>{either(list(_BEFORE_FIGURE))})\s?(?=\d|[IVX]+\b)")
_STREET = re.compile(r"(?<=[a-zäöüß])str\.(?=\s?\d|\s|,|$)")
_YEAR = re.compile(r"(?<![\w.,:/-])(?P<y>20\d\d)(?![\w%°€$]|[.,:/-]\d|\s?(?:€|Euro|km|m|kg|Meter|Stück|Menschen|Personen)\b)")
_DATE = re.compile(r"(?<![\w.])(?P<d>[0-3]?\d)\.\s?(?P<m>[01]?\d)\.\s?(?P<y>(?:19|20)\d\d)(?!\w)")
_DAY_RANGE = re.compile(rf"\b(?P<a>{either(list(_DAYS))})\.?\s?[-–]\s?(?P<b>{either(list(_DAYS))})\b\.?")
_DAY = re.compile(rf"\b(?P<a>{either(list(_DAYS))})\.(?=,?\s\d|,)|\b(?P<b>(?:Mo|Di|Mi|Do|Sa|So)),(?=\s\d)")
_MONTH = re.compile(rf"(?<=\d\.\s)(?P<m>{either(list(_MONTHS))})\b\.?")
_RULER = re.compile(rf"\b(?P<name>{either(_RULERS)})\s(?P<n>[IVX]{{1,6}})(?P<dot>\.)(?P<end>\s*$|(?=\s))?")
_CHAPTER = re.compile(r"\b(?P<word>Kapitel|Band|Teil|Akt|Szene|Artikel|Abschnitt|Buch|Weltkrieg|Klasse)\s(?P<n>[IVX]{1,6})\b")
_TIMES = re.compile(r"(?<![\w.,])(?P<n>\d{1,3})\s?x(?=\s)")
_SUM = re.compile(r"(?<=\d)\s(?P<s>[+=×x*])\s(?=\d)")


def _fixed(match: re.Match[str]) -> Reading:
    word = match[0]
    if word == "Fr." and not re.match(r"\s[A-ZÄÖÜ]", match.string[match.end() : match.end() + 2]):
        return None
    if word in ("min.", "Min.", "max.", "geb.", "bes.", "St.", "Jh.", "Std.", "Sek.", "Bd.") and not match.string[match.end() :].strip():
        return f"{_WORDS[word]}."
    end = "." if not match.string[match.end() :].strip() and word.endswith(".") else ""
    return f"{_WORDS[word]}{end}"


def _figure(match: re.Match[str]) -> Reading:
    return f"{_BEFORE_FIGURE[match['word']]} "


def _street(match: re.Match[str]) -> Reading:
    return "straße" + ("." if not match.string[match.end() :].strip() else "")


def _year(match: re.Match[str]) -> Reading:
    return f"2.{match['y'][1:]}"  # the library reads 2024 as "zwanzig vierundzwanzig"


def _date(match: re.Match[str]) -> Reading:
    day, month = int(match["d"]), int(match["m"])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    year = match["y"] if match["y"].startswith("19") else f"2.{match['y'][1:]}"
    return f"{day}. {_MONTH_NAMES[month - 1]} {year}"


def _day_range(match: re.Match[str]) -> Reading:
    return f"{_DAYS[match['a']]} bis {_DAYS[match['b']]}"


def _day(match: re.Match[str]) -> Reading:
    group = match.lastgroup or "a"
    return [Edit(*match.span(group), _DAYS[match[group]])] if group == "b" else _DAYS[match[group]]


def _month(match: re.Match[str]) -> Reading:
    return _MONTHS[match["m"]]


def _ruler(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    if number is None or number > len(_ORDINALS):
        return None
    stop = "." if not match.string[match.end() :].strip() else ""
    return [Edit(match.start("n"), match.end("dot"), f"der {_ORDINALS[number - 1]}{stop}")]


def _chapter(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    return None if number is None else [Edit(*match.span("n"), str(number))]


def _times(match: re.Match[str]) -> Reading:
    return f"{match['n']} mal" if match["n"] != "1" else "einmal"


def _sum(match: re.Match[str]) -> Reading:
    return {"+": " plus ", "=": " gleich "}.get(match["s"], " mal ")


RULES = (
    Rule("date", _DATE, _date, "."),
    Rule("days", _DAY_RANGE, _day_range),
    Rule("day", _DAY, _day),
    Rule("month", _MONTH, _month, "."),
    Rule("ruler", _RULER, _ruler, "IVX"),
    Rule("chapter", _CHAPTER, _chapter, "IVX"),
    Rule("before a figure", _FIGURE, _figure, ".§"),
    Rule("short form", _FIXED, _fixed),
    Rule("street", _STREET, _street, "."),
    Rule("year", _YEAR, _year, "2"),
    Rule("times", _TIMES, _times, "x"),
    Rule("sum", _SUM, _sum, "+=×x*"),
    spelled_rule(
        "EU USA UK UN ARD ZDF BMW VW DDR BRD CDU CSU SPD FDP AfD NSDAP UKW PKW LKW KFZ ICE IT PC CD DVD"
        " TV WLAN GPS USB PDF SMS BGB GEZ DGB IHK WM EM FBI CIA KI AG KG OHG EDV DSL BKA LKA BND ADAC WDR NDR BR SWR RTL"
        " HIV DNA EZB IWF BIP EKG MRT CT".split(),
        words={"MwSt": "Mehrwertsteuer"},
    ),
)
