"""Kinds that other programs write: players, meetings, broadcasters, lists; and what is no text."""

from __future__ import annotations

from tests.worker.subtitles.kinds import Kind

_TWO = ((0, 2.5), (2.5, 5))
_XML = (
    '<?xml version="1.0"?>\n<tt xmlns="http://www.w3.org/ns/ttml"{}><body><div>{}</div></body></tt>'
)
_P = '<p begin="{}" end="{}">{}</p>'
_ONE_S = "00:00:00,000 --> 00:00:02,500"
_TWO_S = "00:00:02,500 --> 00:00:05,000"


def _ttml(what: str, first: str, second: str, root: str = "", **rest: object) -> Kind:
    data = _XML.format(root, first + second)
    return Kind(what, "A.ttml", data, **rest)  # type: ignore[arg-type]


def _srt(first: str, second: str) -> str:
    return f"1\n{_ONE_S}\n{first}\n\n2\n{_TWO_S}\n{second}\n"


KINDS = [
    _ttml(
        "TTML with clocks",
        _P.format("00:00:00.000", "00:00:02.500", "One<br/>and <span>a half</span>."),
        _P.format("2.5s", "5000ms", "<metadata>x</metadata>Two &amp; more."),
        words="One and a half. Two & more.",
        times=_TWO,
    ),
    _ttml(
        "TTML with ticks",
        _P.format("0t", "25000000t", "One."),
        '<p begin="25000000t" dur="2.5s">Two.</p>',
        ' xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:tickRate="10000000"',
        words="One. Two.",
        times=_TWO,
    ),
    _ttml("TTML in frames", _P.format("00:00:00:00", "00:00:02:15", "One."), "",
          words="One.", times=((0, 2.5),), warns=("30 were taken for a second",)),
    _ttml("TTML in frames with their rate", _P.format("00:00:00:00", "00:00:02:12", "One."), "",
          ' xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="24"',
          words="One.", times=((0, 2.5),)),
    _ttml("TTML cut off", "<p begin='0s'>One.", "", refused="is no whole XML"),
    Kind("TTML with entities", "A.ttml", "<!DOCTYPE tt [<!ENTITY a 'b'>]><tt>&a;</tt>",
         refused="declares entities"),
    Kind("TTML that is SRT", "A.ttml", _srt("One.", "Two."), refused="is no whole XML"),
    Kind("TTML in a .txt", "A.txt", _XML.format("", _P.format("0s", "2.5s", "One.")), "One.",
         ((0, 2.5),), ("holds XML",)),
    Kind("XML of YouTube", "A.txt",
         '<transcript><text start="0" dur="2.5">One.</text></transcript>', "One.",
         ((0, 2.5),), ("holds XML",)),
    Kind("SBV", "A.sbv", "0:00:00.000,0:00:02.500\nOne.\n\n0:00:02.500,0:00:05.000\nTwo.\n",
         "One. Two.", _TWO),
    Kind("SBV without times", "A.sbv", "Hello.", refused="line 1 has words without a time"),
    Kind("LRC", "A.lrc", "[ar:Me]\n[00:00.00]One.\n[00:02.50]Two.\n", "One. Two.",
         ((0, 2.5), (2.5, 10))),
    Kind("LRC of one line", "A.lrc", "[00:00.00]One.\n", "One.", ((0, 10),)),
    Kind("MPL2", "A.txt", "[0][25]/One|more.\n[25][50]Two.\n", "One more. Two.", _TWO,
         ("holds lines with times",)),
    Kind("TMPlayer", "A.txt", "00:00:00:One|more.\n00:00:03:Two.\n", "One more. Two.",
         ((0, 3), (3, 10)), ("holds lines with times",)),
    Kind("Audacity with frequencies", "A.txt",
         "0.0\t2.5\tOne.\n\\\t100.0\t2000.0\n2.5\t5.0\tTwo.\n", "One. Two.", _TWO,
         ("holds a table",)),
    Kind("what whisper prints before", "A.txt",
         "Detected language: English\n[00:00.000 --> 00:02.500]  One.\n", "One.", ((0, 2.5),),
         ("holds lines with times", "line 1: stands before the first time")),
    Kind("a meeting, times in brackets", "A.txt",
         "Speaker 1 (00:01): Hello.\nAnna Nowak (00:04): Bye.\n", "Hello. Bye.",
         ((1, 4), (4, 10)), ("transcript of a meeting", "lines 1 and 2: begins with a name")),
    Kind("a meeting, words below names", "A.txt",
         "Anna Nowak  0:01\nHello.\n\nBen  0:04\nBye.\n\nTranscribed by https://otter.ai\n",
         "Hello. Bye.", ((1, 4), (4, 10)),
         ("transcript of a meeting", "lines 1 and 4: begins with a name",
          "line 7: names the program")),
    Kind("a plan with names and times", "A.txt", "We leave at 0:05\nand arrive at 0:30",
         "We leave at 0:05 and arrive at 0:30", ()),
    Kind("a meeting of Teams", "A.txt", "0:0:1.250 --> 0:0:2.500\nAnna Nowak\nHello.\n",
         refused="line 1 has times, but not as SRT"),
    Kind("a meeting of Zoom", "A.vtt",
         "WEBVTT\n\n1\n00:00.000 --> 00:02.500\nAnna Nowak: Hello.\n", "Anna Nowak: Hello.",
         ((0, 2.5),), ("what may be a speaker's name",)),
    Kind("turns with first names", "A.srt", _srt("- Anna: Hello.", "Ben: Bye."),
         "- Anna: Hello. Ben: Bye.", _TWO, ("lines 2 and 6: begins with what may be a speaker",)),
    Kind("words before a colon", "A.srt", _srt("Remember: hello.", "Bye."),
         "Remember: hello. Bye.", _TWO),
    Kind("speakers by letters", "A.srt", _srt("Speaker A: Hello.", "Bye."), "Hello. Bye.", _TWO,
         ("label of a speaker",)),
    Kind("notes before words", "A.srt", _srt("(laughs) Hello.", "*sighs* Bye."),
         "(laughs) Hello. *sighs* Bye.", _TWO, ("lines 2 and 6: begins with what may be a note",)),
    Kind("the credit of subtitles", "A.srt", _srt("Hello.", "Subtitles by the Amara.org community"),
         "Hello. Subtitles by the Amara.org community", _TWO, ("line 6: may be the credit",)),
    Kind("how letters are read", "A.vtt",
         "WEBVTT\n\n00:00.000 --> 00:02.500\n<ruby>\u6f22<rt>kan</rt></ruby>\n", "\u6f22"),
    Kind("marks that are not seen", "A.txt", "Hel\u200blo, \u202aexam\u00adple\u202c.",
         "Hello, example.", ()),
    Kind("marks of WebVTT that are not seen", "A.vtt",
         "WEBVTT\n\n00:00.000 --> 00:02.500\nHello&lrm;.\n", "Hello."),
    Kind("a saved page", "A.txt", "<!-- saved -->\n<html><body>Hello</body></html>",
         refused="another program"),
    Kind("an error of S3", "A.txt", "<Error><Code>NoSuchKey</Code></Error>",
         refused="another program"),
    Kind("a picture", "A.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", refused="is no text"),
    Kind("a recording", "A.txt", b"RIFF\x24\0\0\0WAVEfmt \x10", refused="is no text"),
    Kind("control characters", "A.txt", "\x1b[1mHello\x1b[0m \x01", refused="control characters"),
    Kind("the mark at the end of DOS files", "A.txt", "Hello.\x1a", "Hello.", ()),
    Kind("a pointer of Git LFS", "A.txt", "version https://git-lfs.github.com/spec/v1\noid a\n",
         refused="git lfs pull"),
    Kind("TextGrid cut off", "A.txt", 'File type = "ooTextFile"\ntext = "Hello."\n',
         refused="no whole TextGrid"),
    Kind("SCC", "A.txt", "Scenarist_SCC V1.0\n\n00:00:00:00\t94ae\n", refused="SCC"),
    Kind("SubViewer", "A.txt",
         "[INFORMATION]\n[TITLE]x\n[END INFORMATION]\n[SUBTITLE]\n[COLF]&HFFFFFF,[SIZE]18\n"
         "00:00:00.00,00:00:02.50\nOne[br]more.\n\n00:00:02.50,00:00:05.00\nTwo.\n",
         "One more. Two.", _TWO, ("holds SubViewer",)),
    Kind("CTM", "A.txt", "rec1 1 0.10 0.40 hello 0.99\nrec1 1 0.50 0.40 there\n", refused="CTM"),
    Kind("a list of recordings", "A.txt", "wavs/a.wav|Hello there.\n", refused="with | between"),
]  # fmt: skip
