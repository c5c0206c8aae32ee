"""What is spoken, by whom, and how samples are put together."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.arch import MelConfig
from engine.dit.layers import spread_index
from engine.mel import LogMel
from tests.training import synthetic
from training.data import alignment, corpus, espeak, sentences, sounds, timing, variants
from training.data.phrases import everyday
from training.flow.rhythm import evenness, new_times, sources, steady_times, stretch
from training.flow.samples import BUCKETS, Batch, batch_size, bucket_weights
from training.judge import acoustics

needs_espeak = pytest.mark.skipif(not espeak.available(), reason="espeak-ng is not installed")


@pytest.fixture
def little_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["amber", "basket", "candle", "desert", "engine", "forest", "garden", "harbour"]
    monkeypatch.setattr(sentences, "documentation", lambda: ())
    monkeypatch.setattr(sentences, "dictionary", lambda: tuple(words))


@pytest.mark.usefixtures("little_documentation")
def test_held_out_sentences_are_never_trained_on() -> None:
    trained, unseen = sentences.training(1500, seed=1), sentences.held_out(150, seed=2)
    assert len(set(trained)) == 1500 and len(set(unseen)) == 150
    assert not set(trained) & set(unseen)
    assert not any(sentences.is_held_out(text) for text in trained)
    assert sentences.held_out(150, seed=2) == unseen
    assert sentences.is_held_out(unseen[0]) == sentences.is_held_out(unseen[0].upper())


def test_documentation_sentences_can_be_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sentences._usable("Return the smallest item, or nothing.")
    for text in ("Use os.path here.", "See RFC now please.", "Call getItem of it.", "No 5 dogs."):
        assert not sentences._usable(text)


def test_everyday_sentences_are_whole() -> None:
    rng = random.Random(1)
    for _ in range(300):
        text = everyday(rng)
        assert "{" not in text and text[0].isupper() and text[-1] in ".!?"


def test_voices_are_split() -> None:
    names = {v.name for v in espeak.TRAIN_VOICES} & {v.name for v in espeak.HELD_OUT_VOICES}
    assert not names
    speakers = corpus.speakers(random.Random(0))
    assert all(next(speakers)[1] % 2 == 0 for _ in range(50))


@pytest.mark.parametrize("frames", [256, 448, 960])
def test_samples_fill_their_bucket(frames: int) -> None:
    sampler = synthetic.sampler(frames_per_step=2000)
    size = batch_size(frames, 2000)
    batch = sampler.of_length(random.Random(4), frames, size)
    assert batch.mel.shape == (size, frames, 100)
    assert batch.text.spread.shape == (size, frames)
    silence = (batch.mel < -11).all(-1)
    assert not silence[:, 0].any()
    assert (silence[:, -int(0.05 * frames) - 1 :].sum(1) <= 0.05 * frames).all()
    counts = (batch.text.tokens >= 0).sum(1)
    assert torch.equal(batch.text.spread[:, -1] + 1, counts)
    assert (batch.reference < frames).all()


def test_batches_depend_on_seed_and_step_only() -> None:
    first, second = synthetic.sampler(), synthetic.sampler()
    second.batch(1, 0.0)
    again = second.batch(7, 0.0)
    assert torch.equal(first.batch(7, 0.0).mel, again.mel)
    assert not torch.equal(first.batch(8, 0.0).mel[0, :9], again.mel[0, :9])


def test_long_buckets_come_later() -> None:
    assert bucket_weights(0.0)[-1] == 0.0 < bucket_weights(1.0)[-1]
    assert len(bucket_weights(0.5)) == len(BUCKETS)


def wrong_share(batch: Batch) -> float:
    """Share of the frames after the reference that do not say the character they show."""
    shown = batch.text.tokens.gather(1, batch.text.spread)
    after = torch.arange(batch.mel.shape[1]) >= batch.reference[:, None]
    sounding = (batch.mel > -6).any(-1) & (shown > 0) & after
    bands = batch.mel.argmax(-1).float()
    return ((bands - 2.5 * shown).abs()[sounding] > 3).float().mean().item()


def test_speech_moves_to_its_characters() -> None:
    assert evenness(0.0) == evenness(0.1) == 1.0
    assert evenness(0.35) == evenness(1.0) == 0.0
    sampler = synthetic.sampler(frames_per_step=2000)
    natural, half, steady = (
        sampler.of_length(random.Random(4), 448, 4, even=even) for even in (0.0, 0.5, 1.0)
    )
    assert torch.equal(natural.text.tokens, steady.text.tokens)
    assert wrong_share(steady) < wrong_share(half) < wrong_share(natural)
    assert wrong_share(steady) < 0.3  # frames between two characters, and the hurried ones


@given(
    st.lists(st.lists(st.floats(0.01, 9), min_size=2, max_size=30), min_size=1, max_size=4),
    st.floats(0, 1),
    st.booleans(),
    st.integers(50, 400),
)
def test_stretched_time_never_turns_back(
    pace: list[list[float]], even: float, as_spoken: bool, frames: int
) -> None:
    """`pace`: of each part, how much of the text each of its frames says."""
    starts = np.cumsum([0, *(len(part) for part in pace)]).tolist()
    said = np.concatenate(([0.0], np.cumsum([said for part in pace for said in part])))
    times = new_times(starts, said, [as_spoken] * len(pace), even, frames)
    assert times[0] == 0 and times[-1] == pytest.approx(frames)
    assert (np.diff(times) >= 0).all()
    reference = said[starts[1]] if len(pace) > 1 else 0.0
    assert times[starts] == pytest.approx(steady_times(said, reference, frames)[starts])


def test_words_are_as_long_as_spoken_and_no_drift_adds_up() -> None:
    """Two words in turn, one slowly and one quickly spoken, then a second half that is faster."""
    slow, fast = np.full(12, 0.1), np.full(12, 0.2)
    said = np.cumsum(np.concatenate(([0.0], np.tile(np.concatenate((slow, fast)), 20))))
    said[240:] = said[240] + 1.5 * (said[240:] - said[240])
    frames = len(said) - 1
    natural, local, steady = (
        new_times([0, frames], said, [untouched], even, frames)
        for untouched, even in ((True, 0.0), (False, 0.0), (False, 1.0))
    )
    np.testing.assert_allclose(natural, np.arange(frames + 1.0))
    assert np.abs(natural - steady).max() > 50 > 7 > np.abs(local - steady).max()
    words = np.arange(60, 181, 12)
    np.testing.assert_allclose(np.diff(local[words]), 9, rtol=0.01)
    np.testing.assert_allclose(np.diff(steady[words]), [12, 6] * 5)


@given(st.integers(10, 150), st.floats(4.05, 9), st.floats(0, 0.8))
def test_new_speech_keeps_to_the_text_that_f5_shows(n: int, pace: float, share: float) -> None:
    frames = round(n * pace)
    said = np.linspace(0, n, 40 * n + 1)
    reference = float(said[round(share * 40 * n)])
    times = steady_times(said, reference, frames)
    assert (np.diff(times) > 0).all()
    start = times[said >= reference][0]
    assert start == pytest.approx(reference * frames / n, abs=1e-6)  # where the reference ends
    shown = spread_index(n, frames).numpy()[np.minimum(times[:-1].astype(int), frames - 1)]
    ahead = shown - np.floor(said[:-1])
    assert ahead.min() >= -1  # the text is never late by more than a rounding
    in_step = np.abs(ahead[said[:-1] >= reference]) <= 1
    assert in_step[-n:].all()  # the end at least
    if not reference:
        assert in_step.all()


def test_stretching_by_nothing_changes_nothing() -> None:
    mel = np.random.default_rng(0).normal(size=(40, 100)).astype(np.float32)
    np.testing.assert_allclose(stretch(mel, sources(np.arange(41.0), 40)), mel, atol=1e-6)
    twice = stretch(mel, sources(np.arange(41.0) * 2, 80))
    np.testing.assert_allclose(twice[1:-1:2], 0.75 * mel[:-1] + 0.25 * mel[1:], atol=1e-6)


def test_a_sound_is_stretched_with_its_speech() -> None:
    batch = synthetic.sampler().of_length(random.Random(4), 448, 4)
    heard, mel = batch.sounds[:, 1:-1], batch.mel[:, 1:-1]
    inside = (heard == batch.sounds[:, 2:]) & (heard == batch.sounds[:, :-2])
    spoken, pause = inside & (heard > 0), inside & (heard == 0)
    assert spoken.float().mean() > 0.5 and pause.any()
    assert (mel.argmax(-1) - 2.5 * heard)[spoken].abs().max() <= 1
    assert (mel[pause] < -11).all()


def test_words_place_their_characters() -> None:
    one = corpus.Utterance("abcd efgh", list(range(9)), "v", 50, 165, 94, 24000)
    said = alignment.positions(one, [(0, 0.0), (5, 0.8)])
    assert said.shape == (94,)
    assert (np.diff(said) > 0).all()
    assert said[0] == 0 and 8.7 < said[-1] < 9
    assert said[75] == pytest.approx(5.0, abs=0.15)  # 0.8 s are 75 frames


@needs_espeak
def test_word_times_are_those_of_the_audio() -> None:
    text = "Good morning, how are you today?"
    events = timing.events(text, "en-us+f2", 46, 165)
    starts = events.words
    assert [text[at:].split()[0] for at, _ in starts] == text.split()
    times = [seconds for _, seconds in starts]
    assert times == sorted(times) and times[0] < 0.1
    seconds = len(espeak.speak(text, "en-us+f2", 46, 165)) / espeak.SAMPLE_RATE
    assert 0.5 * seconds < times[-1] < seconds - 0.1
    names = [name for name, _ in events.sounds]
    assert names[:3] == ["g", "U", "d"]
    began = [at for _, at in events.sounds]
    assert began == sorted(began) and began[-1] < seconds + 0.1


def test_sounds_are_told_by_their_thirds() -> None:
    said = [("h", 0.0), ("aI", 0.16), ("_:", 0.8), ("h", 0.96)]
    known = sounds.inventory([said])
    assert known == {"aI": 0, "h": 1}
    found = sounds.of_frames(said, 100, known).tolist()
    assert found == [4] * 5 + [5] * 5 + [6] * 5 + [1] * 20 + [2] * 20 + [3] * 20 + [0] * 15 + (
        [4] * 3 + [5] * 4 + [6] * 3
    )


@needs_espeak
def test_espeak_speaks_at_a_level_without_edges() -> None:
    samples = espeak.speak("Good morning, how are you?", "en-us+m1", 50)
    assert samples.dtype == np.float32
    assert 1.0 < len(samples) / espeak.SAMPLE_RATE < 3.0
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(espeak.LEVEL, rel=0.05)
    faster = espeak.speak("Good morning, how are you?", "en-us+m1", 50, speed=250)
    assert len(faster) < 0.8 * len(samples)


def test_made_voices_differ_and_stay_the_same() -> None:
    definitions = [variants.definition(index) for index in range(variants.COUNT)]
    assert len(set(definitions)) == variants.COUNT
    assert definitions[3] == variants.definition(3)
    names = {variants.voice(index).name for index in range(variants.COUNT)}
    assert len(names) == variants.COUNT
    assert not names & {v.name for v in (*espeak.TRAIN_VOICES, *espeak.HELD_OUT_VOICES)}


@needs_espeak
def test_espeak_speaks_in_made_voices_and_in_its_own(tmp_path: Path) -> None:
    data = variants.data_directory(tmp_path)
    assert variants.data_directory(tmp_path) == data  # a second time changes nothing
    text = "Good morning, how are you?"
    made = [espeak.speak(text, variants.voice(i).name, 50, data=data) for i in (0, 1)]
    plain = espeak.speak(text, "en-us", 50, data=data)
    own = espeak.speak(text, "en-us+f2", 50, data=data)
    assert np.array_equal(own, espeak.speak(text, "en-us+f2", 50))
    # A variant that is not found is spoken as if none had been asked for.
    assert np.array_equal(plain, espeak.speak(text, variants.voice(0).name, 50))
    low, high = (acoustics.measure(samples) for samples in made)
    assert high.pitch > 1.2 * low.pitch
    assert not any(np.array_equal(samples, plain) for samples in made)


@needs_espeak
@pytest.mark.usefixtures("little_documentation")
def test_a_shard_holds_what_was_spoken(tmp_path: Path) -> None:
    plan = corpus.CorpusPlan(shards=1, made_voice_shards=1, speakers=2, utterances=2)
    root = tmp_path / "corpus"
    root.mkdir()
    voices, texts = variants.data_directory(tmp_path), corpus._texts(root, plan)
    threads = torch.get_num_threads()
    try:
        for shard in corpus._planned(root, plan):
            corpus._make_shard((shard, plan, texts[shard], voices))
    finally:
        torch.set_num_threads(threads)
    loaded = corpus.build(tmp_path, plan)  # nothing left to make
    own, made = texts.values()
    assert [u.text for u in loaded.utterances] == own + made and len(own) == len(made) == 4
    assert len(loaded.by_speaker()) == 4
    assert ["+made" in u.voice for u in loaded.utterances] == [False] * 4 + [True] * 4
    expected = LogMel(MelConfig(), torch.device("cpu"))(torch.from_numpy(loaded.wave(2)))
    got = torch.from_numpy(loaded.mel(2).astype(np.float32))
    assert got.shape == expected.shape == (loaded.utterances[2].frames, 100)
    assert (got - expected).abs().median() < 0.02
    with pytest.raises(RuntimeError, match="another plan"):
        corpus.build(tmp_path, corpus.CorpusPlan(shards=1, speakers=2, utterances=3))
