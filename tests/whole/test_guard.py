"""Of what lies in the bucket a job replaces and deletes only what this worker made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from s3_utils import Storage
from standins.local_worker import FAST, Worker, wav
from standins.s3server.server import S3Server
from worker.files.guard import made_here
from worker.settings.load import Settings

# Where another program's file may lie: anywhere, also beside this worker's own.
FOREIGN = [
    "payroll.csv", "other-app/song.wav", "output/song.wav", "outputs/song.wav", "timings/film.srt",
    "results/survey.json", "stream/live.wav", "parts/list.f32", "parts/abc/0f/00000.f32",
]  # fmt: skip
REFUSED = "INVALID_INPUT"


@pytest.fixture(params=["local", "s3", pytest.param("hybrid", marks=pytest.mark.slow)])
def worker(
    request: pytest.FixtureRequest, s3_env: dict[str, str], tiny_model: Path
) -> Iterator[Worker]:
    worker = Worker({**s3_env, "F5_MODEL": str(tiny_model), "STORAGE_MODE": request.param})
    yield worker
    worker.close()


def put_foreign(worker: Worker) -> None:
    """With metadata of another program, or of a file copied by hand."""
    for key in FOREIGN:
        worker.app.storage.put(key, b"theirs", metadata={"author": "somebody"})


def untouched(worker: Worker) -> bool:
    return all(worker.app.storage.get(key) == b"theirs" for key in FOREIGN)


def test_delete_by_key_takes_only_what_this_worker_made(worker: Worker) -> None:
    put_foreign(worker)
    made = worker.speak("mine", timing_format="srt")
    for key in FOREIGN:
        assert worker.run({"endpoint": "delete", "key": key})["error_code"] == REFUSED, key
    for key in (made["s3_key"], "timings/mine.srt", "results/mine.json"):
        assert worker.run({"endpoint": "delete", "key": key})["deleted"] == [key]
    assert untouched(worker)


def test_cleanup_takes_only_what_this_worker_made(worker: Worker) -> None:
    put_foreign(worker)
    worker.speak("mine", timing_format="srt")
    assert worker.run({"endpoint": "cleanup", "days_old": 0})["deleted"] >= 3
    assert worker.run({"endpoint": "status", "job_id": "mine"})["status"] == "not_found"
    assert untouched(worker)


def test_a_job_writes_over_no_other_programs_object(worker: Worker) -> None:
    put_foreign(worker)
    for key in ("other-app/song.wav", "output/song", "outputs/song.{ext}"):
        output = worker.run({"text": "Hello.", "output_key": key})
        assert output["error_code"] == REFUSED, key
    assert untouched(worker)


def test_a_presigned_put_is_for_free_keys_and_what_this_worker_made(worker: Worker) -> None:
    put_foreign(worker)
    made = worker.speak("mine")
    for key in FOREIGN:
        output = worker.run({"endpoint": "presign", "method": "put", "key": key})
        assert output["error_code"] == REFUSED, key
    for key in ("free/x.wav", "voices/New.wav", made["s3_key"]):
        output = worker.run({"endpoint": "presign", "method": "put", "key": key})
        assert output["url"], key


def test_no_presigned_put_is_given_for_what_the_worker_reads_back(s3_worker: Worker) -> None:
    for key in (
        "results/x.json", "Results/x.json", "parts/x/0f/00000.f32", "stream/x/0.wav",
        "timings/x.srt",
    ):  # fmt: skip
        output = s3_worker.run({"endpoint": "presign", "method": "put", "key": key})
        assert output["error_code"] == REFUSED, key
        assert "the worker alone" in output["error"]


def test_lexicons_are_changed_by_their_own_operations_alone(worker: Worker) -> None:
    """All jobs are spoken by them."""
    store = {"endpoint": "store_lexicon", "name": "names", "lexicon": {"SQL": "sequel"}}
    key = worker.run(store)["s3_key"]
    for job in (
        {"endpoint": "delete", "key": key},
        {"endpoint": "presign", "method": "put", "key": key},
        {"endpoint": "presign", "method": "put", "key": "Lexicons/free.json"},
        {"text": "Hello.", "output_key": "lexicons/x.wav"},
        {"text": "Hello.", "output_key": "{session}/x.wav", "session": "lexicons"},
    ):
        output = worker.run(job)
        assert output["error_code"] == REFUSED and "lexicon" in output["error"], output
    assert worker.run({"endpoint": "cleanup", "days_old": 0})["deleted"] == 0
    assert worker.run({"endpoint": "list_lexicons"})["count"] == 1
    assert worker.run({"endpoint": "delete_lexicon", "name": "names"})["deleted"] == [key]


def test_where_a_service_keeps_no_metadata_the_stored_answer_says_what_is_ours(
    store: Storage,
) -> None:
    settings = Settings.load({"OUTPUT_KEY": "out/{user_id}/{job_id}.{ext}"})
    answer = b'{"output": {"job_id": "abc", "s3_key": "out/u/abc.wav"}}'
    ours = [
        "out/u/abc.wav",
        "timings/abc.srt",
        "results/abc.json",
        "stream/abc/000.wav",
        "parts/abc/0123456789abcdef/00000.f32",
    ]
    theirs = ["out/v/abc.wav", "out/u/def.wav", "timings/def.srt", "results/def.json",
              "stream/abc.wav", "out/abc.wav", "x/out/u/abc.wav"]  # fmt: skip
    for key in (*ours, *theirs):
        store.put(key, answer if key == "results/abc.json" else b"{}")

    def found(key: str) -> bool:
        return made_here(store, settings, replace(store.info(key), metadata={}))

    assert [key for key in (*ours, *theirs) if found(key)] == ours


def test_metadata_the_worker_vouches_for_cannot_be_given_by_the_job(worker: Worker) -> None:
    claims = {
        "User-Id": "admin", "job-id": "other", "Voice": "Eve", "format": "x", "nfe-step": "1",
        "duration": "1", "seed": "1", "model": "x", "sample-rate": "1",
    }  # fmt: skip
    made = worker.speak("mine", metadata={**claims, "project": "p"})
    stored = worker.app.storage.info(made["s3_key"]).metadata
    assert "user-id" not in stored
    assert stored["project"] == "p"
    honest = worker.app.storage.info(worker.speak("honest", user_id="u")["s3_key"]).metadata
    assert set(stored) == {*honest, "project"} - {"user-id"}
    for name, value in claims.items():
        assert stored.get(name.lower()) != value
    assert any("user-id" in warning for warning in made["warnings"])


@pytest.mark.parametrize(
    ("buckets", "allowed"), [("", False), ("elsewhere", False), ("x, {other}", True), ("*", True)]
)
def test_an_s3_voice_lies_in_the_workers_bucket_or_one_opened_to_jobs(
    s3_env: dict[str, str], s3_server: S3Server, bucket: str, buckets: str, allowed: bool
) -> None:
    """In `tts` and `upload` alike."""
    other = s3_server.make_bucket()
    for name in (bucket, other):
        s3_server.put_raw(name, "private/x.wav", wav())
    worker = Worker({**s3_env, "VOICE_BUCKETS": buckets.format(other=other)})
    for place, good in ((other, allowed), (bucket, True)):
        voice = {"voice": f"s3://{place}/private/x.wav", "ref_text": "Words."}
        for job in ({"text": "Hello.", **FAST}, {"endpoint": "upload", "voice_name": "Taken"}):
            output = worker.run({**job, **voice})
            assert output.get("error_code") == (None if good else "VOICE_NOT_FOUND"), output
    worker.close()


def test_the_models_bucket_is_no_matter_of_jobs() -> None:
    """F5_MODEL comes from whoever runs the worker, and is read whatever VOICE_BUCKETS says."""
    settings = Settings.load({"F5_MODEL": "s3://models/mine/", "S3_BUCKET": "own"})
    assert not settings.voices.may_read("models", settings.storage.bucket)
    assert settings.model.model == "s3://models/mine/"
