"""The part of SSML that can be followed; everything else is refused by name and place."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from errors import InvalidInput
from tests.text.test_map import check
from text.front import TextOptions, prepare
from text.script import Break, Line


def lines(text: str) -> tuple[Line, ...]:
    return prepare(f"<speak>{text}</speak>", TextOptions(language="en")).lines


def test_text_and_entities() -> None:
    document = '<?xml version="1.0"?>\n<!-- c --><speak version="1.1" xmlns="x">\n'
    document += "A &amp; B\n&lt;&#233;&#x41; <![CDATA[1 & 2]]></speak>"
    assert prepare(document).lines[0].text == "A and B <éA one and two"


def test_breaks() -> None:
    assert [
        (x.text, x.pause_s) for x in lines('A<break time="1.5s"/>B<break strength="weak"/>C')
    ] == [
        ("A", 0.0),
        ("B", 1.5),
        ("C", 0.2),
    ]


def test_paragraphs_and_sentences() -> None:
    found = lines("<p><s>One</s><s>Two</s></p><p>Three</p>")
    assert [(x.text, x.opens) for x in found] == [
        ("One", None),
        ("Two", Break.SENTENCE),
        ("Three", Break.PARAGRAPH),
    ]


def test_voice_rate_and_language_nest() -> None:
    text = 'a<voice name="Anna">b<prosody rate="slow">c<prosody rate="200%">d</prosody>'
    text += '</prosody></voice><lang xml:lang="de">e</lang>f'
    assert [(x.text, x.voice, x.speed, x.language) for x in lines(text)] == [
        ("a", None, None, "en"),
        ("b", "Anna", None, "en"),
        ("c", "Anna", 0.75, "en"),
        ("d", "Anna", 1.5, "en"),
        ("e", None, None, "de"),
        ("f", None, None, "en"),
    ]


def test_substitutes_are_said_and_the_word_is_shown() -> None:
    script = prepare('<speak>The <sub alias="World Wide Web">WWW</sub> is big.</speak>')
    (line,) = script.lines
    assert line.text == "The World Wide Web is big."
    assert [script.written(line, word) for word in line.words] == ["The", "WWW", "is", "big."]


@pytest.mark.parametrize(
    ("how", "content", "said"),
    [
        ("characters", "abc1", "A B C one"),
        ("spell-out", "UNESCO", "U N E S C O"),
        ("digits", "1987", "one nine eight seven"),
        ("telephone", "555-1234", "five five five, one two three four"),
        ("ordinal", "3", "third"),
        ("cardinal", "1987", "one thousand nine hundred eighty-seven"),
        ("date", "2024-01-05", "January fifth, twenty twenty-four"),
        ("characters", "AT&amp;T", "A T T"),
        ("characters", "a<!-- b -->c<![CDATA[d]]>", "A C D"),
        ("digits", "&#49;2", "one two"),
        ("telephone", "+1 800 FLOWERS", "plus one, eight zero zero, flowers"),
        ("cardinal", "007", "seven"),
        ("cardinal", "XIV", "fourteen"),
        ("ordinal", "1,000", "one thousandth"),
    ],
)
def test_say_as(how: str, content: str, said: str) -> None:
    assert lines(f'<say-as interpret-as="{how}">{content}</say-as>.')[0].text == f"{said}."


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        ("dmy", "03/04/2025", "April third, twenty twenty-five"),
        ("mdy", "03/04/2025", "March fourth, twenty twenty-five"),
        ("ymd", "25.4.3", "April third, twenty twenty-five"),
        ("yyyymmdd", "20250403", "April third, twenty twenty-five"),
        ("dm", "3/4", "April third"),
        ("my", "4/2025", "April twenty twenty-five"),
        ("dmy", "3 April 2025", "the third of April twenty twenty-five"),
        ("dmy", "33/44/2025", "thirty-three/forty-four/two thousand twenty-five"),
    ],
)
def test_dates_are_read_in_the_order_that_is_asked_for(form: str, content: str, said: str) -> None:
    document = f'<say-as interpret-as="date" format="{form}">{content}</say-as>.'
    assert lines(document)[0].text == f"{said}."


@pytest.mark.parametrize("empty", ["<sub alias='b'/>", "<sub alias='b'> </sub>"])
def test_an_alias_of_nothing_is_refused(empty: str) -> None:
    for text in (empty, f"a {empty} d", f"<speak>{empty}</speak>", f"<speak>a {empty}</speak>"):
        with pytest.raises(InvalidInput, match="holds no words"):
            prepare(text)


def test_speak_may_be_in_capitals() -> None:
    assert prepare("<SPEAK>Hi<BREAK/></SPEAK>").lines[0].text == "Hi"


@given(st.text(alphabet="ab&;<>/!-[]1 ", max_size=20).map(lambda t: t.replace("<", "<!-- -->")))
@example("&amp;")
@example("<![CDATA[ab]]>")
def test_what_is_spelled_holds_no_markup(content: str) -> None:
    try:
        spelled = lines(f'x <say-as interpret-as="characters">{content}</say-as> y')
    except InvalidInput as error:
        assert error.message.startswith("line ")
        return
    letters = re.sub(r"<!--.*?-->|&\w+;", "", content)
    said = "".join(line.text for line in spelled).replace("one", "1")
    assert len(re.findall("[AB1]", said)) == len(re.findall("[ab1]", letters))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            "<speak>\n <audio src='x'/></speak>",
            "line 2, column 2: the SSML element <audio> is not supported",
        ),
        ("<speak><phoneme ph='x'>a</phoneme></speak>", "<phoneme> is not supported"),
        ("<speak><prosody pitch='high'>a</prosody></speak>", "pitch of <prosody> is not supported"),
        ("<speak><prosody rate='warp'>a</prosody></speak>", "is not understood"),
        ("<speak><say-as interpret-as='x'>a</say-as></speak>", "say-as 'x' is not supported"),
        ("<speak><sub>a</sub></speak>", "<sub> needs alias"),
        ("<speak>a\n<p>b</speak>", "line 2, column 7: this is no well-formed SSML: mismatched tag"),
        ("<speak>a & b</speak>", "no well-formed SSML"),
        ("<speak>a", "no well-formed SSML"),
        ("<speak>a</speak> b", "no well-formed SSML"),
        (
            '<!DOCTYPE x [<!ENTITY a "b">]><speak>&a;</speak>',
            "document type declarations are not allowed",
        ),
        ("<speak>&nbsp;a</speak>", "undefined entity"),
        ("<speak><p>a", "<p> is not closed"),
        ("<speak>a [pause:1] b</speak>", "line 1, column 10: [pause:1] stands in SSML"),
        ("<speak>[voice:Anna] b</speak>", "[voice:Anna] stands in SSML"),
        ('<speak><voice gender="male">a</voice></speak>', "<voice> needs name"),
        ('<speak><lang xml:lang="de!">a</lang></speak>', "must be a language's code"),
        ('<speak><sub alias="a">b<break/></sub></speak>', "<break> stands in <sub>"),
        ('<say-as interpret-as="digits">1 [pause] 2</say-as>', "<say-as> holds a pause"),
    ],
)
def test_the_rest_is_refused_with_its_place(document: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        prepare(document)
    assert message in caught.value.message
    assert caught.value.message.startswith("line ")


PIECES = st.recursive(
    st.sampled_from(
        ["Hello.", " ", "a/", "x &amp; y", "<break/>", "<break time='2s'/>", "<!-- c -->"]
    )
    | st.just("<sub alias='World Wide Web'>WWW</sub>")
    | st.sampled_from(["<sub alias='x'>&amp;</sub>", "<sub alias=''>a</sub>"])
    | st.just("<say-as interpret-as='characters'>a&amp;b</say-as>"),
    lambda inner: (
        st.builds(
            "<{0}{1}>{2}</{0}>".format,
            st.sampled_from(["p", "s"]),
            st.just(""),
            st.lists(inner, max_size=3).map("".join),
        )
        | st.builds("<voice name='a'>{}</voice>".format, st.lists(inner, max_size=3).map("".join))
        | st.builds("<prosody rate='slow'>{}</prosody>".format, inner)
    ),
    max_leaves=8,
)


@given(st.lists(PIECES, max_size=5).map("".join))
def test_every_document_of_known_elements_is_read(content: str) -> None:
    try:
        script = prepare(f"<speak>{content}</speak>", TextOptions(language="en"))
    except InvalidInput as error:
        assert "something to say" in error.message
        return
    assert sum(line.text.count("Hello") for line in script.lines) == content.count("Hello")
    check(script)
