"""SAMI and TextGrid."""

from __future__ import annotations

from tests.worker.subtitles.kinds import Kind

_SAMI = """<SAMI><HEAD><TITLE>A film</TITLE><STYLE TYPE="text/css"><!--
P {{ font-family: Arial; }} .ENUSCC {{ Name: English; lang: en-US; }}
--></STYLE></HEAD><BODY><-- a note of Microsoft -->
{}</BODY></SAMI>
"""
_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 10
tiers? <exists>
size = {size}
item []:
{tiers}"""
_TIER = """    item [{n}]:
        class = "{kind}"
        name = "{name}"
        xmin = 0
        xmax = 10
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 2.5
            text = "{first}"
        intervals [2]:
            xmin = 2.5
            xmax = 5
            text = "{second}"
"""
_HALVES = ((0, 2.5), (2.5, 5))


def _grid(
    what: str, *tiers: tuple[str, str, str], name: str = "A.TextGrid", **rest: object
) -> Kind:
    text = _GRID.format(
        size=len(tiers),
        tiers="".join(
            _TIER.format(n=n, kind="IntervalTier", name=tier, first=first, second=second)
            for n, (tier, first, second) in enumerate(tiers, 1)
        ),
    )
    return Kind(what, name, text.encode("utf-16"), **rest)  # type: ignore[arg-type]


KINDS = [
    Kind("SAMI", "A.smi", _SAMI.format(
        "<SYNC Start=0><P Class=ENUSCC>One<br>and <i>more</i>.\n"
        "<SYNC Start=2500><P Class=ENUSCC>&nbsp;\n<SYNC Start=3000><P Class=ENUSCC>Two &amp; 3.\n"
        "<SYNC Start=5000><P Class=ENUSCC>&nbsp;\n"), "One and more. Two & 3.",
        ((0, 2.5), (3, 5))),
    Kind("SAMI of two languages", "A.smi", _SAMI.format(
        '<SYNC Start="0"><P Class="ENUSCC">One.</P><P Class="FRFRCC">Un.</P></SYNC>'
        '<sync start="2500"><p class="enuscc">Two.</p><p class="frfrcc">Deux.</p></sync>'),
        "One. Two.", ((0, 2.5), (2.5, 10)), ("ENUSCC was used, not FRFRCC",)),
    Kind("SAMI in a .txt, small letters, no language", "A.txt",
         "<sami><body><sync start=0>One.<sync start=2500>Two.</body></sami>", "One. Two.",
         ((0, 2.5), (2.5, 10)), ("holds SAMI",)),
    Kind("SAMI, a time that is none", "A.smi", _SAMI.format("<SYNC Start=soon><P>One."),
         refused="line 4 has no time"),
    Kind("SAMI without words", "A.smi", _SAMI.format("<SYNC Start=0><P>&nbsp;"),
         refused="holds no subtitles"),
    _grid("TextGrid", ("Dorota", "One.", 'He said ""two"".'), words='One. He said "two".',
          times=_HALVES),
    _grid("TextGrid of an aligner", ("phones", "w", "V"), ("words", "one", ""), words="one",
          times=((0, 2.5),), warns=("words was used, not phones",)),
    _grid("TextGrid of two speakers", ("Anna", "One.", ""), ("Ben", "", "Two."),
          words="One. Two.", times=_HALVES, warns=("words of 2 speakers, in tiers Anna, Ben",)),
    _grid("TextGrid and its translation", ("Anna", "One.", ""), ("gloss_pl", "Raz.", ""),
          ("English", "First.", ""), refused="several tiers (Anna, English); keep the one"),
    Kind("TextGrid, short", "A.txt",
         'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n5\n<exists>\n1\n'
         '"IntervalTier"\n"words"\n0\n5\n2\n0\n2.5\n"One."\n2.5\n5\n"Two."\n', "One. Two.", _HALVES,
         ("holds a TextGrid",)),
    Kind("another file of Praat", "A.txt",
         'File type = "ooTextFile"\nObject class = "PitchTier"\n0\n5\n',
         refused="no whole TextGrid"),
]  # fmt: skip
