"""At least 60 kinds of file are voices or are refused with a reason; none comes through wrong."""

from __future__ import annotations

import struct

import pytest
import soundfile

from tests.worker.audio.kinds import KINDS, outcome
from tests.worker.audio.made import RATE, speech
from tests.worker.audio.signals import as_file
from worker.audio.decode import _extension
from worker.audio.sizes import missing
from worker.audio.source import Header
from worker.voices.stored import split_extension

pytest.importorskip("av", reason="PyAV is an optional part: requirements/decode.txt")


def test_there_are_enough() -> None:
    assert len(KINDS) >= 60


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_read_or_refused_with_a_reason(name: str) -> None:
    assert outcome(KINDS[name]) == KINDS[name].outcome


@pytest.mark.parametrize("form", sorted(set(soundfile.available_formats()) - {"RAW", "SD2"}))
def test_what_an_upload_is_stored_as_is_found_again(form: str) -> None:
    extension = _extension(Header(RATE, 1, 1, form, "PCM_16"))
    assert split_extension(f"voices/A.{extension}") == ("voices/A", extension)


@pytest.mark.parametrize("form", ["AU", "W64", "CAF"])
def test_a_size_that_nobody_knows_or_counted_wrong_is_no_reason(form: str) -> None:
    whole = as_file(speech(), RATE, form)
    assert missing(whole) == "" == missing(whole[:-28])
    at = {"AU": 8, "W64": 16, "CAF": whole.find(b"data") + 4}[form]
    unknown = struct.pack(">I", 0xFFFFFFFF) if form == "AU" else b"\xff" * 8
    assert missing(whole[:at] + unknown + whole[at + len(unknown) : -999]) == ""
