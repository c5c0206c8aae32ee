"""Which character and which sound is spoken in which frame, for every utterance of the corpus.

Kept beside the shards as `events.json`; made once from the events of `training.data.timing`.
"""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.data import corpus, sounds, timing, variants
from training.data.corpus import Corpus, Utterance

_FILE = "events.json"


@dataclass(frozen=True)
class Spoken:
    """What an utterance says when.

    `position` (frames,) in its tokens, from 0 to their number; `sound` (frames,) and `token_sound`
    (tokens, SLOTS) classes by `training.data.sounds`.
    """

    position: NDArray[np.float64]
    sound: NDArray[np.int16]
    token_sound: NDArray[np.int16]

    @classmethod
    def of(cls, position: NDArray[np.float64], sound: NDArray[np.int16], tokens: int) -> Spoken:
        """An utterance of so many tokens."""
        return cls(position, sound, sounds.of_tokens(position, sound, tokens))


def positions(utterance: Utterance, words: list[tuple[int, float]]) -> NDArray[np.float64]:
    """(frames,) position in the utterance's tokens of what each frame says, from 0 to their number.

    Args:
        words: (character index, seconds) of the start of each word.
    """
    tokens = len(utterance.tokens)
    share = tokens / len(utterance.text)  # the tokeniser adds a space here and there
    frames, said = [0.0], [0.0]
    for character, seconds in words:
        frame, position = seconds * sounds.FRAMES_PER_SECOND, character * share
        if frame > frames[-1] and position > said[-1]:
            frames.append(frame)
            said.append(position)
    if frames[-1] >= utterance.frames - 1:
        frames.pop()
        said.pop()
    at = np.arange(utterance.frames)
    return np.interp(at, [*frames, utterance.frames], [*said, tokens])


def build(work_dir: Path, *, workers: int = 2) -> tuple[Corpus, list[Spoken]]:
    """The corpus, and what each of its utterances says when; whatever is missing is made.

    Raises:
        RuntimeError: espeak-ng is missing, or the directory holds shards of another plan.
    """
    loaded = corpus.build(work_dir, workers=workers)
    shards = corpus.shards(work_dir)
    missing = [shard for shard in shards if not (shard / _FILE).is_file()]
    if missing:
        voices = variants.data_directory(work_dir)
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            made = pool.imap_unordered(_time_shard, [(shard, voices) for shard in missing])
            for _ in tqdm(made, total=len(missing), desc="timing", unit="shard"):
                pass
    events = [
        timing.Events(**item)
        for shard in shards
        for item in json.loads((shard / _FILE).read_text())
    ]
    known = sounds.inventory(each.sounds for each in events)
    said = [
        Spoken.of(
            positions(utterance, each.words),
            sounds.of_frames(each.sounds, utterance.frames, known),
            len(utterance.tokens),
        )
        for utterance, each in zip(loaded.utterances, events, strict=True)
    ]
    return loaded, said


def _time_shard(job: tuple[Path, Path]) -> None:
    shard, voices = job
    events = [
        asdict(timing.events(u.text, u.voice, u.pitch, u.speed, voices))
        for u in corpus.items(shard)
    ]
    part = shard / "events.part"
    part.write_text(json.dumps(events))
    part.rename(shard / _FILE)
