"""What soundfile does not read comes by way of FFmpeg, in a process that can do no harm."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from dataclasses import asdict
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from errors import VoiceUnusable
from standins.waiting import PATIENCE_S
from tests.worker.audio.made import RATE, SECONDS, encoded, silent_film, speech
from tests.worker.audio.signals import as_file
from worker.audio import apart_process, opening
from worker.audio.containers import Container, container
from worker.audio.decode import decode
from worker.audio.recording import Recording

pytest.importorskip("av", reason="PyAV is an optional part: requirements/decode.txt")

ROOT = Path(__file__).parents[3]
TOO_MANY = 10**8


def read(data: bytes, *, max_seconds: float = 60) -> Recording:
    return decode(data, max_seconds=max_seconds, max_bytes=1 << 25)


def refused(data: bytes, *, max_seconds: float = 60) -> VoiceUnusable:
    with pytest.raises(VoiceUnusable) as caught:
        read(data, max_seconds=max_seconds)
    assert caught.value.hint
    return caught.value


# muxer, codec, rate, what its voice is called
KINDS = [
    ("ipod", "aac", 44_100, "m4a"),
    ("ipod", "alac", 44_100, "m4a"),
    ("mp4", "aac", 24_000, "mp4"),
    ("mp4", "alac", 48_000, "mp4"),
    ("mp4", "mp3", 44_100, "mp4"),
    ("mp4", "libopus", 48_000, "mp4"),
    ("mov", "aac", 44_100, "mov"),
    ("mov", "pcm_s16be", 44_100, "mov"),
    ("mov", "pcm_f32le", 44_100, "mov"),
    ("3gp", "aac", 48_000, "3gp"),
    ("3gp", "libopencore_amrnb", 8_000, "3gp"),
    ("amr", "libopencore_amrnb", 8_000, "amr"),
    ("adts", "aac", 48_000, "aac"),
    ("latm", "aac", 48_000, "aac"),
    ("webm", "libopus", 48_000, "webm"),
    ("matroska", "aac", 48_000, "mkv"),
    ("matroska", "pcm_s24le", 48_000, "mkv"),
    ("asf", "wmav1", 44_100, "wma"),
    ("asf", "wmav2", 44_100, "wma"),
    ("wav", "wmav2", 44_100, "wav"),
    ("caf", "alac", 44_100, "caf"),
    ("mpegts", "aac", 48_000, "ts"),
    ("mpegts", "mp2", 48_000, "ts"),
    ("mpeg", "mp2", 44_100, "mpg"),
    ("flv", "aac", 44_100, "flv"),
    ("avi", "mp3", 44_100, "avi"),
    ("ac3", "ac3", 48_000, "ac3"),
    ("eac3", "eac3", 48_000, "ac3"),
    ("tta", "tta", 44_100, "tta"),
    ("wv", "wavpack", 44_100, "wv"),
    ("voc", "pcm_u8", 22_050, "voc"),
]


BY_THE_PROCESS = [KINDS[0], KINDS[11], KINDS[14], KINDS[18]]


@pytest.mark.parametrize(("muxer", "codec", "rate", "extension"), BY_THE_PROCESS)
def test_by_the_process_it_is_read_whole(muxer: str, codec: str, rate: int, extension: str) -> None:
    is_read_whole(muxer, codec, rate, extension)


@pytest.mark.usefixtures("decoded_here")
@pytest.mark.parametrize(("muxer", "codec", "rate", "extension"), KINDS)
def test_it_is_read_whole(muxer: str, codec: str, rate: int, extension: str) -> None:
    is_read_whole(muxer, codec, rate, extension)


def is_read_whole(muxer: str, codec: str, rate: int, extension: str) -> None:
    audio = read(encoded(muxer, codec, speech(rate), rate))
    assert audio.extension == extension
    assert audio.sample_rate == pytest.approx(rate, rel=0.01)  # a VOC file knows steps only
    assert audio.seconds == pytest.approx(SECONDS, abs=0.06)
    samples = audio.take([(0, audio.frames)]).samples
    middle = samples[len(samples) // 4 : len(samples) * 3 // 4]
    assert np.sqrt(np.mean(np.square(middle))) == pytest.approx(0.14, abs=0.06)


@pytest.mark.usefixtures("decoded_here")
@pytest.mark.parametrize(
    ("muxer", "codec"), [("ipod", "alac"), ("matroska", "pcm_s16le"), ("mov", "pcm_s16be")]
)
def test_what_is_stored_without_loss_has_the_samples_of_a_wav(muxer: str, codec: str) -> None:
    sound = speech(44_100, channels=2)
    whole = np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)
    expected = read(as_file(whole, 44_100)).take([(0, 80_000)]).samples
    got = read(encoded(muxer, codec, sound, 44_100)).take([(0, 80_000)]).samples
    np.testing.assert_array_equal(got, expected)


@pytest.mark.usefixtures("decoded_here")
@pytest.mark.parametrize(
    ("muxer", "codec", "flags"),
    [
        ("mp4", "aac", {"movflags": "frag_keyframe+empty_moov"}),
        ("mp4", "aac", {"moov_size": "20000"}),
        ("webm", "libopus", {"live": "1"}),
    ],
)
def test_as_recorders_and_sites_lay_files_out(
    muxer: str, codec: str, flags: dict[str, str]
) -> None:
    audio = read(encoded(muxer, codec, speech(48_000), 48_000, options=flags))
    assert audio.seconds == pytest.approx(SECONDS, abs=0.06)


@pytest.mark.usefixtures("decoded_here")
@pytest.mark.parametrize("muxer", ["mp4", "matroska", "avi", "mov"])
def test_of_a_film_its_sound_is_taken(muxer: str) -> None:
    """Its picture lasts three times as long, which is no reason to call the sound cut off."""
    codec = "mp3" if muxer == "avi" else "aac"
    audio = read(encoded(muxer, codec, speech(48_000), 48_000, film=True))
    assert audio.seconds == pytest.approx(SECONDS, abs=0.06)


def test_a_film_without_sound_is_refused() -> None:
    assert "no sound track" in refused(silent_film()).message


def test_sound_of_an_unknown_kind_is_refused() -> None:
    data = encoded("matroska", "aac", speech(), RATE)
    assert "does not know" in refused(data.replace(b"A_AAC", b"A_XYZ")).message


@pytest.mark.usefixtures("decoded_here")
@pytest.mark.parametrize("muxer", ["ipod", "webm", "matroska", "asf"])
def test_half_of_a_file_is_refused(muxer: str) -> None:
    codec = {"webm": "libopus", "asf": "wmav2"}.get(muxer, "aac")
    whole = encoded(muxer, codec, speech(48_000), 48_000)
    message = refused(whole[: len(whole) // 2]).message
    assert "cut off" in message or "cannot be read" in message


def test_too_long_is_refused_while_it_is_decoded() -> None:
    data = encoded("adts", "aac", np.zeros((RATE * 30, 1)), RATE)
    assert "at most 5 s" in refused(data, max_seconds=5).message


def test_a_container_without_sound_in_it_is_refused() -> None:
    for data in (b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00" + b"\0" * 64, b"#!AMR\n", b"FLV\x01"):
        assert "cannot be read" in refused(data).message


def bomb() -> bytes:
    """An m4a whose table claims a hundred million samples of one byte."""
    data = bytearray(encoded("ipod", "aac", speech(), RATE))
    at = data.index(b"stsz") + 8
    data[at : at + 8] = struct.pack(">II", 1, TOO_MANY)
    at = data.index(b"stts") + 8
    data[at : at + 12] = struct.pack(">III", 1, TOO_MANY, 1024)
    at = data.index(b"stsc") + 8
    data[at : at + 16] = struct.pack(">IIII", 1, 1, TOO_MANY, 1)
    return bytes(data)


def test_a_table_of_a_hundred_million_samples_ends_its_process_only() -> None:
    assert refused(bomb()).message


def run(data: bytes, found: Container) -> bytes:
    command = [sys.executable, "-m", "worker.audio.apart_process", json.dumps(asdict(found))]
    done = subprocess.run(command, input=data, cwd=ROOT, capture_output=True, timeout=PATIENCE_S)
    return done.stdout


LISTS = {
    "by its path": "ffconcat version 1.0\nfile 'SECRET'\n",
    "by its name": "ffconcat version 1.0\nfile 'assets/voices/demo.flac'\n",
    "by its URL": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://SECRET\n#EXT-X-ENDLIST\n",
}
OWN = {("concat", "by its path"), ("concat", "by its name"), ("hls", "by its URL"),
       ("dash", "by its URL"), ("mov", "by its path")}  # fmt: skip


@pytest.mark.parametrize(
    ("form", "named"),
    [
        pytest.param(*case, marks=[] if case in OWN else pytest.mark.slow)
        for case in product(["concat", "hls", "dash", "mov", "matroska", "wav"], LISTS)
    ],
)
def test_a_list_of_other_files_opens_none(form: str, named: str, tmp_path: Path) -> None:
    """Even by the name of a reader of lists: the process may open nothing."""
    secret = tmp_path / "secret.wav"
    secret.write_bytes(as_file(speech(), RATE))
    text = LISTS[named].replace("SECRET", str(secret))
    assert not run(text.encode(), Container(form, "a list", "x")).startswith(b"H")


def test_a_list_named_as_a_recording_is_called_text() -> None:
    assert (
        "plain text" in refused(b"ffconcat version 1.0\nfile 'assets/voices/demo.flac'\n").message
    )


def test_the_process_opens_no_file() -> None:
    code = (
        "from worker.audio import apart_process\n"
        "apart_process._bound()\n"
        "try:\n    open('/dev/null')\n"
        "except OSError:\n    raise SystemExit(7)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 7
    assert apart_process.WALL_S > apart_process.PROCESSOR_S


def test_without_pyav_the_answer_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "installed", lambda: False)
    error = refused(encoded("ipod", "aac", speech(), RATE))
    assert "M4A" in error.message
    assert "ffmpeg -i" in error.hint and "requirements/decode.txt" in error.hint


@pytest.mark.parametrize("fmt", ["WAV", "FLAC", "AIFF", "OGG", "CAF", "AU", "W64"])
def test_what_soundfile_reads_stays_with_it(fmt: str) -> None:
    subtype = "VORBIS" if fmt == "OGG" else "PCM_16"
    assert container(as_file(speech(), RATE, fmt, subtype)) is None


def test_pyav_is_loaded_by_no_worker() -> None:
    code = (
        "import sys, worker.audio.decode, worker.voices.catalogue\n"
        "raise SystemExit(any(name.split('.')[0] == 'av' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
