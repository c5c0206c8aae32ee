"""No transcript costs more than its length, and none more than a second or 100 MB."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import pytest

from errors import TranscriptMissing
from standins.growth import grows_with_length
from worker.subtitles.limits import MAX_BYTES, MAX_CUES, MAX_JSON_BYTES, MAX_LINES
from worker.subtitles.read import parse

_SIZE = MAX_BYTES >> 5  # at a square of it each would take minutes
_T = "00:00:01,000 --> 00:00:02,000\n"
# By extension, what costs most to read where the cost of one piece grows with those before it.
_HOSTILE = {
    "txt": [
        "\n",
        "[a](",
        "<i ",
        '<font "',
        "(laugh",
        "&amp;",
        ">>",
        "[00:00.00]",
        "[0.0s -> 1.0s] a\n",
        "0:00\na\n",
        "{0}{1}a\n",
        "0\t1\ta\n",
        "*a",
        " ",
        "\u200e",
        "<|",
        "Ã©",
        "SPEAKER_",
        "ab-\n",
    ],
    "srt": [_T, f"{_T}a\n", f"{_T}a\nb\n", "1\n", "-->", "00:", "-", "{\\", "<i "],
    "vtt": ["WEBVTT\n\n", f"{_T}a\n\n", "00:01 ", "<c.", "NOTE\n\n"],
    "ass": [
        "{\\p1}",
        "\\p1",
        "{",
        "Format: a,",
        "Dialogue: 0,0:00:01.00,0:00:02.00,,,,,,,{a\n",
        ",",
    ],
    "csv": ["\n", "(", "_", " ", '"\n', '"', '""', ",", "0,1,a\n", '0,1,"a\n', "sep=\n"],
    "tsv": ["\t", "0\t1\ta\n"],
    "smi": ["<SAMI><SYNC Start=0>", "<br>", "<!--", "<", "<p class=", "<sami>a", "&nbsp"],
    "ttml": ["<!-- -->", "<!--"],
    "textgrid": ['"', '"ooTextFile"\n"', "1 ", "9", '""'],
    "sub": ["{1}{1}25\n", "[INFORMATION]\n", "00:00:01:12"],
    "json": ["[", '{"a":', '[{"start":0,"end":1,"text":"a"},', '{"start":0,"end":1,"text":"a"}\n'],
}

_HEADS = {
    "smi": ("<SAMI><SYNC Start=0>",),
    "textgrid": (
        'File type = "ooTextFile"\n"TextGrid" 0 9 <exists> 1 "IntervalTier" "a" 0 9 9e9 ',
    ),
    "txt": ("**a", "00:00:00:00 - 00:00:01:00\n", "utt001-"),
}


def read(data: bytes, name: str) -> Callable[[int], None]:
    """What reads so many bytes of `data`."""

    def first(length: int) -> None:
        with suppress(TranscriptMissing):
            parse(data[:length], name, 10.0)

    return first


@pytest.mark.parametrize("extension", _HOSTILE)
def test_hostile_files_cost_no_more_than_their_length(extension: str) -> None:
    for unit in _HOSTILE[extension]:
        for head in ("", _T, *_HEADS.get(extension, ())):
            data = (head + unit * (_SIZE // len(unit.encode()))).encode()
            assert grows_with_length(read(data, f"A.{extension}"), _SIZE), (unit, head)


def test_more_lines_than_a_recording_has_are_refused() -> None:
    with pytest.raises(TranscriptMissing, match=f"at most {MAX_LINES} are read"):
        parse(b"a\n" * (MAX_BYTES // 2), "A.txt")
    with pytest.raises(TranscriptMissing, match=f"at most {MAX_CUES} are read"):
        parse(b"[00:01.00]a\n" * (MAX_CUES + 1), "A.lrc")


def test_json_of_hours_is_read() -> None:
    words = [{"word": f"w{n}", "start": n, "end": n + 0.9, "note": " " * 999} for n in range(1100)]
    found = parse(json.dumps({"words": words}).encode(), "A.json", 2000.0)
    assert len(found.cues) == len(words) == len(found.text.split())


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"[" + b"{}," * (MAX_BYTES // 2) + b"{}]", "lists and objects; at most"),
        (b"[" + b"1," * MAX_BYTES + b"1]", "values are read"),
        (b'{"text":"' + b"a b " * (MAX_BYTES // 2) + b'"}', "letters; at most"),
        (b'{"text":"' + b"\xe9" * MAX_BYTES + b'"}', "save it as UTF-8"),
        (b"<!-- -->" * (MAX_BYTES // 4), "is no JSON"),
        (b" " * (MAX_JSON_BYTES + 1), f"at most {MAX_JSON_BYTES} are allowed"),
    ],
    ids=["objects", "numbers", "words", "encoding", "other", "bytes"],
)
def test_json_that_would_unfold_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(TranscriptMissing, match=told):
        parse(data, "A.json", 10.0)


def test_a_large_file_in_an_unknown_encoding_costs_no_more_than_its_length() -> None:
    for line in ("Привет, мир\n".encode("cp1251"), bytes(range(128, 256)), b"\xe9" * 99):
        data = line * (_SIZE // len(line))
        assert grows_with_length(read(data, "A.txt"), _SIZE), line
