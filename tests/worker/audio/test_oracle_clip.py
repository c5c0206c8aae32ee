"""A reference is clipped and trimmed exactly as f5-tts does it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from standins.oracle import f5
from tests.examples import examples
from tests.worker.audio.signals import as_file, bursts
from worker.audio.clip import reference_clip
from worker.audio.decode import decode
from worker.audio.pcm import quantise

BUNDLED = Path(__file__).parents[3] / "assets" / "voices"
Plan = list[tuple[float, float]]

SHORT: Plan = [(0.25, 0.0), (3.1, 0.5), (0.3, 0.001)]
LONG_PAUSES: Plan = [(4, 0.5), (2.2, 0.0005), (4, 0.3), (1.5, 0), (3, 0.4), (1.2, 0), (9, 0.4)]
SHORT_PAUSES: Plan = [
    (5, 0.5),
    (0.3, 0.002),
    (4.2, 0.4),
    (0.25, 0.003),
    (6, 0.5),
    (0.3, 0),
    (8, 0.4),
]
NO_PAUSE: Plan = [(15.3, 0.4)]
QUIET_END: Plan = [(3, 0.4), (0.4, 0.0075), (0.6, 0.0)]
BURST_IN_SILENCE: Plan = [(1.5, 0), (0.02, 0.9), (1.4, 0), (2, 0.4), (1.01, 0.001)]


def theirs(path: Path) -> tuple[np.ndarray, int]:
    """f5-tts's clip as its infer_batch_process would see it: mono fp32."""
    infer = f5().infer
    infer._ref_audio_cache.clear()
    out, _ = infer.preprocess_ref_audio_text(str(path), "words", show_info=lambda _: None)
    import torchaudio

    audio, rate = torchaudio.load(out)
    Path(out).unlink()
    return torch.mean(audio, dim=0).numpy(), rate


def check(tmp_path: Path, plan: Plan, rate: int, channels: int, subtype: str, atol: float) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(as_file(bursts(plan, rate, channels=channels), rate, subtype=subtype))
    expected, expected_rate = theirs(path)
    clip = reference_clip(decode(path.read_bytes(), max_seconds=600, max_bytes=1 << 28))
    assert clip.sample_rate == expected_rate
    assert len(clip.samples) == len(expected)
    np.testing.assert_allclose(clip.samples, expected, rtol=0, atol=atol)
    rms = torch.sqrt(torch.mean(torch.square(torch.from_numpy(expected)))).item()
    assert clip.rms == pytest.approx(rms, rel=1e-5)


@pytest.mark.parametrize("rate", [11025, 24000, 44100])
@pytest.mark.parametrize(
    "plan", [SHORT, LONG_PAUSES, SHORT_PAUSES, NO_PAUSE, QUIET_END, BURST_IN_SILENCE]
)
def test_sixteen_bit_files_give_the_same_samples(tmp_path: Path, plan: Plan, rate: int) -> None:
    check(tmp_path, plan, rate, 1, "PCM_16", 0)


@pytest.mark.parametrize("plan", [SHORT, LONG_PAUSES, SHORT_PAUSES])
def test_stereo_gives_the_same_samples(tmp_path: Path, plan: Plan) -> None:
    check(tmp_path, plan, 44100, 2, "PCM_16", 0)


@pytest.mark.parametrize("plan", [SHORT, LONG_PAUSES, NO_PAUSE])
def test_eight_bit_files_give_the_same_samples(tmp_path: Path, plan: Plan) -> None:
    check(tmp_path, plan, 22050, 1, "PCM_U8", 0)


@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_32"])
@pytest.mark.parametrize("plan", [SHORT, SHORT_PAUSES])
def test_deeper_files_differ_by_what_pydub_pads(tmp_path: Path, plan: Plan, subtype: str) -> None:
    check(tmp_path, plan, 24000, 1, subtype, 2**-22)


@settings(max_examples=examples(12), deadline=None)
@given(
    plan=st.lists(
        st.tuples(
            st.floats(0.013, 2.7), st.sampled_from([0.0, 0.002, 0.006, 0.009, 0.02, 0.1, 0.6])
        ),
        min_size=1,
        max_size=9,
    ),
    rate=st.sampled_from([12000, 22050, 24000, 44100]),
)
def test_any_pattern_of_sound_and_pause_is_cut_alike(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, rate: int
) -> None:
    check(tmp_path_factory.mktemp("clip"), [(0.6, 0.5), *plan], rate, 1, "PCM_16", 0)


@pytest.mark.parametrize("times", [1, 4])
def test_synthesised_speech_is_cut_alike(tmp_path: Path, times: int) -> None:
    speech, rate = soundfile.read(BUNDLED / "demo.flac", dtype="int16")
    path = tmp_path / "voice.wav"
    soundfile.write(path, np.tile(speech, times), rate)
    expected, _ = theirs(path)
    clip = reference_clip(decode(path.read_bytes(), max_seconds=600, max_bytes=1 << 28))
    np.testing.assert_array_equal(clip.samples, expected)
    assert clip.clipped == (times > 1)


def test_flac_gives_what_wav_gives() -> None:
    samples = quantise(bursts(SHORT_PAUSES, 24000))  # flac rounds floats, wav cuts them off
    wav, flac = (
        reference_clip(decode(as_file(samples, 24000, fmt), max_seconds=60, max_bytes=1 << 28))
        for fmt in ("WAV", "FLAC")
    )
    np.testing.assert_array_equal(wav.samples, flac.samples)


def test_kept_intervals_point_at_the_samples_that_were_kept() -> None:
    rate = 24000
    audio = decode(as_file(bursts(LONG_PAUSES, rate), rate), max_seconds=60, max_bytes=1 << 28)
    clip = reference_clip(audio)
    whole = audio.take([(0, audio.frames)]).samples
    parts = [whole[round(a * rate) : round(b * rate)] for a, b in clip.kept]
    joined = np.concatenate(parts)
    np.testing.assert_array_equal(clip.samples[: len(joined)], joined)
    assert not clip.samples[len(joined) :].any()
    assert 0 < clip.share < 1
    assert clip.clipped


@pytest.mark.parametrize(
    ("fmt", "subtype", "channels"),
    [("WAV", "PCM_U8", 1), ("WAV", "PCM_16", 2), ("FLAC", "PCM_24", 1), ("OGG", "VORBIS", 2),
     ("MP3", "MPEG_LAYER_III", 1)],
)  # fmt: skip
def test_a_clip_behind_a_long_silence_is_what_it_is_at_the_start(
    fmt: str, subtype: str, channels: int, monkeypatch: pytest.MonkeyPatch, decoded_here: None
) -> None:
    """What lies behind the frames that are kept is decoded again."""
    plan: Plan = [(6, 0.0), *LONG_PAUSES]
    data = as_file(bursts(plan, 24000, channels=channels), 24000, fmt, subtype)
    kept = reference_clip(decode(data, max_seconds=60, max_bytes=1 << 28))
    monkeypatch.setattr("worker.audio.recording._HEAD_FRAMES", 24000)
    again = reference_clip(decode(data, max_seconds=60, max_bytes=1 << 28))
    np.testing.assert_array_equal(kept.samples, again.samples)
    assert (kept.kept, kept.share) == (again.kept, again.share)


def test_a_short_file_is_not_clipped() -> None:
    audio = decode(as_file(bursts(SHORT, 24000), 24000), max_seconds=60, max_bytes=1 << 28)
    assert not reference_clip(audio).clipped


def test_an_earlier_end_cuts_there() -> None:
    audio = decode(as_file(bursts(NO_PAUSE, 24000), 24000), max_seconds=60, max_bytes=1 << 28)
    clip = reference_clip(audio, end_s=7.5)
    assert clip.kept[-1][1] == pytest.approx(7.5, abs=0.011)
