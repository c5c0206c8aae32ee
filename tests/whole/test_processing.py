"""What a job makes of its text: read, cut, timed, joined and looked at; or left to f5-tts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.chunk import Chunk, SpokenChunk
from engine.meter import Meter
from engine.synthesizer import Synthesizer
from standins.local_worker import FAST, Worker, wav
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server

WRITTEN = "Chapter 1\n\nDr. Smith paid $5.30 at 9:30 PM.\nThen he left\n\nYes"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Worker]:
    """The tiny model; Anna's voice is in the library."""
    folder = tmp_path_factory.mktemp("data")
    voices = folder / "voices"
    voices.mkdir()
    (voices / "Anna.wav").write_bytes(wav())
    (voices / "Anna.txt").write_text("Anna says this for a test.")
    made = Worker(
        {"F5_MODEL": str(tiny_model), "STORAGE_MODE": "local", "LOCAL_STORAGE_DIR": str(folder)}
    )
    yield made
    made.close()


def sound(output: dict[str, Any]) -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(output["audio_url"].removeprefix("file://"), dtype="float32")
    return samples, rate


def test_answers_and_subtitles_show_what_was_written(worker: Worker) -> None:
    output = worker.speak("shown", text=WRITTEN, return_word_timings=True, timing_format="json")
    assert [segment["text"] for segment in output["segments"]] == [
        "Chapter 1", "Dr. Smith paid $5.30 at 9:30 PM. Then he left", "Yes",
    ]  # fmt: skip
    assert output["text"] == " ".join(WRITTEN.split())
    timing = json.loads(Path(output["timing_files"]["json"].removeprefix("file://")).read_text())
    words = [word["text"] for word in timing["words"]]
    assert " ".join(words) == " ".join(WRITTEN.split())
    times = [(word["start"], word["end"]) for word in timing["words"]]
    assert times == sorted(times) and times[-1][1] <= output["duration"]
    assert {segment["word_times"] for segment in output["segments"]} == {"estimated"}


def test_no_subtitle_goes_on_beyond_a_heading_or_into_another_voice(worker: Worker) -> None:
    text = "# Chapter one\n[voice:Anna] Good evening [voice:demo] I am late\n\nSo you are"
    output = worker.speak("cues", text=text, timing_format="json")
    timing = json.loads(Path(output["timing_files"]["json"].removeprefix("file://")).read_text())
    cues = [cue["text"] for cue in timing["segments"]]
    assert cues == ["Chapter one", "Good evening", "I am late", "So you are"]


def test_time_is_that_of_what_is_spoken(worker: Worker) -> None:
    figures, words = "It costs $5.30.", "It costs five dollars and thirty cents."
    read = worker.speak("read", text=figures)["duration"]
    assert read == worker.speak("words", text=words)["duration"]
    assert worker.speak("written", text=figures, processing="f5-tts")["duration"] < 0.6 * read


def test_speed_counts_for_short_lines_too(worker: Worker) -> None:
    slow, fast = (worker.speak(f"s{v}", text="Yes.", speed=v)["duration"] for v in (1.0, 2.0))
    assert fast < 0.6 * slow


def test_pauses_lie_between_the_sound_of_paragraphs(worker: Worker) -> None:
    output = worker.speak(
        "pauses", text="Nobody came.\n\nIt was dark.", pauses={"paragraph": 1.5}, nfe_step=7
    )
    first, second = output["segments"]
    assert 1.3 < second["start"] - first["end"] < 1.6
    plain = worker.speak("plain", text="Nobody came.\n\nIt was dark.", processing="f5-tts")
    assert len(plain["segments"]) == 1


@pytest.mark.parametrize("processing", ["full", "f5-tts"])
@pytest.mark.parametrize(
    "text", ["Good day. [pause:1.5]", "<speak>Good day.<break time='1.5s'/></speak>"]
)
def test_a_pause_at_the_end_is_heard(worker: Worker, processing: str, text: str) -> None:
    fields = {"processing": processing, "markup": True, "output_format": "wav_f32", "seed": 3}
    plain, rate = sound(worker.speak("end-0", **fields, text="Good day."))
    ended, _ = sound(worker.speak("end-1", **fields, text=text))
    assert len(ended) == len(plain) + round(1.5 * rate)
    assert np.array_equal(ended[: len(plain)], plain)
    assert not ended[len(plain) :].any()


def test_every_piece_begins_and_ends_softly(worker: Worker) -> None:
    samples, _ = sound(worker.speak("soft", text="Nobody came\n\nYes", output_format="wav_f32"))
    assert abs(samples[0]) < 1e-4 and abs(samples[-1]) < 1e-4


def test_findings_of_the_sound_are_told_of_each_chunk(worker: Worker) -> None:
    segment = worker.speak("checked")["segments"][0]
    assert (segment["attempts"], segment["checked_by"]) == (1, ["sound"])
    assert isinstance(segment["findings"], list)
    assert segment["measures"]["letters_per_s"] > 1
    assert {"start_db", "pause_s", "repetition"} < segment["measures"].keys()
    assert "findings" not in worker.speak("unchecked", checks=False)["segments"][0]


def test_a_name_in_brackets_is_a_voice_where_there_is_one(worker: Worker) -> None:
    output = worker.speak(
        "named", text="Hello. [Anna] Good morning. [sic] [voice:default] Bye now."
    )
    assert [segment["voice"] for segment in output["segments"]] == ["demo", "Anna", "demo"]
    assert output["segments"][1]["text"] == "Good morning. [sic]"


def test_words_are_said_as_the_job_says(worker: Worker) -> None:
    plain = worker.speak("sql-1", text="We use SQL.")["duration"]
    longer = worker.speak("sql-2", text="We use SQL.", lexicon={"SQL": "structured queries"})
    assert longer["duration"] > 1.2 * plain
    assert longer["segments"][0]["text"] == "We use SQL."


def test_what_the_model_cannot_say_is_named_or_refused(worker: Worker) -> None:
    output = worker.speak("snow", text="Snow ☃ falls.")
    assert any("'☃' (1)" in warning for warning in output["warnings"])
    refused = worker.run({"text": "გამარჯობა", **FAST})
    assert refused["error_code"] == "INVALID_INPUT"
    assert "none of the text's letters" in refused["error"]


def test_wrong_markup_is_refused_at_the_door_with_its_place(worker: Worker) -> None:
    refused = worker.run({"text": "One.\nTwo [pause:soon].", **FAST})
    assert refused["error_code"] == "INVALID_INPUT"
    assert "line 2, column 5" in refused["error"]
    kept = worker.speak("kept", text="One. Two [pause:soon].", markup=False)
    assert kept["segments"][0]["text"] == "One. Two [pause:soon]."


def test_a_reference_with_too_few_words_is_warned_about(worker: Worker) -> None:
    output = worker.speak("few", voice="Anna", ref_text="Yes.")
    assert any("words of voice Anna are few" in warning for warning in output["warnings"])
    output = worker.speak("figures", voice="Anna", ref_text="$5.30, 3/4/21.")
    assert not any("words of voice Anna" in warning for warning in output["warnings"])


def test_names_in_brackets_while_the_voices_cannot_be_listed(
    s3_env: dict[str, str], s3_server: S3Server
) -> None:
    """Nothing is spoken in another voice without a word about it."""
    job = {"text": "Hello. [Anna] Good morning.", "voice": "demo", **FAST}
    worker = Worker({**s3_env, "S3_RETRY_TIME": "0.2"})
    s3_server.faults.add(
        Fault("answer", "GET", "list-type", times=1000, status=403, code="AccessDenied")
    )
    output = worker.run(job)
    assert any("Names in brackets are read as text" in said for said in output["warnings"])
    s3_server.faults.clear()
    s3_server.faults.add(Fault("answer", "GET", times=1000))
    assert worker.run(job, "away")["error_code"] == "STORAGE_UNAVAILABLE"
    worker.close()


def test_lexicons_of_the_bucket_count_for_every_job(
    s3_env: dict[str, str], s3_server: S3Server, bucket: str
) -> None:
    worker = Worker(s3_env)
    before = worker.speak("before", voice="demo", text="We use SQL.")["duration"]
    stored = worker.run(
        {"endpoint": "store_lexicon", "name": "db", "lexicon": {"SQL": "structured queries"}}
    )
    assert stored["s3_key"] == "lexicons/db.json"
    assert worker.speak("after", voice="demo", text="We use SQL.")["duration"] > 1.2 * before
    for without in ({"lexicon": False}, {"processing": "f5-tts", "durations": True}):
        output = worker.speak(
            f"without-{len(without)}", voice="demo", text="We use SQL.", **without
        )
        assert output["duration"] < 1.1 * before
    s3_server.put_raw(bucket, "lexicons/broken.json", b"{")
    worker.app.lexicons._forget()
    output = worker.speak("broken", voice="demo", text="We use SQL.")
    assert any("lexicons/broken.json is not used" in warning for warning in output["warnings"])
    assert worker.run({"endpoint": "delete_lexicon", "name": "db"})["deleted"] == [
        "lexicons/db.json"
    ]
    worker.close()


def test_a_sentence_goes_on_where_only_the_speed_changes(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    submit = Synthesizer.submit_job

    def heard(
        self: Synthesizer, chunks: Sequence[Chunk], meter: Meter | None
    ) -> list[Future[SpokenChunk]]:
        given.extend(chunk.text for chunk in chunks)
        return submit(self, chunks, meter)

    monkeypatch.setattr(Synthesizer, "submit_job", heard)
    worker.speak("on", text="It was very [speed:0.8] slow. [speed:1.2] Then it went")
    assert given == ["It was very,", "slow.", "Then it went."]
