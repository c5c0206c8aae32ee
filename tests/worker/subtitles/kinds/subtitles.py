"""SRT, WebVTT, ASS and their kin."""

from __future__ import annotations

from tests.worker.subtitles.kinds import Kind

_T1, _T2 = "00:00:00,000 --> 00:00:02,500", "00:00:02,500 --> 00:00:05,000"
_SRT = f"1\n{_T1}\nHello there.\n\n2\n{_T2}\nHow are you?\n"
_SAID = "Hello there. How are you?"
_TIMES = ((0, 2.5), (2.5, 5))
_ASS = """[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
_LINE = "Dialogue: 0,0:00:00.00,0:00:02.50,Default,Anna,0,0,0,,"
_YOUTUBE = """WEBVTT
Kind: captions
Language: en

00:00:00.080 --> 00:00:02.389 align:start position:0%
 
this<00:00:00.240><c> is</c><00:00:00.400><c> the</c><00:00:01.000><c> first</c>

00:00:02.389 --> 00:00:02.399 align:start position:0%
this is the first
 

00:00:02.399 --> 00:00:04.550 align:start position:0%
this is the first
here<00:00:02.600><c> comes</c><00:00:03.000><c> another</c>

00:00:04.550 --> 00:00:04.560 align:start position:0%
here comes another
 

00:00:04.560 --> 00:00:06.000 align:start position:0%
here comes another
end
"""
_AGAIN = "shows words of the cue before again"
_BRACKETS = "brackets"


def _srt(*cues: str) -> str:
    heads = (f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n" for n in range(len(cues)))
    return "\n".join(f"{head}{cue}\n" for head, cue in zip(heads, cues, strict=True))


KINDS = [
    Kind("SRT", "A.srt", _SRT, _SAID, _TIMES),
    Kind("SRT, line ends of Windows", "A.srt", _SRT.replace("\n", "\r\n"), _SAID, _TIMES),
    Kind("SRT, line ends of an old Mac", "A.srt", _SRT.replace("\n", "\r"), _SAID, _TIMES),
    Kind("SRT with a mark before it", "A.srt", "\ufeff" + _SRT, _SAID, _TIMES),
    Kind("SRT with dots", "A.srt", _SRT.replace(",", "."), _SAID, _TIMES),
    Kind("SRT without numbers", "A.srt", _SRT.replace("1\n0", "0").replace("2\n0", "0"), _SAID),
    Kind("SRT with wide arrows", "A.srt", _SRT.replace("-->", "\u2192"), _SAID, _TIMES),
    Kind("SRT with short arrows", "A.srt", _SRT.replace("-->", "->"), _SAID, _TIMES),
    Kind(
        "SRT, words after an empty line",
        "A.srt",
        f"1\n{_T1}\n\nFine! You leave.\n\n2\n{_T2}\nTwo.\n",
        "Fine! You leave. Two.",
    ),
    Kind("SRT, an empty cue", "A.srt", f"1\n{_T1}\n\n2\n{_T2}\nTwo.\n", "Two."),
    Kind(
        "SRT with tags",
        "A.srt",
        _srt('<font color="#fff"><i>One</i></font> {\\an8}two', "{b}x{/b} <c>y</c>"),
        "One two x y",
    ),
    Kind(
        "SRT with breaks",
        "A.srt",
        _srt("One<br>two<br/>three", "four\\Nfive"),
        "One two three four five",
    ),
    Kind(
        "SRT with entities",
        "A.srt",
        _srt("Tom &amp; Jerry &lt;3&nbsp;&#39;now&#39;", "R&D; 3 < 4"),
        "Tom & Jerry <3 'now' R&D; 3 < 4",
    ),
    Kind("SRT with escaped tags", "A.srt", _srt("&lt;i&gt;Hello&lt;/i&gt;"), "Hello"),
    Kind(
        "SRT, times below 0",
        "A.srt",
        "1\n-00:00:01,000 --> 00:00:01,500\nHello.\n",
        "Hello.",
        ((0, 1.5),),
        ("line 2: begins before 0",),
    ),
    Kind(
        "SRT, times below 0 of another program",
        "A.srt",
        f"1\n00:00:-1,-500 --> 00:00:01,500\nOne.\n\n2\n{_T2}\nTwo.\n",
        "One. Two.",
        ((0, 1.5), (2.5, 5)),
        ("line 2: begins before 0",),
    ),
    Kind(
        "SRT, a cue before the recording",
        "A.srt",
        f"1\n-00:00:03,000 --> -00:00:01,000\nOld.\n\n2\n{_T1}\nNew.\n",
        "New.",
        ((0, 2.5),),
        ("line 2: lies before the recording begins",),
    ),
    Kind(
        "SRT, a cue after the recording",
        "A.srt",
        f"{_SRT}\n3\n00:00:30,000 --> 00:00:31,000\nLate.\n",
        _SAID,
        _TIMES,
        ("line 10: begins after the recording ends (10.0 s)",),
    ),
    Kind(
        "SRT, its last cue too long",
        "A.srt",
        "1\n00:00:00,000 --> 00:01:00,000\nHello.\n",
        "Hello.",
        ((0, 10),),
        ("line 2: ends after the recording does (10.0 s)",),
    ),
    Kind(
        "SRT of another recording",
        "A.srt",
        _SRT.replace("00:00:0", "01:00:0"),
        refused="the recording ends at 10.0 s",
    ),
    Kind(
        "SRT, ends before starts",
        "A.srt",
        "1\n00:00:03,000 --> 00:00:01,000\nx\n",
        refused="line 2 ends before",
    ),
    Kind(
        "SRT in no order",
        "A.srt",
        f"1\n{_T2}\nTwo.\n\n2\n{_T1}\nOne.\n",
        "One. Two.",
        _TIMES,
        ("line 6: begins before the one above",),
    ),
    Kind(
        "SRT that is WebVTT",
        "A.srt",
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hi &amp; bye\n",
        "Hi & bye",
        ((1, 2),),
    ),
    Kind("SRT that is ASS", "A.srt", f"{_ASS}{_LINE}Hello.\n", "Hello.", ((0, 2.5),)),
    Kind(
        "SRT with sounds",
        "A.srt",
        _srt("[music]", "(door slams)\nHello", "\u266a la la \u266a", "*laughs*"),
        "Hello la la",
        None,
        ("lines 2, 6 and 15: holds notes",),
    ),
    Kind(
        "SRT with speakers by WhisperX",
        "A.srt",
        _srt("[SPEAKER_00]: Hello.", "SPEAKER_01: Hi."),
        "Hello. Hi.",
        None,
        ("line 2: holds notes or names in brackets", "line 6: begins with the label of a speaker"),
    ),
    Kind(
        "SRT with a name",
        "A.srt",
        _srt("ANNA: Hello."),
        "ANNA: Hello.",
        None,
        ("line 2: begins with what may be",),
    ),
    Kind("SRT with turns", "A.srt", _srt(">> Hello.", "&gt;&gt; Hi."), "Hello. Hi."),
    Kind(
        "SRT rolling",
        "A.srt",
        _srt("one line here", "one line here\nthen two", "then two\nand three"),
        "one line here then two and three",
        None,
        (f"lines 6 and 11: {_AGAIN}",),
    ),
    Kind(
        "SRT growing",
        "A.srt",
        _srt("so", "so we", "so we go", "on"),
        "so we go on",
        ((0, 2.9), (3, 3.9)),
        ("lines 2 and 6: is repeated and continued",),
    ),
    Kind(
        "SRT with a line said twice",
        "A.srt",
        _srt("No.", "No.", "Yes."),
        "No. No. Yes.",
        None,
        ("line 6: repeats words of the cue before",),
    ),
    Kind(
        "SRT, a cue stored twice",
        "A.srt",
        f"{_SRT}\n3\n{_T2}\nHow are you?\n",
        _SAID,
        _TIMES,
        ("line 10: is there a second time",),
    ),
    Kind(
        "WebVTT",
        "A.vtt",
        "WEBVTT\n\n00:01.000 --> 00:02.000 align:start\nHello.\n",
        "Hello.",
        ((1, 2),),
    ),
    Kind(
        "WebVTT with notes",
        "A.vtt",
        "WEBVTT - a\n\nNOTE no\nwords\n\nSTYLE\n::cue {}\n\nid\n00:01.000 --> 00:02.000\nHello.\n",
        "Hello.",
    ),
    Kind(
        "WebVTT of a stream",
        "A.vtt",
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:9,LOCAL:00:00:00.000\n\n00:01.000 --> 00:02.000\nHello.\n",
        "Hello.",
    ),
    Kind(
        "WebVTT with word times",
        "A.vtt",
        "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Anna>Fish &amp; <00:01.500>chips</v>\n",
        "Fish & chips",
    ),
    Kind("WebVTT without its header", "A.vtt", "00:01.000 --> 00:02.000\nHello.\n", "Hello."),
    Kind("WebVTT that is SRT", "A.vtt", _SRT, _SAID, _TIMES),
    Kind(
        "WebVTT of YouTube, rolling",
        "A.vtt",
        _YOUTUBE,
        "this is the first here comes another end",
        None,
        (f"lines 9, 13, 17 and 21: {_AGAIN}",),
    ),
    Kind("ASS", "A.ass", f"{_ASS}{_LINE}Hello, there.\n", "Hello, there.", ((0, 2.5),)),
    Kind(
        "ASS with overrides",
        "A.ass",
        f"{_ASS}{_LINE}{{\\k20}}Hel{{\\k30\\b1}}lo,\\Nthere\\hnow\n",
        "Hello, there now",
    ),
    Kind(
        "ASS with a drawing",
        "A.ass",
        f"{_ASS}{_LINE}{{\\p1}}m 0 0 l 100 0{{\\p0}}\n{_LINE}Hello.\n",
        "Hello.",
    ),
    Kind(
        "ASS with a comment",
        "A.ass",
        f"{_ASS}{_LINE.replace('Dialogue', 'Comment')}No.\n{_LINE}Yes.\n",
        "Yes.",
    ),
    Kind(
        "ASS, two layers",
        "A.ass",
        f"{_ASS}{_LINE}Hello.\n{_LINE}Hello.\n",
        "Hello.",
        None,
        ("line 9: is there a second time",),
    ),
    Kind(
        "ASS, other columns",
        "A.ass",
        "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,Yes, well.\n",
        "Yes, well.",
        ((1, 2),),
    ),
    Kind("ASS without words", "A.ass", _ASS, refused="holds no words"),
    Kind(
        "ASS with a broken time",
        "A.ass",
        f"{_ASS}{_LINE.replace('0:00:02.50', 'soon')}Hi\n",
        refused="line 8 has no times",
    ),
    Kind(
        "SSA",
        "A.ssa",
        "[Events]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, "
        "Text\n"
        "Dialogue: Marked=0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello.\n",
        "Hello.",
        ((1, 2),),
    ),
]
