"""Which character is spoken in which frame, for every utterance of the corpus.

Kept beside the shards as `words.json`; made once from the word times of `tools.demo.timing`.
"""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.demo import corpus, timing
from tools.demo.corpus import Corpus, Utterance

_FRAMES_A_SECOND = 24000 / 256


def spoken(utterance: Utterance, words: list[tuple[int, float]]) -> NDArray[np.float64]:
    """(frames,) position in the utterance's tokens of what each frame says, from 0 to their number.

    Args:
        words: (character index, seconds) of the start of each word.
    """
    tokens = len(utterance.tokens)
    share = tokens / len(utterance.text)  # the tokeniser adds a space here and there
    frames, positions = [0.0], [0.0]
    for character, seconds in words:
        frame, position = seconds * _FRAMES_A_SECOND, character * share
        if frame > frames[-1] and position > positions[-1]:
            frames.append(frame)
            positions.append(position)
    if frames[-1] >= utterance.frames - 1:
        frames.pop()
        positions.pop()
    at = np.arange(utterance.frames)
    return np.interp(at, [*frames, utterance.frames], [*positions, tokens])


def build(work_dir: Path, spoken_corpus: Corpus, *, workers: int = 2) -> list[NDArray[np.float64]]:
    """`spoken` of every utterance of the corpus, in its order; missing word times are made."""
    from tqdm import tqdm

    shards = corpus.shards(work_dir)
    missing = [shard for shard in shards if not (shard / "words.json").is_file()]
    if missing:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            made = pool.imap_unordered(_time_shard, missing)
            for _ in tqdm(made, total=len(missing), desc="timing", unit="shard"):
                pass
    words = [item for shard in shards for item in json.loads((shard / "words.json").read_text())]
    pairs = zip(spoken_corpus.utterances, words, strict=True)
    return [spoken(utterance, starts) for utterance, starts in pairs]


def _time_shard(shard: Path) -> None:
    words = [timing.word_starts(u.text, u.voice, u.pitch, u.speed) for u in corpus.items(shard)]
    part = shard / "words.part"
    part.write_text(json.dumps(words))
    part.rename(shard / "words.json")
