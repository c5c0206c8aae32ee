"""The sound of a file is trusted, not what its header says of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import pytest

from errors import VoiceUnusable
from standins.growth import takes_less_than
from tests.worker.audio.signals import as_file, bursts
from worker.audio.decode import decode
from worker.audio.recording import Recording
from worker.audio.sizes import mended

RATE = 24_000
SPEECH = bursts([(0.1, 0), (1.7, 0.5), (0.2, 0)], RATE)
NOISE = np.random.default_rng(1).integers(0, 256, 40_000, dtype=np.uint8).tobytes()


def read(data: bytes) -> Recording:
    return decode(data, max_seconds=60, max_bytes=1 << 24)


def samples(data: bytes) -> np.ndarray:
    audio = read(data)
    return audio.take([(0, audio.frames)]).samples


@dataclass
class Wav:
    """A wav file in its parts."""

    fmt: bytes
    sound: bytes
    before: bytes = b""
    after: bytes = b""

    def bytes(self, size: int | None = None, riff: int | None = None) -> bytes:
        size = len(self.sound) if size is None else size
        data = b"data" + struct.pack("<I", size) + self.sound
        body = b"WAVEfmt " + struct.pack("<I", len(self.fmt)) + self.fmt
        body += self.before + data + self.after
        riff = len(body) if riff is None else riff
        return b"RIFF" + struct.pack("<I", riff) + body


@pytest.mark.parametrize(
    "data",
    [
        as_file(SPEECH, RATE).replace(b"fmt \x10\0\0\0", b"fmt \xf0\xff\xff\x7f"),
        b"RIFF\0\0\0\0WAVE" + b"fmt \xf0\xff\xff\x7f" * 1_000_000,
        b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 1_500_000,
        b"FORM\0\0\0\0AIFF" + b"junk\0\0\0\0" * 1_500_000,
        b"caff\0\1\0\0" + b"junk" * 750_000,
        b"caff\0\1\0\0" + b"\0" * 3_000_000,
        b"\xff\xf3\x14\xc4".ljust(24, b"\0") * 4
        + (b"\xff\xf3\x14\xc4".ljust(24, b"\0") * 2 + b"\xff" * 15_000) * 900,
    ],
    ids=["fmt", "fmts", "wav", "aiff", "caf", "zeros", "mp3"],
)
def test_a_file_that_leads_nowhere_takes_no_time(data: bytes) -> None:
    def refused() -> None:
        with pytest.raises(VoiceUnusable):
            read(data)

    assert takes_less_than(60, refused)  # it takes 20


def wav(subtype: str = "PCM_16", **parts: bytes) -> Wav:
    raw = as_file(SPEECH, RATE, subtype=subtype)
    at, size = raw.index(b"data") + 8, struct.unpack_from("<I", raw, 16)[0]
    length = struct.unpack_from("<I", raw, at - 4)[0]
    return Wav(raw[20 : 20 + size], raw[at : at + length], **parts)


def chunk(name: bytes, body: bytes, *, pad: bool = True) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2 if pad else 0)


LIST = chunk(b"LIST", b"INFOISFT\x05\0\0\0abcd\0\0")
SOUND = len(wav().sound)

SAME = {
    "size 0": wav().bytes(0, 0),
    "size 0, riff right": wav().bytes(0),
    "size 0xFFFFFFFF": wav().bytes(0xFFFFFFFF, 0xFFFFFFFF),
    "size 0x7FFFFFFF": wav().bytes(0x7FFFFFFF),
    "size 0x7FFFF000": wav().bytes(0x7FFFF000),
    "28 bytes too many": wav().bytes(SOUND + 28),
    "1 byte too many": wav().bytes(SOUND + 1),
    "riff size 0": wav().bytes(riff=0),
    "riff size too small": wav().bytes(riff=100),
    "riff size too large": wav().bytes(riff=10**8),
    "size of the first buffer": wav().bytes(4096),
    "size of a tenth": wav().bytes(SOUND // 10),
    "half, as after a crash": wav().bytes(SOUND // 2, SOUND // 2 + 36),
    "size 2": wav().bytes(2),
    "size 0, tags after": wav(after=LIST).bytes(0),
    "size too small, tags after": wav(after=LIST).bytes(4096),
    "tags before": wav(before=LIST).bytes(),
    "tags after": wav(after=LIST).bytes(),
    "odd chunk before": wav(before=chunk(b"note", b"abc")).bytes(),
    "odd chunk before without its pad": wav(before=chunk(b"note", b"abc", pad=False)).bytes(),
    "chunk before with a wrong size": wav(before=b"LIST\xff\xff\0\0INFO").bytes(),
    "junk before": wav(before=chunk(b"JUNK", b"\0" * 28)).bytes(),
    "empty chunk before": wav(before=chunk(b"fact", b"")).bytes(),
    "zeros between chunks": wav(before=b"\0" * 6).bytes(),
    "an ID3 tag after": wav(after=b"ID3\x04\0\0\0\0\0\x0a" + b"\0" * 10).bytes(),
    "a line end after": wav(after=b"\r\n").bytes(),
    "the end of a form after": wav(after=b"\r\n--boundary--\r\n").bytes(),
    "bytes of anything after": wav(after=NOISE[:999]).bytes(),
    "a second of anything after": wav(after=NOISE).bytes(),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_a_wav_gives_the_sound_that_is_there(name: str) -> None:
    np.testing.assert_array_equal(samples(SAME[name]), samples(wav().bytes()))


@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("size", [0, 6, 4800, 0xFFFFFFFF])
def test_deeper_samples_too(subtype: str, size: int) -> None:
    made = wav(subtype)
    np.testing.assert_array_equal(samples(made.bytes(size)), samples(made.bytes()))


@pytest.mark.parametrize("subtype", ["PCM_U8", "ULAW", "ALAW", "IMA_ADPCM", "DOUBLE"])
def test_of_any_samples_an_unknown_size_is_known(subtype: str) -> None:
    made = wav(subtype)
    np.testing.assert_array_equal(samples(made.bytes(0)), samples(made.bytes()))


def test_what_is_used_or_left_out_against_the_header_is_said() -> None:
    assert read(wav().bytes()).warnings == ()
    assert read(wav().bytes(SOUND + 28)).warnings == ()
    (said,) = read(SAME["size of a tenth"]).warnings
    assert "0.20 s" in said and "2.00 s" in said
    (said,) = read(SAME["a second of anything after"]).warnings
    assert "40000 bytes" in said and "left out" in said


@pytest.mark.parametrize("lacking", [SOUND // 2, SOUND // 10, 4800])
def test_where_seconds_are_missing_it_is_cut_off(lacking: int) -> None:
    made = wav()
    whole = made.bytes()
    with pytest.raises(VoiceUnusable, match="cut off") as caught:
        read(whole[: len(whole) - lacking])
    assert caught.value.hint


@pytest.mark.parametrize("data", [b"RIFF\0\0\0\0WAVE", wav().bytes()[:40], wav().bytes()[:44]])
def test_a_header_alone_is_refused(data: bytes) -> None:
    with pytest.raises(VoiceUnusable):
        read(data)


def test_rf64_is_read_whatever_its_sizes_say() -> None:
    raw = as_file(SPEECH, RATE, "RF64")
    expected = samples(raw)
    at = raw.index(b"ds64") + 8
    for size in (0, 2**40, 2**63):
        broken = raw[: at + 8] + struct.pack("<Q", size) + raw[at + 16 :]
        np.testing.assert_array_equal(samples(broken), expected)


@pytest.mark.parametrize("sizes", [(0, 0, 0), (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF), (50, 8, 0)])
def test_an_aiff_of_unknown_size_is_read(sizes: tuple[int, int, int]) -> None:
    raw = bytearray(as_file(SPEECH, RATE, "AIFF"))
    expected = samples(bytes(raw))
    form, sound, frames = (struct.pack(">I", size) for size in sizes)
    at = raw.index(b"SSND")
    raw[4:8], raw[at + 4 : at + 8] = form, sound
    at = raw.index(b"COMM")
    raw[at + 10 : at + 14] = frames
    np.testing.assert_array_equal(samples(bytes(raw)), expected)


def test_an_aiff_cut_within_the_head_of_its_sound_is_refused() -> None:
    whole = as_file(SPEECH, RATE, "AIFF")
    head = whole.index(b"SSND")
    for cut in range(head, head + 20):
        with pytest.raises(VoiceUnusable):
            decode(whole[:cut], max_seconds=60, max_bytes=1 << 26)


def _sized(form: str, size: int) -> bytes:
    """SPEECH, of which the header says that it has `size` bytes."""
    data = as_file(SPEECH, RATE, form)
    at = {"AU": 8, "CAF": data.find(b"data") + 4, "W64": data.find(b"data\xf3") + 16}[form]
    more = {"AU": 0, "CAF": 4, "W64": 24}[form]
    layout = {"AU": ">I", "CAF": ">q", "W64": "<Q"}[form]
    counted = struct.pack(layout, size + more)
    return data[:at] + counted + data[at + len(counted) :]


@pytest.mark.parametrize("form", ["AU", "CAF", "W64"])
def test_what_is_there_of_other_kinds_is_used_too(form: str) -> None:
    whole = as_file(SPEECH, RATE, form)
    for size, warns in ((0, 0), (4000, 1), (2 * len(SPEECH) + 60, 0)):
        audio = read(_sized(form, size))
        assert audio.seconds == pytest.approx(2.0, abs=0.001)
        assert len(audio.warnings) == warns
    assert read(whole + NOISE).seconds == 2.0
    cut = decode(whole[: len(whole) // 2], max_seconds=9, max_bytes=1 << 20, partial=True)
    assert cut.lacks == f"{cut.seconds:.2f} of 2.00 s are there"


@pytest.mark.parametrize("form", ["AU", "CAF"])
def test_samples_that_look_like_mp3_are_none(form: str) -> None:
    frames = b"\xff\xf3\x14\xc4".ljust(24, b"\0") * 200
    data = as_file(SPEECH, RATE, form)
    half = len(data) // 2
    assert read(data[:half] + frames + data[half + len(frames) :]).seconds == 2.0


def test_a_voice_louder_than_its_beginning_is_sound() -> None:
    data = as_file(bursts([(0.5, 0.0), (2.0, 0.5)], RATE), RATE)
    at = data.find(b"data") + 4
    assert read(data[:at] + struct.pack("<I", 20_000) + data[at + 4 :]).seconds == 2.5


def test_of_a_flac_cut_off_the_beginning_is_used_where_its_words_have_times() -> None:
    data = as_file(bursts([(7.0, 0.4)], RATE), RATE, "FLAC")
    cut = decode(data[: len(data) * 3 // 4], max_seconds=9, max_bytes=1 << 20, partial=True)
    assert 2.5 < cut.seconds < 5.3 and "of 7.00 s are there" in cut.lacks


@pytest.mark.parametrize("form", ["AU", "CAF", "W64"])
def test_damaged_sizes_end_in_a_file_or_a_reason(form: str) -> None:
    whole, random = as_file(SPEECH, RATE, form), np.random.default_rng(1)
    for _ in range(300):
        data = bytearray(whole[: random.integers(30, len(whole))])
        for at in random.integers(8, min(len(data), 200), 6):
            data[at] = random.integers(256)
        found = mended(bytes(data))
        assert found is None or found.lacks.count(" there") <= 1
