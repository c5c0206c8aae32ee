"""Tags of this worker and of other systems; what only looks like one is refused, with its place."""

from __future__ import annotations

import pytest

from errors import InvalidInput
from text.events import MarkupOptions
from text.front import Source, TextOptions, prepare, prepare_all
from text.script import Break


def lines(text: str, *voices: str) -> list[tuple[str, str | None, float | None, float]]:
    options = TextOptions(language="en", markup_options=MarkupOptions(voices=voices))
    return [(x.text, x.voice, x.speed, x.pause_s) for x in prepare(text, options).lines]


def test_tags_hold_until_the_next_of_their_kind() -> None:
    text = "Hello. [voice:Anna] Hi! [pause:0.5][speed:1.2] Quick. [voice:default] Back."
    assert lines(text) == [
        ("Hello.", None, None, 0.0),
        ("Hi!", "Anna", None, 0.35),
        ("Quick.", "Anna", 1.2, 0.5),
        ("Back.", None, 1.2, 0.35),
    ]


@pytest.mark.parametrize(
    ("tag", "seconds"),
    [
        ("[pause:2]", 2),
        ("[pause:0.25]", 0.25),
        ("[pause:.5]", 0.5),
        ("[pause:500ms]", 0.5),
        ("[pause: 1 second]", 1),
        ("[pause]", 0.5),
        ("[PAUSE 1.0]", 1),
        ("[pause=1]", 1),
        ("[pause 2s]", 2),
        ("[pause 500ms]", 0.5),
        ("[break:1]", 1),
        ("[break]", 0.5),
        ('[break time="1s"]', 1),
        ("[short pause]", 0.3),
        ("[long pause]", 1.2),
        ("[pause:long]", 1.2),
        ("[[slnc 500]]", 0.5),
        ("<#0.5#>", 0.5),
        ("(pause)", 0.5),
        ('<break time="1s"/>', 1),
        ('<break time="500ms" />', 0.5),
        ("<break/>", 0.4),
        ("<break strength='strong'>", 0.8),
        ("<break time=“2s”/>", 2),
    ],
)
def test_pauses_as_other_systems_write_them(tag: str, seconds: float) -> None:
    assert lines(f"A {tag} B") == [("A", None, None, 0.0), ("B", None, None, seconds)]


@pytest.mark.parametrize(
    "text",
    [
        "[voice:Anna] Hi",
        "[voice=Anna] Hi",
        '[voice "Anna"] Hi',
        "[Anna] Hi",
        "{anna} Hi",
        '<voice name="Anna">Hi</voice>',
        '{"name": "Anna", "seed": -1} Hi',
    ],
)
def test_voices_as_other_systems_write_them(text: str) -> None:
    assert lines(text, "Anna") == [("Hi", "Anna", None, 0.0)]


def test_f5_tts_speakers() -> None:
    assert [(t, v) for t, v, _, _ in lines("[main] Hello. [town] There. [main] Bye.")] == [
        ("Hello.", None),
        ("There.", "town"),
        ("Bye.", None),
    ]


def test_closing_tags_go_back() -> None:
    text = "[voice:Anna]A[/voice] B [speed:1.5]C[/speed] D"
    assert [(t, v, s) for t, v, s, _ in lines(text)] == [
        ("A", "Anna", None),
        ("B", None, None),
        ("C", None, 1.5),
        ("D", None, None),
    ]


def test_styles_with_a_speed() -> None:
    assert lines('{"name": "Anna", "seed": -1, "speed": 0.9} Hi') == [("Hi", "Anna", 0.9, 0.0)]


@pytest.mark.parametrize(
    "text",
    [
        "He [laughs] and goes",
        "as said [sic] then [1] and [2, 3]",
        "so x < y holds",
        "{Anna} is unknown",
        "a [note: see below] b",
        "(aside) c",
    ],
)
def test_other_brackets_stay_as_written(text: str) -> None:
    assert [line[0] for line in lines(text)] == [text]


def test_brackets_without_a_sound_are_told_once(knows) -> None:
    script = prepare("x < y and a < b {c}", TextOptions(language="en", knows=knows))
    assert len(script.warnings) == 1 and "'<' (2)" in script.warnings[0]


def test_tags_of_other_systems_for_sounds_are_told() -> None:
    script = prepare(r"He [laughs] and [Clears throat], \[sigh] and [1]. [laughs]", TextOptions())
    (said,) = script.warnings
    assert said.startswith("[Clears throat], [laughs] will be spoken as words")
    both = "[laughs] [Clears throat] <mark name=3>"
    for form in ("<speak>[laughs] [Clears throat]</speak>", f"<ul><li>{both}</li></ul>"):
        assert said in prepare(form).warnings
    voices = MarkupOptions(voices=("angry",))
    assert not prepare("[angry] Go away!", TextOptions(markup_options=voices)).warnings


def test_an_escaped_bracket_is_one() -> None:
    assert lines(r"\[voice:x] and \[pause] go")[0][0] == "[voice:x] and [pause] go"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[voice:]A", "line 1, column 1: [voice:] names no voice"),
        ("Hi\n  [pause:x] A", "line 2, column 3: [pause:x] needs seconds"),
        ("A [pause:-1] B", "line 1, column 3: [pause:-1] needs seconds"),
        ("A [pause:90] B", "[pause:90] is longer than 60 s"),
        ("[speed:0]A", "[speed:0] needs a number from 0.3 to 2"),
        ("[speed:nan]A", "[speed:nan] needs a number"),
        ("A [pause for effect] B", "line 1, column 3: [pause for effect] needs seconds"),
        ("[voice:Anna A", "has no closing bracket"),
        ("[voce:Anna] A", "unknown tag [voce:Anna]; did you mean [voice:...]?"),
        ("[puase:1] A", "did you mean [pause:...]?"),
        ("Hi <speak>there</speak>", "line 1, column 4: <speak> must be around the whole text"),
        ("Hi <break time='x'/>", 'time="x" must be like 500ms'),
        ("Hi <break time=1s/>", "is not understood"),
        ("a </voice> b", "</voice> closes nothing"),
        ("a <voice name='A'> b", "<voice> is not closed"),
        ("a <emphasis>b</emphasis>", "the SSML element <emphasis> is not supported"),
        ('{"name": 5', "nothing"),
    ],
)
def test_what_looks_like_a_tag_is_refused(text: str, message: str) -> None:
    if message == "nothing":
        assert lines(text)
        return
    with pytest.raises(InvalidInput) as caught:
        lines(text)
    assert message in caught.value.message


def test_a_bad_name_is_told_by_whoever_knows_names() -> None:
    options = MarkupOptions(voice_problem=lambda name: "is odd" if "/" in name else None)
    with pytest.raises(InvalidInput, match=r"\[voice:/x\] is odd"):
        prepare("[voice:/x] A", TextOptions(markup_options=options))


def test_markup_can_be_switched_off() -> None:
    assert (
        prepare("[pause:1] a", TextOptions(markup=False, normalize=False)).lines[0].text
        == "[pause:1] a"
    )


def test_segments_keep_their_own_voice_and_pause() -> None:
    script = prepare_all(
        [
            Source("A [voice:X] B [voice:default] C", voice="Anna"),
            Source("D", speed=1.5, pause_s=0.2),
        ]
    )
    assert [(x.text, x.voice, x.speed, x.pause_s) for x in script.lines] == [
        ("A", "Anna", None, 0.0),
        ("B", "X", None, 0.35),
        ("C", "Anna", None, 0.35),
        ("D", None, 1.5, 0.2),
    ]
    assert script.lines[-1].opens is Break.SPEAKER


def test_a_pause_at_the_end_is_silence() -> None:
    assert lines("A. [pause:1]")[-1] == ("", None, None, 1.0)


def test_tags_without_words_give_their_pause_to_the_next_line() -> None:
    assert lines("A. [pause:1] ... [pause:1] B") == [
        ("A.", None, None, 0.0),
        ("B", None, None, 2.0),
    ]


def test_another_speed_or_the_same_voice_keeps_the_pause_of_the_sentence() -> None:
    text = "[voice:Anna] Hi. [voice:Anna] Bye, [speed:1.2] you [speed:1.1] there [voice:Bob] Oh."
    assert [(line.text, line.opens) for line in prepare(text).lines] == [
        ("Hi.", None),
        ("Bye,", Break.SENTENCE),
        ("you", Break.CLAUSE),
        ("there", Break.WORD),
        ("Oh.", Break.SPEAKER),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello [pause:1], you", ["Hello,", "you"]),
        ("Hello[pause:1]? Yes", ["Hello?", "Yes"]),
        ("Hello. [Anna]: Hi", ["Hello.", "Hi"]),
        ("[Anna]: Hi", ["Hi"]),
        ('"Hi [pause:1]" there', ['"Hi"', "there"]),
        ('Hi [pause:1] "there"', ["Hi", '"there"']),
        ("Three [pause:1] .5", ["Three", "point five"]),
    ],
)
def test_a_mark_behind_a_tag_belongs_to_the_word_before_it(text: str, said: list[str]) -> None:
    assert [line[0] for line in lines(text, "Anna")] == said


@pytest.mark.parametrize("text", ["if a<b and c>d then", "if x<s and y>z then", "x <p then"])
def test_comparisons_are_no_tags(text: str) -> None:
    assert [line[0] for line in lines(text)] == [text]


def test_a_tag_with_both_brackets_escaped_is_text() -> None:
    assert lines(r"\[pause\] a \[voice:Anna\]", "Anna")[0][0] == "[pause] a [voice:Anna]"
