"""French: what the library leaves, rewritten so that it reads it right."""

from __future__ import annotations

import re

from text.normalise.capitals import spelled_rule
from text.normalise.roman import roman
from text.normalise.rules import Reading, Rule, either
from text.spans import Edit

_WORDS = {
    "M.": "monsieur", "MM.": "messieurs", "Mme": "madame", "Mmes": "mesdames", "Mlle": "mademoiselle",
    "Dr": "docteur", "Dr.": "docteur", "Pr": "professeur", "Me": "maître", "Mgr": "monseigneur",
    "St": "Saint", "Ste": "Sainte", "env.": "environ", "etc.": "et cetera", "c.-à-d.": "c'est-à-dire",
    "p. ex.": "par exemple", "p.ex.": "par exemple", "cf.": "confer", "av. J.-C.": "avant Jésus-Christ",
    "apr. J.-C.": "après Jésus-Christ", "J.-C.": "Jésus-Christ", "av.": "avenue", "bd": "boulevard",
    "bd.": "boulevard", "Bd": "boulevard", "tél.": "téléphone", "Tél.": "Téléphone", "max.": "maximum",
    "min.": "minimum", "ann.": "annexe", "chap.": "chapitre", "vs": "contre", "s.v.p.": "s'il vous plaît",
    "SVP": "s'il vous plaît", "RDV": "rendez-vous", "rdv": "rendez-vous", "qqch": "quelque chose",
    "qqn": "quelqu'un", "M. et Mme": "monsieur et madame", "Cie": "compagnie", "Sté": "société",
    "dép.": "département", "janv.": "janvier", "févr.": "février", "juil.": "juillet",
    "sept.": "septembre", "oct.": "octobre", "nov.": "novembre", "déc.": "décembre",
}  # fmt: skip
_BEFORE_FIGURE = {"p.": "page", "pp.": "pages", "n°": "numéro", "N°": "numéro", "nº": "numéro", "art.": "article",
                  "vol.": "volume", "t.": "tome", "fig.": "figure", "chap.": "chapitre", "al.": "alinéa", "§": "paragraphe"}  # fmt: skip
_RULERS = ("Louis Charles Henri François Philippe Napoléon Jean Paul Pie Benoît Léon Grégoire Innocent Clément Élisabeth Elizabeth"
           " Elisabeth Guillaume Édouard Edouard Georges Jacques Richard Frédéric Nicolas Pierre Catherine Ivan Alexandre Ramsès"
           " Albert Léopold Baudouin Alphonse Ferdinand Joseph Urbain Robert Hugues Childéric Clovis Dagobert Thierry Chilpéric").split()  # fmt: skip
_COUNTED = "Chapitre chapitre Tome tome Livre livre Acte acte Scène scène Partie partie Volume volume mondiale Mondiale République Titre article Article".split()

_FIXED = re.compile(rf"(?<![\w.'’-]){either(list(_WORDS))}(?![\w'’-])(?=\s|[,;:!?)]|$)")
_FIGURE = re.compile(rf"(?<![\w.]){either(list(_BEFORE_FIGURE))}\s?(?=\d|[IVX]+\b)")
_RULER = re.compile(rf"\b(?P<name>{either(_RULERS)})\s(?P<n>I(?:er|ᵉʳ)|Ier|1er|[IVX]{{2,6}}|[VX])(?![\w.]\w|\w)")
_CHAPTER = re.compile(rf"\b(?:{either(_COUNTED)})\s(?P<n>[IVXL]{{1,7}})\b")
_WAR = re.compile(r"\b(?P<n>I{1,2})(?=(?:re|de|e|ère|ᵉ)\s(?:Guerre|guerre))")
_TIMES = re.compile(r"(?<![\w.,])(?P<n>\d{1,3})\s?x(?=\s)")
_SUM = re.compile(r"(?<=\d)\s(?P<s>[+=×x*])\s(?=\d)")


def _fixed(match: re.Match[str]) -> Reading:
    word, rest = match[0], match.string[match.end() :]
    if word in ("M.", "Me", "St", "Ste", "Pr", "Dr") and not re.match(r"\s[A-ZÀ-Ý]", rest[:2]):
        return None
    if word in ("av.", "bd", "bd.", "Bd") and not re.match(r"\s(?:[A-ZÀ-Ý]|d[eu']|des)", rest[:4]):
        return None
    if word in ("max.", "min.") and not re.match(r"\s\d", rest[:2]):
        return None
    return _WORDS[word] + ("." if word.endswith(".") and not rest.strip() else "")


def _figure(match: re.Match[str]) -> Reading:
    return f"{_BEFORE_FIGURE[match[0].strip()]} "


def _ruler(match: re.Match[str]) -> Reading:
    if match["n"] in ("Ier", "1er", "Iᵉʳ"):
        return [Edit(*match.span("n"), "premier")]
    number = roman(match["n"])
    return None if number is None else [Edit(*match.span("n"), str(number))]


def _chapter(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    return None if number is None else [Edit(*match.span("n"), str(number))]


def _times(match: re.Match[str]) -> Reading:
    return f"{match['n']} fois"


def _sum(match: re.Match[str]) -> Reading:
    return {"+": " plus ", "=": " égale "}.get(match["s"], " fois ")


RULES = (
    Rule("ruler", _RULER, _ruler, "IVX1"),
    Rule("chapter", _CHAPTER, _chapter, "IVXL"),
    Rule("before a figure", _FIGURE, _figure, ".°º§"),
    Rule("short form", _FIXED, _fixed),
    Rule("times", _TIMES, _times, "x"),
    Rule("sum", _SUM, _sum, "+=×x*"),
    spelled_rule(
        "SNCF TGV RATP RER TVA UE USA EDF GDF TF BBC BNP PDG PME SMS CD DVD HLM CNRS CGT PSG OM RTT SDF CDI CDD BTP IUT IVG FMI ONG"
        " QI ADN IRM PC TV GPS USB PDF FBI CIA IBM BMW UMP LR RN LCR PS PCF RTL CE CP CM SAV BD VTT TP ENS HEC INED CAC".split(),
    ),
)
