"""mp3 is decoded in a process of its own, which may say and do what it likes."""

from __future__ import annotations

import asyncio
import random
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from errors import Unexpected, VoiceUnusable, WorkerError
from tests.worker.audio.signals import as_file, bursts
from worker.audio import apart
from worker.audio.apart import may_be_mp3, opened_apart
from worker.audio.decode import decode
from worker.audio.source import Undecodable, opened_here
from worker.threads import Abandoned, Lane, current_stop, in_thread, in_turn

ROOT = Path(__file__).parents[3]
RATE = 24000
SPEECH = bursts([(0.1, 0), (1.5, 0.5), (0.1, 0)], RATE)
MP3 = as_file(SPEECH, RATE, "MP3", "MPEG_LAYER_III")


DAMAGED = range(5)  # some of these make libmpg123 write, as a test below shows


def mutated(seed: int) -> bytes:
    chance = random.Random(seed)
    data = bytearray(MP3)
    for _ in range(chance.randint(1, 30)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    data[: max(0, chance.randint(-3, 3))] = b""
    return bytes(data)


def in_a_wav(mp3: bytes) -> bytes:
    """mp3 as the data of a wav file."""
    layout = struct.pack("<HHIIHHHHIHH", 0x55, 1, RATE, 6000, 1, 0, 12, 1, 2, 144, 1)
    body = b"WAVEfmt " + struct.pack("<I", len(layout)) + layout
    body += b"data" + struct.pack("<I", len(mp3)) + mp3
    return b"RIFF" + struct.pack("<I", len(body)) + body


def decoded(data: bytes) -> None:
    try:
        decode(data, max_seconds=60, max_bytes=1 << 24)
    except VoiceUnusable as error:
        assert error.hint


def test_a_damaged_mp3_writes_nothing_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    files = [mutated(seed) for seed in DAMAGED]
    for data in [*files, in_a_wav(files[0]), b"ID3\x04\0\0\0\0\0\0" + files[1]]:
        decoded(data)
    assert capfd.readouterr() == ("", "")


def test_the_library_would_have_written(capfd: pytest.CaptureFixture[str]) -> None:
    """Else the test above shows nothing."""
    for seed in DAMAGED:
        try:
            with opened_here(mutated(seed)) as source:
                list(source.blocks())
        except Undecodable:
            continue
    assert "libmpg123" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("fmt", "subtype"),
    [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("AIFF", "PCM_16"), ("OGG", "VORBIS")],
)
def test_usual_files_need_no_process_and_are_as_quiet(
    fmt: str, subtype: str, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = as_file(SPEECH, RATE, fmt, subtype)
    assert not may_be_mp3(whole)
    for seed in DAMAGED:
        chance = random.Random(seed)
        data = bytearray(whole)
        for _ in range(chance.randint(1, 30)):
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        if not may_be_mp3(bytes(data)):
            decoded(bytes(data))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("data", [MP3, in_a_wav(MP3), b"ID3" + MP3, b"no audio at all" * 9])
def test_whatever_may_be_mp3_is_decoded_apart(data: bytes) -> None:
    assert may_be_mp3(data)


def test_it_gives_the_samples_that_decoding_here_gives() -> None:
    with opened_here(MP3) as here, opened_apart(MP3) as there:
        assert here.header == there.header
        for ours, theirs in zip(here.blocks(), there.blocks(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("end", "error", "named"),
    [
        ("os.abort()", VoiceUnusable, "SIGABRT"),  # what a crash is
        ("os.kill(os.getpid(), 9)", Unexpected, "exit code -9"),  # of a machine without memory
        ("sys.exit(1)", Unexpected, "exit code 1"),
    ],
)
def test_a_decoder_that_dies_ends_one_job_only(
    end: str, error: type[WorkerError], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = [sys.executable, "-c", f"import os, sys; sys.stdin.buffer.read(1); {end}"]
    start = subprocess.Popen
    monkeypatch.setattr(apart.subprocess, "Popen", lambda _, **kwargs: start(dying, **kwargs))
    with pytest.raises(error, match=named):
        decode(MP3 * 100, max_seconds=60, max_bytes=1 << 24)


def test_a_file_that_takes_too_much_memory_ends_its_process_only() -> None:
    code = (
        "from worker.audio import apart_process, source\n"
        "apart_process._bound()\n"
        "try:\n    bytearray(2 * apart_process.MEMORY_BYTES)\n"
        "except MemoryError:\n    raise SystemExit(7)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 7


def test_a_job_given_up_ends_its_decoder() -> None:
    def given_up() -> None:
        with pytest.raises(Abandoned), opened_apart(MP3) as source:
            current_stop().set()
            list(source.blocks())
            raise Undecodable("it had sent everything", opened=True)

    asyncio.run(in_thread(Lane.VOICE, in_turn, Lane.DECODE, given_up))


def test_the_pattern_finds_the_format_tag_in_both_byte_orders() -> None:
    tagged = [b"fmt \x12\0\0\0\x55\0", b"fmt \0\0\0\x12\0\x55"]
    assert all(re.search(apart._MP3_IN_WAV, data) for data in tagged)
