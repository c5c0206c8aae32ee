"""What is spoken, by whom, and when."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.arch import MelConfig
from engine.mel import LogMel
from training.data import alignment, corpus, espeak, sentences, sounds, timing, variants
from training.data.phrases import everyday
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
