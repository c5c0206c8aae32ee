"""Records of voices: what they hold, consent, and what is done with voices as wholes."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from errors import (
    ConsentMissing,
    InvalidInput,
    StorageDenied,
    TranscriptMissing,
    VoiceNotFound,
    VoiceUnusable,
)
from tests.worker.voices.library import LibraryWithStore, voice
from worker.operations.table import OPERATIONS
from worker.settings.groups import VoiceConfig
from worker.settings.load import Settings
from worker.voices.asked import Asked
from worker.voices.shelf import VoiceShelf

ANNA = {"who": "Anna Nowak", "when": "2026-11-01", "statement": "You may.", "id": "c-17"}
FACTS = {"description": "Warm.", "language": "pl", "licence": "CC0", "tags": ["radio", "calm"]}


@pytest.fixture
def voices(tmp_path: Path) -> LibraryWithStore:
    return LibraryWithStore(tmp_path)


def ask(voices: LibraryWithStore, endpoint: str, **fields: Any) -> dict[str, Any]:
    app = SimpleNamespace(voices=voices.library, settings=Settings())
    job = {"endpoint": endpoint, **fields}
    return OPERATIONS[endpoint].model_validate(job).run(app, "job")  # type: ignore[arg-type]


def upload(voices: LibraryWithStore, name: str, seed: int = 0, **fields: Any) -> dict[str, Any]:
    inline = {"audio_base64": base64.b64encode(voice(seed=seed)).decode()}
    fields = {"ref_text": "Some words.", **fields}
    return ask(voices, "upload", voice_name=name, voice=inline, **fields)


def keys(voices: LibraryWithStore) -> list[str]:
    return [item.key for item in voices.store.list("") if ".deleted/" not in item.key]


def test_the_record_lies_beside_the_voice_and_any_tool_can_read_it(
    voices: LibraryWithStore,
) -> None:
    upload(voices, "Dorota", **FACTS, consent=ANNA)
    stored = json.loads(voices.store.get("voices/Dorota.voice.json"))
    assert stored.items() >= {**FACTS, "consent": ANNA}.items()
    assert datetime.fromisoformat(stored["made"]).tzinfo is not None
    shown = ask(voices, "show_voice", voice_name="Dorota")
    assert shown["record"] == stored
    assert shown["keys"] == [f"voices/Dorota.{end}" for end in ("txt", "voice.json", "wav")]
    listed = ask(voices, "list_voices")["voices"]
    assert [(each["name"], each["has_record"]) for each in listed] == [
        ("Dorota", True),
        ("demo", False),
    ]


def test_what_happens_to_a_voice_does_not_happen_to_its_moods_in_silence(
    voices: LibraryWithStore,
) -> None:
    upload(voices, "D")
    upload(voices, "D", seed=1, mood="calm")
    copied = ask(voices, "copy_voice", voice_name="D", new_name="E")
    assert copied["warnings"] == ["Voices below D were not copied: D/calm. Name each with `mood`."]
    calm = {"voice_name": "D", "mood": "calm", "new_name": "E", "new_mood": "calm"}
    assert ask(voices, "copy_voice", **calm)["warnings"] == []
    assert (
        "not renamed: D/calm"
        in ask(voices, "rename_voice", voice_name="D", new_name="F")["warnings"][0]
    )
    ask(voices, "copy_voice", voice_name="F", new_name="G")
    becomes = {"voice_name": "G", "new_name": "G", "new_mood": "sad"}
    assert ask(voices, "rename_voice", **becomes)["warnings"] == [], "G/sad is the voice itself"
    assert "not deleted: E/calm" in ask(voices, "delete", voice_name="E")["warnings"][0]


def test_a_voice_without_a_record_works_and_can_get_one(voices: LibraryWithStore) -> None:
    voices.put("voices/Old.wav", voice())
    assert voices.library.prepare("Old", "Hi.").name == "Old"
    assert ask(voices, "show_voice", voice_name="Old")["record"] is None
    described = ask(voices, "describe_voice", voice_name="Old", licence="own")["record"]
    assert described["licence"] == "own"
    assert described["made"] == described["changed"]


def test_what_is_described_changes_and_the_rest_stays(voices: LibraryWithStore) -> None:
    upload(voices, "A", **FACTS)
    voices.put("voices/A.voice.json", json.dumps({**FACTS, "studio": "B", "made": "2020-01-01"}))
    ask(voices, "describe_voice", voice_name="A", licence="MIT", remove=["tags"])
    stored = json.loads(voices.store.get("voices/A.voice.json"))
    assert stored.pop("changed") > "2026"
    rest = {name: value for name, value in FACTS.items() if name != "tags"}
    assert stored == {**rest, "licence": "MIT", "studio": "B", "made": "2020-01-01"}
    with pytest.raises(InvalidInput):
        ask(voices, "describe_voice", voice_name="A")
    with pytest.raises(InvalidInput):
        ask(voices, "describe_voice", voice_name="A", licence="x", remove=["licence"])
    with pytest.raises(VoiceNotFound):
        ask(voices, "describe_voice", voice_name="Nobody", licence="x")


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b'{"tags": 3}', b"\xff", b'{"consent": {}}'])
def test_a_damaged_record_is_named_and_stops_no_job(voices: LibraryWithStore, body: bytes) -> None:
    upload(voices, "A")
    voices.store.put("voices/A.voice.json", body)
    with pytest.raises(VoiceUnusable, match=r"voices/A\.voice\.json is damaged"):
        ask(voices, "show_voice", voice_name="A")
    assert voices.library.prepare("A").name == "A"


WRONG: list[dict[str, Any]] = [
    {"who": "A"},
    {"who": "", "when": "2026-01-01"},
    {"who": "A", "when": "yesterday"},
    {**ANNA, "more": 1},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_consent_is_refused(voices: LibraryWithStore, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="consent"):
        upload(voices, "A", consent=wrong)


def test_a_new_recording_does_not_inherit_consent(voices: LibraryWithStore) -> None:
    upload(voices, "A", **FACTS, consent=ANNA)
    again = upload(voices, "A", seed=2)
    assert any("consent to the replaced recording" in text for text in again["warnings"])
    record = ask(voices, "show_voice", voice_name="A")["record"]
    assert "consent" not in record
    assert record["description"] == FACTS["description"]
    again = upload(voices, "A", seed=3, consent={**ANNA, "who": "Ewa"})
    assert not any("consent" in text for text in again["warnings"])
    assert ask(voices, "show_voice", voice_name="A")["record"]["consent"]["who"] == "Ewa"


def test_where_consent_is_required_no_other_voice_speaks(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, require_consent=True)
    with pytest.raises(ConsentMissing, match="brings no consent"):
        upload(voices, "A")
    assert keys(voices) == []
    upload(voices, "A", consent=ANNA)
    assert voices.library.prepare("A").name == "A"
    assert voices.library.prepare("demo").name == "demo"
    voices.put("voices/Old.wav", voice())
    voices.other.put("Far.wav", voice())
    inline = {"audio_base64": base64.b64encode(voice()).decode()}
    for other in ("Old", "s3://other/Far.wav", inline):
        with pytest.raises(ConsentMissing, match="has no consent"):
            voices.library.prepare(other, "Hi.")  # type: ignore[arg-type]


def test_consent_that_is_withdrawn_ends_at_once(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, require_consent=True)
    upload(voices, "A", consent=ANNA)
    voices.library.prepare("A")
    ask(voices, "describe_voice", voice_name="A", remove=["consent"])
    with pytest.raises(ConsentMissing):
        voices.library.prepare("A")


def test_consent_is_to_a_recording_and_not_to_whatever_has_its_name(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, require_consent=True)
    upload(voices, "A", consent=ANNA)
    voices.put("voices/A.flac", voice(seed=8, fmt="FLAC"))
    assert voices.library.prepare("A").source == "voices/A.wav"
    with pytest.raises(ConsentMissing, match="another recording") as caught:
        voices.library.prepare("A.flac")
    assert '"consent": {"who"' in caught.value.hint
    voices.put("voices/A.wav", voice(seed=9))
    voices.library.shelf.changed()
    with pytest.raises(ConsentMissing, match="another recording"):
        voices.library.prepare("A")
    ask(voices, "describe_voice", voice_name="A", consent=ANNA)
    assert voices.library.prepare("A").name == "A"
    for verb in ("copy_voice", "rename_voice"):
        ask(voices, verb, voice_name="A", new_name=verb)
        assert voices.library.prepare(verb).name == verb


def test_a_mood_and_a_voice_of_the_users_own_have_no_others_consent(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, require_consent=True)
    upload(voices, "A", consent=ANNA)
    voices.put("voices/A/calm.wav", voice(seed=4))
    voices.put("voices/demo.wav", voice(seed=5))  # in place of the one that comes with the worker
    for name in ("A/calm", "A calm", "demo"):
        with pytest.raises(ConsentMissing):
            voices.library.prepare(name, "Hi.")
    with pytest.raises(ConsentMissing):
        voices.library.prepare_all([Asked("A"), Asked("A/calm", "Hi.")])


def test_the_refusal_says_how_to_give_consent(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, require_consent=True)
    voices.put("voices/Old.wav", voice())
    voices.other.put("Far.wav", voice())
    inline = {"audio_base64": base64.b64encode(voice()).decode()}
    for asked, how in (
        ("Old", "`describe_voice`"),
        ("s3://other/Far.wav", "Put s3://other/Far.voice.json beside it"),
        (inline, "Upload it"),
        ("https://voices.example/me.wav?signed=secret", "Upload it"),  # and nothing is fetched
    ):
        with pytest.raises(ConsentMissing) as caught:
            voices.library.prepare(asked, "Hi.")  # type: ignore[arg-type]
        assert how in caught.value.hint and '"consent": {"who"' in caught.value.hint
        assert "secret" not in str(caught.value.as_output())


def test_moods_are_voices_below_a_voice(voices: LibraryWithStore) -> None:
    upload(voices, "Dorota")
    for seed, mood in enumerate(("calm", "angry"), 1):
        upload(voices, "Dorota", seed, mood=mood)
    assert ask(voices, "show_voice", voice_name="Dorota")["moods"] == ["angry", "calm"]
    calm = voices.library.prepare("Dorota/calm")
    assert calm.source == "voices/Dorota/calm.wav"
    assert voices.library.prepare("Dorota calm").source == calm.source
    voices.put("voices/Dorota calm.wav", voice(seed=7))
    voices.library.shelf.changed()
    assert voices.library.prepare("Dorota calm", "Hi.").source == "voices/Dorota calm.wav"
    with pytest.raises(VoiceNotFound):
        voices.library.prepare("Dorota sad")


def test_a_voice_is_renamed_and_copied_with_all_that_is_its_own(voices: LibraryWithStore) -> None:
    upload(voices, "A", **FACTS)
    upload(voices, "AB")
    voices.put("voices/A.srt", "1\n00:00:00,000 --> 00:00:03,000\nHi.\n")
    ask(voices, "rename_voice", voice_name="A", new_name="Z")
    ask(voices, "copy_voice", voice_name="Z", new_name="Y", new_mood="calm")
    own = [f".{end}" for end in ("srt", "txt", "voice.json", "wav")]
    expected = [f"voices/AB{end}" for end in (".txt", ".wav")]
    expected += [f"voices/{name}{end}" for name in ("Y/calm", "Z") for end in own]
    assert keys(voices) == sorted(expected)
    with pytest.raises(VoiceNotFound):
        voices.library.prepare("A")
    assert voices.library.prepare("Z").ref_text == "Some words. "
    for endpoint in ("rename_voice", "copy_voice"):
        with pytest.raises(InvalidInput, match="already"):
            ask(voices, endpoint, voice_name="Z", new_name="AB")
        with pytest.raises(VoiceNotFound):
            ask(voices, endpoint, voice_name="A", new_name="B")


def test_a_deleted_voice_is_restored_and_meanwhile_nobody_speaks_with_it(
    voices: LibraryWithStore,
) -> None:
    upload(voices, "A", **FACTS)
    upload(voices, "A", seed=3, mood="calm")
    before = {key: voices.store.get(key) for key in keys(voices)}
    voices.library.shelf.remove("A")
    assert keys(voices) == ["voices/A/calm.txt", "voices/A/calm.wav"]
    kept = [item.key for item in voices.store.list("voices/.deleted/")]
    assert len(kept) == 3
    names = [info.name for info in voices.library.catalogue.all()]
    assert names == ["A/calm", "demo"]
    for asked in ("A", *kept, kept[-1].removeprefix("voices/"), f"s3://other/{kept[-1]}"):
        with pytest.raises(VoiceNotFound):
            voices.library.prepare(asked, "Hi.")
    ask(voices, "restore_voice", voice_name="A")
    assert {key: voices.store.get(key) for key in keys(voices)} == before
    assert not list(voices.store.list("voices/.deleted/"))
    with pytest.raises(VoiceNotFound, match="No deleted voice"):
        ask(voices, "restore_voice", voice_name="A")


def test_what_was_deleted_last_is_restored_and_never_over_another(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path)
    for words in ("First.", "Second."):
        upload(voices, "A", ref_text=words)
        voices.library.shelf.remove("A")
    upload(voices, "A", ref_text="Third.")
    with pytest.raises(InvalidInput, match="already"):
        ask(voices, "restore_voice", voice_name="A")
    ask(voices, "rename_voice", voice_name="A", new_name="B")
    ask(voices, "restore_voice", voice_name="A")
    assert voices.library.prepare("A").ref_text == "Second. "
    assert voices.library.prepare("B").ref_text == "Third. "


def test_after_its_time_a_deleted_voice_is_gone(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, restore_days=2)
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    config = voices.library.shelf._config
    shelf = VoiceShelf(voices.store, config, lambda: None, lambda: now[0])  # type: ignore[arg-type]
    for name in ("A", "B"):
        upload(voices, name)
        shelf.remove(name)
        now[0] += timedelta(days=1.5)
    assert shelf.purge() == 2
    with pytest.raises(VoiceNotFound):
        shelf.restore("A")
    assert sorted(shelf.restore("B")) == ["voices/B.txt", "voices/B.wav"]


def test_with_no_time_a_voice_is_gone_at_once(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, restore_days=0)
    upload(voices, "A")
    voices.library.shelf.remove("A")
    assert not list(voices.store.list(""))


@pytest.mark.parametrize("name", [".deleted", ".Deleted/x"])
def test_no_voice_is_kept_among_the_deleted(voices: LibraryWithStore, name: str) -> None:
    with pytest.raises(InvalidInput):
        voices.library.catalogue.add(name, voice(), "Hi.")


def test_without_permission_to_list_a_voice_is_deleted_with_its_record(
    voices: LibraryWithStore,
) -> None:
    upload(voices, "A", **FACTS)
    voices.store.may_list = False
    assert len(voices.library.shelf.remove("A")) == 3
    voices.store.may_list = True
    assert keys(voices) == []


def test_without_permission_to_list_a_voice_is_kept_named_and_found(
    voices: LibraryWithStore,
) -> None:
    for mood in (None, "calm"):
        upload(voices, "D", mood=mood, description="x")
    voices.store.may_list = False
    shown = ask(voices, "show_voice", voice_name="D")
    assert shown["record"]["description"] == "x"
    assert shown["moods"] is None and "s3:ListBucket" in shown["warnings"][0]
    ask(voices, "copy_voice", voice_name="D", new_name="E")
    with pytest.raises(InvalidInput, match="already"):
        ask(voices, "rename_voice", voice_name="D", new_name="E")
    assert ask(voices, "rename_voice", voice_name="E", new_name="F")["voice_name"] == "F"
    with pytest.raises(StorageDenied, match="may not be seen, or is not there") as refused:
        ask(voices, "show_voice", voice_name="E")
    assert "Check the name" in refused.value.hint
    assert voices.library.look_for("D calm") == "voices/D/calm.wav"


def test_of_two_workers_that_take_a_name_at_once_one_has_it(voices: LibraryWithStore) -> None:
    """The other leaves nothing of its own there, and its voice as it was."""
    upload(voices, "A", **FACTS)
    upload(voices, "B", seed=2, ref_text="Of B.")
    first, second = voices.library.shelf, VoiceShelf(voices.store, VoiceConfig(), lambda: None)  # type: ignore[arg-type]
    put, waiting = voices.store._storage.put, ["B"]

    def slow(key: str, *args: Any, **kwargs: Any) -> Any:
        if waiting and key.startswith("voices/Z"):
            second.rename(waiting.pop(), "Z")
        return put(key, *args, **kwargs)

    voices.store._storage.put = slow  # type: ignore[method-assign]
    with pytest.raises(InvalidInput, match="already"):
        first.rename("A", "Z")
    own = ("A.txt", "A.voice.json", "A.wav", "Z.txt", "Z.wav")
    assert keys(voices) == [f"voices/{name}" for name in own]
    assert voices.library.prepare("Z").ref_text == "Of B. "


def test_a_voice_that_another_worker_takes_away_meanwhile_leaves_no_half(
    voices: LibraryWithStore,
) -> None:
    upload(voices, "A")
    put, other = voices.store._storage.put, VoiceShelf(voices.store, VoiceConfig(), lambda: None)  # type: ignore[arg-type]
    waiting = ["A"]

    def slow(key: str, *args: Any, **kwargs: Any) -> Any:
        stored = put(key, *args, **kwargs)
        if waiting and key.startswith("voices/Z"):
            other.remove(waiting.pop())
        return stored

    voices.store._storage.put = slow  # type: ignore[method-assign]
    with pytest.raises(VoiceNotFound, match="meanwhile"):
        voices.library.shelf.copy("A", "Z")
    assert keys(voices) == []
    assert sorted(other.restore("A")) == ["voices/A.txt", "voices/A.wav"]


def test_voices_of_users_have_folders_and_moods_below_them(voices: LibraryWithStore) -> None:
    upload(voices, "users/u1/Dorota")
    upload(voices, "users/u1/Dorota", seed=1, mood="calm")
    shown = ask(voices, "show_voice", voice_name="users/u1/Dorota")
    assert shown["moods"] == ["calm"]
    assert voices.library.prepare("users/u1/Dorota calm").name == "users/u1/Dorota/calm"
    ask(voices, "rename_voice", voice_name="users/u1/Dorota", mood="calm", new_name="users/u2/D")
    assert "voices/users/u2/D.wav" in keys(voices)


@pytest.mark.parametrize("wrong", ["../x", "a/../../x", "/x", "..", "a//b", "s3://b/x", "a\0b"])
def test_no_name_or_mood_leaves_the_library(voices: LibraryWithStore, wrong: str) -> None:
    upload(voices, "A")
    before = keys(voices)
    for endpoint, fields in {
        "copy_voice": {"new_name": wrong},
        "rename_voice": {"new_name": "B", "new_mood": wrong},
        "describe_voice": {"mood": wrong, "licence": "x"},
        "restore_voice": {"mood": wrong},
    }.items():
        with pytest.raises((ValueError, InvalidInput)):
            ask(voices, endpoint, voice_name="A", **fields)
    assert keys(voices) == before


def test_a_record_is_no_transcript_of_another_voice(voices: LibraryWithStore) -> None:
    upload(voices, "A", **FACTS)
    voices.put("voices/A.voice.wav", voice(seed=4))
    with pytest.raises(TranscriptMissing):
        voices.library.prepare("A.voice")


def test_the_picture_lies_beside_the_voice_and_goes_where_it_goes(
    voices: LibraryWithStore,
) -> None:
    answer = upload(voices, "A", picture=True)
    assert answer["picture_key"] == "voices/A.voice.png"
    assert Image.open(io.BytesIO(voices.store.get("voices/A.voice.png"))).size == (1000, 368)
    assert [info.name for info in voices.library.catalogue.all()] == ["A", "demo"]
    ask(voices, "rename_voice", voice_name="A", new_name="B")
    assert keys(voices) == ["voices/B.txt", "voices/B.voice.png", "voices/B.wav"]
    assert ask(voices, "check_voice", voice="B", picture=True)["picture_key"] in keys(voices)
    upload(voices, "B", seed=5)  # another recording: the picture is not of it
    assert keys(voices) == ["voices/B.txt", "voices/B.wav"]
    inline = {"audio_base64": base64.b64encode(voice()).decode()}
    for other in (inline, "demo", "s3://other/Far.wav"):
        with pytest.raises((InvalidInput, VoiceNotFound)):
            ask(voices, "check_voice", voice=other, picture=True)
