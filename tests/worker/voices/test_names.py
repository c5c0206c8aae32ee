"""What voices may be called, how their moods are found, and records that others wrote."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from errors import InvalidInput, TranscriptMissing, VoiceExists, VoiceNotFound, VoiceUnusable
from tests.worker.voices.library import LibraryWithStore, voice
from tests.worker.voices.test_records import ANNA, ask, keys, upload
from worker.voices.lent import lent_voice

ONE, TWO = "Zo\u00eb", "Zoe\u0308"  # the accent as one letter, and as macOS writes it


@pytest.fixture
def voices(tmp_path: Path) -> LibraryWithStore:
    return LibraryWithStore(tmp_path)


def test_a_mood_and_a_name_may_be_several_words(voices: LibraryWithStore) -> None:
    for name, mood in (("D", "very calm"), ("My Voice", "calm")):
        upload(voices, name)
        upload(voices, name, seed=1, mood=mood)
    for asked in ("D very calm", "D  very  calm"):
        assert voices.library.prepare(asked).name == "D/very calm"
    assert voices.library.prepare("My Voice calm").name == "My Voice/calm"
    for wrong in ("D/ calm", "D /calm", "D sad and slow and long and loud"):
        with pytest.raises(VoiceNotFound):
            voices.library.prepare(wrong)


def test_an_accent_is_one_whoever_wrote_it(voices: LibraryWithStore) -> None:
    upload(voices, TWO)
    assert keys(voices) == [f"voices/{ONE}.txt", f"voices/{ONE}.wav"]
    voices.put("voices/e\u0301.wav", voice())  # by hand, from a Mac
    for asked in (ONE, TWO, "\u00e9", "e\u0301"):
        assert voices.library.prepare(asked, "Hi.").name
    ask(voices, "delete", voice_name="\u00e9")
    ask(voices, "restore_voice", voice_name="\u00e9")
    assert voices.store.exists("voices/e\u0301.wav")


def test_a_voice_is_there_however_its_name_is_written(voices: LibraryWithStore) -> None:
    voices.put(f"voices/{TWO}.wav", voice())  # by hand, from a Mac
    voices.put("voices/a.txt.wav", voice())  # a name of an earlier version
    for name in (ONE, TWO, f"{ONE}.mp3", "demo", "demo.mp3", "voices/demo", " demo "):
        with pytest.raises(VoiceExists):
            upload(voices, name, replace=False)
    with pytest.raises(VoiceExists):
        ask(voices, "rename_voice", voice_name="a.txt", new_name=ONE)
    upload(voices, ONE)
    ask(voices, "delete", voice_name=ONE)
    ask(voices, "rename_voice", voice_name="a.txt", new_name="a")
    assert keys(voices) == ["voices/a.wav"]


def test_a_new_name_is_one_that_can_be_spoken_with(voices: LibraryWithStore) -> None:
    assert upload(voices, "x.mp3.wav")["voice_name"] == "x"
    for asked, name in {"voices/Y": "Y", "Z.mp3": "Z"}.items():
        assert ask(voices, "copy_voice", voice_name="x", new_name=asked)["voice_name"] == name
        assert voices.library.prepare(name).name == name
    assert ask(voices, "show_voice", voice_name="x.wav")["voice_name"] == "x"
    for wrong in ("x.voice", "x.txt", "x.SRT", "x.txt.wav", "x.voice.json"):
        with pytest.raises(InvalidInput, match="ends in"):
            upload(voices, wrong)


def test_words_in_another_case_are_not_those_of_another_voice(
    voices: LibraryWithStore, tmp_path: Path
) -> None:
    upload(voices, "ann")
    voices.put("voices/Ann.wav", voice(seed=1))
    listed = {one["name"]: one["has_transcript"] for one in ask(voices, "list_voices")["voices"]}
    assert (listed["ann"], listed["Ann"]) == (True, False)
    with pytest.raises(TranscriptMissing):
        voices.library.prepare("Ann")
    for name in ("ann.wav", "ann.txt", "Ann.wav"):
        (tmp_path / name).write_bytes(voice() if name.endswith("wav") else b"Words.")
    assert not lent_voice(tmp_path / "Ann.wav", 1 << 20).beside()
    assert lent_voice(tmp_path / "ann.wav", 1 << 20).beside()


def test_a_record_of_a_later_version_is_read_and_kept(voices: LibraryWithStore) -> None:
    upload(voices, "A")
    later = {"version": 9, "consent": {**ANNA, "scope": ["radio"]}, "more": {"deep": [1]}}
    voices.put("voices/A.voice.json", "\ufeff" + json.dumps(later))
    record = ask(voices, "describe_voice", voice_name="A", licence="CC0")["record"]
    assert record.items() >= {**later, "licence": "CC0"}.items()
    assert json.loads(voices.store.get("voices/A.voice.json")) == record


def test_a_huge_record_is_named_and_stops_no_job(voices: LibraryWithStore) -> None:
    upload(voices, "A")
    voices.put("voices/A.voice.json", json.dumps({"more": "x" * 70_000}))
    with pytest.raises(VoiceUnusable, match=r"voices/A\.voice\.json is damaged.*bytes"):
        ask(voices, "show_voice", voice_name="A")
    assert voices.library.prepare("A").name == "A"
    ask(voices, "delete", voice_name="A")  # as its hint says
    assert upload(voices, "A")["voice_name"] == "A"


def test_what_is_left_of_a_voice_holds_its_name_until_it_is_deleted(
    voices: LibraryWithStore,
) -> None:
    """As an interrupted delete leaves it, or words that were put there first."""
    upload(voices, "A")
    voices.put("voices/B.txt", "Words of B.")
    with pytest.raises(InvalidInput, match=r"there is voices/B\.txt, without its recording"):
        ask(voices, "rename_voice", voice_name="A", new_name="B")
    inline = {"audio_base64": base64.b64encode(voice()).decode()}
    said = ask(voices, "upload", voice_name="B", voice=inline)["warnings"]
    assert any("those that were there before it (voices/B.txt)" in text for text in said)
    voices.store.delete("voices/B.wav")
    assert ask(voices, "delete", voice_name="B")["deleted"] == ["voices/B.txt"]
    assert ask(voices, "rename_voice", voice_name="A", new_name="B")["voice_name"] == "B"


def test_a_voice_that_hides_one_of_the_workers_own_says_so(voices: LibraryWithStore) -> None:
    hides = "instead of the voice demo that comes with the worker"
    assert any(hides in text for text in upload(voices, "demo")["warnings"])
    assert not any(hides in text for text in upload(voices, "demo")["warnings"])
