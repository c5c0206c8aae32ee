"""At least 60 kinds of file are voices or are refused with a reason; none comes through wrong."""

from __future__ import annotations

import struct

import pytest
import soundfile

from errors import VoiceUnusable
from tests.worker.audio.kinds import KINDS, outcome
from tests.worker.audio.made import RATE, speech
from tests.worker.audio.signals import as_file
from worker.audio import containers
from worker.audio.decode import _extension, decode
from worker.audio.sizes import mended
from worker.audio.source import Header
from worker.voices.stored import split_extension

pytest.importorskip("av", reason="PyAV is an optional part: requirements/decode.txt")

pytestmark = pytest.mark.usefixtures("decoded_here")


def test_there_are_enough() -> None:
    assert len(KINDS) >= 60


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_read_or_refused_with_a_reason(name: str) -> None:
    assert outcome(KINDS[name]) == KINDS[name].outcome


@pytest.mark.parametrize("name", [name for name in KINDS if name.startswith("half ")])
def test_words_with_times_are_asked_for_only_where_they_help(name: str) -> None:
    data = KINDS[name].make()
    with pytest.raises(VoiceUnusable) as caught:
        decode(data, max_seconds=60, max_bytes=1 << 24)
    try:
        helps = decode(data, max_seconds=60, max_bytes=1 << 24, partial=True).declared_s > 0
    except VoiceUnusable:
        helps = False
    assert ("NAME.srt" in caught.value.hint) == helps
    assert helps or "ffmpeg -i" in caught.value.hint


@pytest.mark.parametrize("there", [True, False])
def test_what_is_accepted_is_what_is_read_here(
    there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "installed", lambda: there)
    with pytest.raises(VoiceUnusable) as caught:
        decode(b"Dear sirs, hello there, this is no audio.", max_seconds=60, max_bytes=1 << 24)
    assert "m4a" in caught.value.hint
    assert ("requirements/decode.txt" in caught.value.hint) != there


@pytest.mark.parametrize("form", sorted(set(soundfile.available_formats()) - {"RAW", "SD2"}))
def test_what_an_upload_is_stored_as_is_found_again(form: str) -> None:
    extension = _extension(Header(RATE, 1, 1, form, "PCM_16"))
    assert split_extension(f"voices/A.{extension}") == ("voices/A", extension)


@pytest.mark.parametrize("form", ["AU", "W64", "CAF"])
def test_a_size_that_nobody_knows_or_counted_wrong_is_no_reason(form: str) -> None:
    whole = as_file(speech(), RATE, form)

    def lacks(data: bytes) -> str:
        found = mended(data)
        assert found is not None
        return found.lacks

    assert lacks(whole) == "" == lacks(whole[:-28])
    at = {"AU": 8, "W64": 16, "CAF": whole.find(b"data") + 4}[form]
    unknown = struct.pack(">I", 0xFFFFFFFF) if form == "AU" else b"\xff" * 8
    assert lacks(whole[:at] + unknown + whole[at + len(unknown) : -999]) == ""
