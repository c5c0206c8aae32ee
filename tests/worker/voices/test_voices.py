"""Finding, preparing and remembering voices."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from errors import (
    InvalidInput,
    StorageDenied,
    TranscriptMissing,
    VoiceNotFound,
    VoiceUnusable,
)
from standins.waiting import PATIENCE_S
from tests.worker.voices.library import BUNDLED, LONG, LibraryWithStore, voice
from tests.worker.voices.web import reply, serving
from worker.voices import library as voices_module
from worker.voices.reference import with_full_stop
from worker.voices.wish import Wish


@pytest.fixture
def voices(tmp_path: Path) -> LibraryWithStore:
    return LibraryWithStore(tmp_path)


@pytest.mark.parametrize("asked", ["Dorota", "Dorota.wav", "voices/Dorota", "voices/Dorota.wav"])
def test_a_voice_is_found_by_name_or_key(voices: LibraryWithStore, asked: str) -> None:
    voices.put("voices/Dorota.wav", voice())
    voices.put("voices/Dorota.txt", "Dzień dobry.")
    voices.put("voices/Dorota2.wav", voice(seed=2))
    found = voices.library.prepare(asked)
    assert (found.name, found.source) == ("Dorota", "voices/Dorota.wav")
    assert found.ref_text == "Dzień dobry. "
    assert found.warnings == ()


@pytest.mark.parametrize("key", ["voices/team/Ann.flac", "team/Ann.flac"])
def test_a_name_with_a_slash_is_below_the_library_or_a_key(
    voices: LibraryWithStore, key: str
) -> None:
    voices.put(key, voice(fmt="FLAC"))
    assert voices.library.prepare("team/Ann.flac", "Hi.").source == key


def test_the_reference_is_what_the_engine_expects(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice())
    found = voices.library.prepare("A", "Hello")
    assert found.samples.dtype == np.float32
    assert found.samples.ndim == 1
    assert len(found.samples) == round(found.seconds * 24000)
    assert found.rms == pytest.approx(np.sqrt(np.mean(found.samples**2)), rel=1e-4)
    assert found.ref_text == "Hello. "
    with pytest.raises(ValueError, match="read-only"):
        found.samples[0] = 1


def test_another_bucket(voices: LibraryWithStore) -> None:
    voices.other.put("x/Eve.wav", voice())
    voices.other.put("x/Eve.srt", b"1\n00:00:00,000 --> 00:00:03,000\nFrom afar.\n")
    found = voices.library.prepare("s3://other/x/Eve.wav")
    assert (found.name, found.source) == ("Eve", "s3://other/x/Eve.wav")
    assert found.ref_text == "From afar. "
    with pytest.raises(VoiceNotFound, match=r"s3://other/x/Adam\.wav"):
        voices.library.prepare("s3://other/x/Adam.wav")


def test_inline_audio(voices: LibraryWithStore) -> None:
    given = {"audio_base64": base64.b64encode(voice()).decode()}
    assert voices.library.prepare(given, "Hi.").name == "inline"
    with pytest.raises(TranscriptMissing) as caught:
        voices.library.prepare(given)
    assert "ref_text" in caught.value.hint
    with pytest.raises(InvalidInput, match="base64"):
        voices.library.prepare({"audio_base64": "?"}, "Hi.")


def test_a_link_needs_its_words_and_is_downloaded_once(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, allow_http=True, allow_private_urls=True)
    count = 0

    def answer(handler: object) -> None:
        nonlocal count
        count += 1
        reply(handler, voice())  # type: ignore[arg-type]

    with serving(answer) as port:
        url = f"http://127.0.0.1:{port}/Kim.wav?sig=SECRET"
        found = voices.library.prepare(url, "Hi.")
        again = voices.library.prepare(url, "Hi.")
        voices.clock.now += 3600
        later = voices.library.prepare(url, "Hi.")
        signed_anew = voices.library.prepare(f"{url}2", "Hi.")
        with pytest.raises(TranscriptMissing):
            voices.library.prepare(url)
    assert found.name == "Kim"
    assert "SECRET" not in found.source
    assert found is again is later is signed_anew  # prepared once
    assert count == 4


def test_the_bundled_voice_works_with_an_empty_store(voices: LibraryWithStore) -> None:
    found = voices.library.prepare("demo")
    assert found.ref_text.split() == (BUNDLED / "demo.txt").read_text().split()
    assert 4 < found.seconds < 8
    assert [info.name for info in voices.library.catalogue.all()] == ["demo"]


def test_a_voice_of_the_store_hides_a_bundled_one(voices: LibraryWithStore) -> None:
    voices.put("voices/demo.wav", voice())
    voices.put("voices/demo.txt", "Mine.")
    assert voices.library.prepare("demo").ref_text == "Mine. "
    assert [info.bundled for info in voices.library.catalogue.all()] == [False]


def test_an_unknown_voice_names_the_nearest_and_what_was_looked_for(
    voices: LibraryWithStore,
) -> None:
    for name in ("Dorota", "Doris", "Zbigniew"):
        voices.put(f"voices/{name}.wav", voice())
    with pytest.raises(VoiceNotFound) as caught:
        voices.library.prepare("dorota")
    assert "voices/dorota" in caught.value.message
    assert "Dorota" in caught.value.hint
    assert "Zbigniew" not in caught.value.hint


def test_where_nothing_is_near_the_names_are_told_and_no_place(
    voices: LibraryWithStore, tmp_path: Path
) -> None:
    """Whoever sends a job is not who owns the worker's disk."""
    for number in range(9):
        voices.put(f"voices/V{number}.wav", voice())
    with pytest.raises(VoiceNotFound) as caught:
        voices.library.prepare("Zbigniew")
    assert caught.value.hint.startswith("Voices: V0, V1, ")
    assert caught.value.hint.endswith(" and 2 more. Add it with `upload`, or call `list_voices`.")
    assert str(tmp_path) not in str(caught.value.as_output())


def test_a_voice_is_looked_for_without_being_read(voices: LibraryWithStore) -> None:
    voices.put("voices/Ann.wav", voice())
    assert voices.library.is_bundled("demo") and not voices.library.is_bundled("Ann")
    with pytest.raises(TranscriptMissing):
        voices.library.look_for("Ann")
    voices.put("voices/Ann.txt", "Hi.")
    assert voices.library.look_for("Ann") == "voices/Ann.wav"
    assert not voices.store.calls["get"]


def test_never_another_voice_or_another_file_than_asked_for(voices: LibraryWithStore) -> None:
    voices.put("voices/Dorota.mp3", voice(fmt="WAV"))
    voices.put("voices/Dorota-2.wav", voice())
    voices.put("voices/Dorota.v2.wav", voice())
    for asked in ("Dorota.wav", "Dorot", "dorota", "Dorota.v3"):
        with pytest.raises(VoiceNotFound):
            voices.library.prepare(asked, "Hi.")
    assert voices.library.prepare("Dorota.v2", "Hi.").source == "voices/Dorota.v2.wav"


def test_two_files_of_one_name_are_said(voices: LibraryWithStore) -> None:
    voices.put("voices/A.mp3", voice(fmt="MP3"))
    voices.put("voices/A.wav", voice())
    found = voices.library.prepare("A", "Hi.")
    assert found.source == "voices/A.wav"
    assert "voices/A.mp3" in found.warnings[0]


@pytest.mark.parametrize("asked", ["../secret", "a/../../b", "", "/etc/passwd", "ftp://x/y"])
def test_names_that_are_paths_elsewhere_are_refused(voices: LibraryWithStore, asked: str) -> None:
    with pytest.raises(InvalidInput):
        voices.library.prepare(asked, "Hi.")


def test_words_of_the_job_win_over_a_transcript(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice())
    voices.put("voices/A.txt", "Beside.")
    assert voices.library.prepare("A", "Job.").ref_text == "Job. "
    assert voices.library.prepare("A", "  ").ref_text == "Beside. "


@pytest.mark.parametrize("transcript", ["A.TXT", "a.txt", "A.Srt"])
def test_transcripts_are_found_in_any_case(voices: LibraryWithStore, transcript: str) -> None:
    voices.put("voices/A.wav", voice())
    body = "1\n00:00:00,000 --> 00:00:03,000\nHi.\n" if "rt" in transcript else "Hi."
    voices.put(f"voices/{transcript}", body)
    assert voices.library.prepare("A").ref_text == "Hi. "


def test_a_missing_transcript_names_the_keys_and_fetches_no_audio(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice())
    with pytest.raises(TranscriptMissing) as caught:
        voices.library.prepare("A")
    for extension in ("txt", "srt", "vtt", "csv"):
        assert f"voices/A.{extension}" in caught.value.message
    assert "ref_text" in caught.value.hint
    assert voices.store.calls["get"] == 0


def test_a_phone_recording_is_found_and_explained(voices: LibraryWithStore) -> None:
    voices.put("voices/A.m4a", b"\x00\x00\x00\x20ftypM4A " + b"\0" * 64)
    with pytest.raises(VoiceUnusable, match="M4A"):
        voices.library.prepare("A", "Hi.")


def test_within_the_ttl_no_request_after_it_one(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice())
    voices.put("voices/A.txt", "Hi.")
    first = voices.library.prepare("A")
    voices.store.calls.clear()
    voices.clock.now += 59
    assert voices.library.prepare("A") is first
    assert not voices.store.calls
    voices.clock.now += 2
    assert voices.library.prepare("A") is first
    assert dict(voices.store.calls) == {"list": 1}
    assert voices.library.prepare("A") is first
    assert dict(voices.store.calls) == {"list": 1}


@pytest.mark.parametrize("changed", ["voices/A.wav", "voices/A.txt"])
def test_a_changed_file_is_noticed_after_the_ttl(voices: LibraryWithStore, changed: str) -> None:
    voices.put("voices/A.wav", voice())
    voices.put("voices/A.txt", "Old.")
    old = voices.library.prepare("A")
    voices.put(changed, "Newer." if changed.endswith("txt") else voice(seed=9))
    assert voices.library.prepare("A") is old
    voices.clock.now += 61
    new = voices.library.prepare("A")
    assert (new.ref_text != old.ref_text) == changed.endswith("txt")
    assert (new.content_hash != old.content_hash) == changed.endswith("wav")


def test_no_cache_when_it_is_turned_off(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, cache_mb=0)
    voices.put("voices/A.wav", voice())
    voices.library.prepare("A", "Hi.")
    voices.library.prepare("A", "Hi.")
    assert voices.store.calls["get"] == 2


def test_the_cache_is_bounded_by_bytes(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, cache_mb=1)
    for i in range(5):
        voices.put(f"voices/V{i}.wav", voice(seed=i))
    for i in range(5):
        voices.library.prepare(f"V{i}", "Hi.")
    voices.store.calls.clear()
    voices.library.prepare("V4", "Hi.")
    assert not voices.store.calls
    voices.library.prepare("V0", "Hi.")
    assert voices.store.calls["get"] == 1


def test_jobs_that_ask_together_wait_for_one_preparation(
    voices: LibraryWithStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    voices.put("voices/A.wav", voice())
    running, release = threading.Event(), threading.Event()
    calls = []
    real = voices_module.prepare_voice

    def slow(*args: object, **kwargs: object) -> object:
        calls.append(args)
        running.set()
        release.wait(PATIENCE_S)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(voices_module, "prepare_voice", slow)
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(voices.library.prepare, "A", "Hi.") for _ in range(8)]
        assert running.wait(PATIENCE_S)
        release.set()
        found = {id(future.result(PATIENCE_S)) for future in futures}
    assert len(found) == len(calls) == 1


def test_a_failure_is_not_remembered(voices: LibraryWithStore) -> None:
    with pytest.raises(VoiceNotFound):
        voices.library.prepare("A", "Hi.")
    voices.put("voices/A.wav", voice())
    assert voices.library.prepare("A", "Hi.").name == "A"


def test_without_permission_to_list_an_exact_name_works(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice())
    voices.put("voices/A.txt", "Hi.")
    voices.store.may_list = False
    assert voices.library.prepare("A.wav").ref_text == "Hi. "
    with pytest.raises(StorageDenied):
        voices.library.catalogue.all()


@pytest.mark.parametrize(
    ("text", "with_stop"),
    [
        ("Hi", "Hi. "),
        ("Hi.", "Hi. "),
        ("Hi. ", "Hi. "),
        ("你好。", "你好。"),
        ("Hi!", "Hi!. "),
    ],
)
def test_words_end_as_f5_tts_ends_them(text: str, with_stop: str) -> None:
    assert with_full_stop(text) == with_stop


def test_upload_list_and_delete(voices: LibraryWithStore) -> None:
    info = voices.library.catalogue.add("Nowa", voice(fmt="FLAC"), "Cześć.")
    assert (info.name, info.key, info.has_transcript) == ("Nowa", "voices/Nowa.flac", True)
    assert voices.library.prepare("Nowa").ref_text == "Cześć. "
    assert [i.name for i in voices.library.catalogue.all()] == ["Nowa", "demo"]
    assert sorted(voices.library.shelf.remove("Nowa")) == [
        "voices/Nowa.flac",
        "voices/Nowa.txt",
    ]
    with pytest.raises(VoiceNotFound):
        voices.library.prepare("Nowa")
    with pytest.raises(VoiceNotFound):
        voices.library.shelf.remove("Nowa")


def test_an_upload_replaces_a_voice_of_another_format(voices: LibraryWithStore) -> None:
    voices.put("voices/A.mp3", voice(fmt="MP3"))
    voices.put("voices/A.srt", "1\n00:00:00,000 --> 00:00:03,000\nOld.\n")
    voices.library.catalogue.add("A.wav", voice(seed=4), "New.")
    assert [item.key for item in voices.store.list("voices/")] == ["voices/A.txt", "voices/A.wav"]


def test_an_upload_without_words_keeps_the_transcript(voices: LibraryWithStore) -> None:
    voices.put("voices/A.txt", "Hi.")
    assert voices.library.catalogue.add("A", voice()).has_transcript
    assert voices.library.prepare("A").ref_text == "Hi. "


def test_an_upload_that_is_no_voice_stores_nothing(voices: LibraryWithStore) -> None:
    with pytest.raises(VoiceUnusable):
        voices.library.catalogue.add("A", b"<html>", "Hi.")
    with pytest.raises(InvalidInput):
        voices.library.catalogue.add("../A", voice())
    assert not list(voices.store.list(""))


def test_a_large_file_is_refused_by_its_size(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path, max_bytes=2048)
    voices.put("voices/A.wav", voice())
    with pytest.raises(VoiceUnusable, match="2048") as caught:
        voices.library.prepare("A", "Hi.")
    assert "MAX_VOICE_BYTES" in caught.value.hint
    assert voices.store.calls["get"] == 0


def test_a_long_voice_and_its_words_are_cut_together(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice(LONG))
    voices.put(
        "voices/A.csv",
        "Start (s),End (s),Segment\n0,4.1,One.\n4.3,9.0,Two.\n9.2,14.4,Three.\n14.6,20.7,Four.\n",
    )
    found = voices.library.prepare("A", wish=Wish(best=False))
    assert found.ref_text == "One. Two. "
    assert found.seconds == pytest.approx(9.0, abs=0.5)
    assert found.warnings == ()


def test_audio_is_cut_back_to_the_end_of_a_segment(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice([(20.0, 0.4)]))
    voices.put(
        "voices/A.srt",
        "1\n00:00:00,000 --> 00:00:05,000\nOne.\n\n2\n00:00:05,000 --> 00:00:09,500\nTwo.\n\n"
        "3\n00:00:09,500 --> 00:00:20,000\nThree.\n",
    )
    found = voices.library.prepare("A", wish=Wish(best=False))
    assert found.ref_text == "One. Two. "
    assert found.seconds == pytest.approx(9.55, abs=0.02)
    assert found.warnings == ()


def test_one_endless_segment_is_cut_by_a_guess_that_is_said(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice([(24.0, 0.4)]))
    words = " ".join(f"word{i}" for i in range(40))
    voices.put("voices/A.srt", f"1\n00:00:00,000 --> 00:00:24,000\n{words}\n")
    found = voices.library.prepare("A")
    assert len(found.ref_text.split()) == pytest.approx(20, abs=1)
    assert "guess" in found.warnings[0]


@pytest.mark.parametrize("given", [True, False])
def test_untimed_words_of_a_long_voice_are_cut_by_a_guess_that_is_said(
    voices: LibraryWithStore, given: bool
) -> None:
    voices.put("voices/A.wav", voice([(24.0, 0.4)]))
    words = " ".join(f"word{i}" for i in range(40))
    if not given:
        voices.put("voices/A.txt", words)
    found = voices.library.prepare("A", words if given else None)
    assert len(found.ref_text.split()) == pytest.approx(20, abs=1)
    assert "voices/A.srt" in found.warnings[0]


def test_words_already_cut_to_the_clip_stay_whole(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice([(120.0, 0.4)]))
    words = "These words take twelve seconds to say, and whoever gave them cut them to the clip."
    found = voices.library.prepare("A", words)
    assert found.ref_text == f"{words} "
    (guess,) = found.warnings
    assert "`ref_text`, which is short for all of it, is taken for the words of that part" in guess


def test_timed_words_are_preferred_when_the_voice_is_long(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice(LONG))
    voices.put("voices/A.txt", "Everything that is said in all of it.")
    voices.put(
        "voices/A.srt",
        "1\n00:00:00,000 --> 00:00:04,000\nOne.\n\n2\n00:00:04,300 --> 00:00:09,000\nTwo.\n",
    )
    assert voices.library.prepare("A").ref_text == "One. Two. "


def test_words_that_start_after_the_clip_are_an_error(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", voice(LONG))
    voices.put("voices/A.srt", "1\n00:00:15,000 --> 00:00:19,000\nLate.\n")
    with pytest.raises(TranscriptMissing, match=r"voices/A\.srt has no words in the first"):
        voices.library.prepare("A", wish=Wish(best=False))
