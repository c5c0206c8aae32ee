"""Sound sent while it is made is the sound of the whole file, in every format."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from standins.local_worker import tone, wav
from worker.audio.joins import CrossFade, Joins, NaturalJoins, Piece, join_all
from worker.audio.mix import RunningMix
from worker.audio.running import ENCODERS
from worker.audio.whole import converted

RATE = 24000
# Frames that a codec may add at the ends.
_PADDING = {"wav": 0, "pcm": 0, "flac": 0, "mp3": 3000, "aac": 3000, "opus": 1000}


def decoded(data: bytes, fmt: str) -> np.ndarray:
    if fmt == "pcm":
        return np.frombuffer(data, "<i2") / np.float32(32768)
    with av.open(io.BytesIO(data)) as file:
        resampler = av.AudioResampler("flt", "mono", RATE)
        frames = [out for f in file.decode(audio=0) for out in resampler.resample(f)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def in_pieces(samples: np.ndarray, fmt: str, sizes: list[int]) -> bytes:
    encoder = ENCODERS[fmt](RATE)
    data, at = b"", 0
    for size in sizes:
        data += encoder.add(samples[at : at + size])
        at += size
    return data + encoder.add(samples[at:]) + encoder.end()


@pytest.mark.parametrize("fmt", ENCODERS)
def test_pieces_make_the_whole_sound(fmt: str) -> None:
    samples = tone(2.0)
    heard = decoded(in_pieces(samples, fmt, [1, 0, 5000, 17000]), fmt)
    assert 0 <= len(heard) - len(samples) <= _PADDING[fmt]
    assert abs(np.std(heard) / np.std(samples) - 1) < 0.1
    if not _PADDING[fmt]:
        assert np.abs(heard - samples).max() < 1e-4


@pytest.mark.parametrize("fmt", ENCODERS)
def test_sound_leaves_before_the_end(fmt: str) -> None:
    encoder = ENCODERS[fmt](RATE)
    first = encoder.add(tone(2.0))
    assert len(first) > 1000
    encoder.end()


@pytest.mark.parametrize("fmt", ["pcm", "aac"])
def test_a_finished_wav_becomes_what_libsndfile_does_not_write(fmt: str) -> None:
    heard = decoded(converted(wav(tone(1.0)), fmt), fmt)
    assert 0 <= len(heard) - RATE <= _PADDING[fmt]
    assert converted(b"as it is", "mp3") == b"as it is"


def piece(kind: tuple[int, int, int, float, int]) -> Piece:
    silent, loud, after, pause, voice = kind
    sound = np.random.default_rng(loud).normal(0, 0.1, loud).astype(np.float32)
    samples = np.concatenate([np.zeros(silent), sound, np.zeros(after)]).astype(np.float32)
    return Piece(samples, pause, f"v{voice}")


KINDS = st.tuples(
    st.integers(0, 6000),
    st.integers(0, 4000),
    st.integers(0, 6000),
    st.sampled_from([0.0, 0.0, 0.2]),
    st.integers(0, 1),
)


@given(st.lists(KINDS, min_size=1, max_size=6), st.booleans())
def test_what_is_heard_early_is_what_the_whole_begins_with(kinds: list, natural: bool) -> None:
    def rule() -> Joins:
        return NaturalJoins(RATE) if natural else CrossFade(RATE, 0.15)

    pieces = [piece(kind) for kind in kinds]
    whole, _ = join_all(rule(), pieces)
    joins, mix = rule(), RunningMix()
    heard: list[np.ndarray] = []
    for each in pieces:
        heard.append(mix.add(joins.put(*each), joins.settled))
    early = np.concatenate(heard)
    assert len(early) <= len(whole)
    assert np.abs(early - whole[: len(early)]).max(initial=0.0) < 1e-6
