"""The keys a job writes, and that its text cannot lead out of their place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import InvalidInput
from worker.files.layout import Layout, prefixes
from worker.settings.load import Settings

ALL = "out/{date}/{user_id}/{voice}/{session}-{index}-{job_id}.{ext}"


def files(job_id: str = "j", **environ: str) -> Layout:
    return Layout(Settings.load(environ), job_id)


def test_the_keys_of_a_job() -> None:
    job = files("abc-u1")
    assert job.audio("wav").key == "output/abc-u1.wav"
    assert job.timing("srt").key == "timings/abc-u1.srt"
    assert job.answer.key == "results/abc-u1.json"
    assert job.streamed(7, "mp3").key == "stream/abc-u1/007.mp3"
    assert job.part("0123abcd", 7).key == "parts/abc-u1/0123abcd/00007.f32"


def test_clean_up_looks_where_every_kind_of_file_lies() -> None:
    job = files(OUTPUT_KEY="{user_id}/{job_id}.{ext}", STREAM_PREFIX="live/")
    others = [job.timing("ass"), job.answer, job.streamed(0, "ogg"), job.part("0", 0)]
    others.append(job.callback("failed"))
    assert {file.key.partition("/")[0] + "/" for file in others} == set(prefixes(job.settings))
    assert "output/" in prefixes(files().settings)


def test_the_layout_of_the_presigned_service() -> None:
    template = "audio/users/{user_id}/{session}/segment_{index}.{ext}"
    key = files().audio("wav", template, session="s1", user_id=None).key
    assert key == "audio/users/anonymous/s1/segment_000.wav"


@pytest.mark.parametrize(
    ("template", "fmt", "key"),
    [
        ("a/b", "mp3", "a/b.mp3"),
        ("a/b.wav", "mp3", "a/b.mp3"),
        ("a/b.v2", "wav", "a/b.v2.wav"),
        ("a/b.opus", "ogg", "a/b.ogg"),
        ("a/b.{ext}", "wav_f32", "a/b.wav"),
    ],
)
def test_the_extension_is_the_formats(template: str, fmt: str, key: str) -> None:
    assert files().audio(fmt, template).key == key  # type: ignore[arg-type]


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_values_cannot_leave_their_place(
    job_id: str, date: str, voice: str, user: str, session: str
) -> None:
    job = files(job_id)
    key = job.audio("wav", ALL, date=date, voice=voice, user_id=user, session=session).key
    shape = r"out/[\w.-]+/[\w.-]+/[\w.-]+/[\w.-]+-000-[\w.-]+\.wav"
    assert re.fullmatch(shape, key, re.ASCII)
    assert not any(piece.startswith(".") for piece in key.split("/"))
    for other in (job.timing("srt"), job.answer, job.streamed(0, "wav"), job.part("f", 0)):
        assert other.key.count("/") == 1 + other.key.startswith("stream/") + 2 * (
            other.key.startswith("parts/")
        )


@given(st.text())
def test_any_template_gives_a_safe_key_or_an_error(template: str) -> None:
    try:
        key = files().audio("wav", template).key
    except InvalidInput:
        return
    assert not key.startswith(("/", "~"))
    assert ".." not in key.split("/")
    assert key.endswith(".wav")


def test_the_voice_library_cannot_be_overwritten() -> None:
    for template in ("voices/Anna.wav", "Voices/{job_id}.wav"):
        with pytest.raises(InvalidInput, match="voice library"):
            files().audio("wav", template)


@pytest.mark.parametrize("names", [("李雷", "韩梅梅"), ("Żółć", "Zolc"), (None, "anonymous"),
                                   ("anna@x.com", "anna_x.com"), ("abc_", "abc")])  # fmt: skip
def test_no_users_files_lie_where_anothers_do(names: tuple[str | None, str | None]) -> None:
    for template in ("u/{user_id}/latest", "u/{user_id}"):
        assert len({files().audio("wav", template, user_id=name).key for name in names}) == 2


@pytest.mark.parametrize("names", [("李雷", "韩梅梅"), (None, "default"), ("a b", "a_b")])
def test_so_it_is_with_sessions_voices_and_job_ids(names: tuple[str | None, str | None]) -> None:
    assert len({files().audio("wav", "s/{session}", session=name).key for name in names}) == 2
    voices = {files().audio("wav", "v/{voice}", voice=name or "None").key for name in names}
    assert len(voices) == 2
    jobs = [files(name or "None") for name in names]
    assert len({job.audio("wav").key for job in jobs}) == len({job.answer.key for job in jobs}) == 2
