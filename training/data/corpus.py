"""The spoken corpus: seeded shards of log-mels, waveforms and texts in a work directory.

A shard is made once and kept. It holds `mels.npy` (frames, 100) fp16 and `waves.npy` (samples,)
int16, all utterances one after the other, and `items.json` with what each one says and how. The
arrays are memory-mapped, so several programs can train on them at once.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training import Samples
from training.data import espeak, sentences, variants

log = logging.getLogger(__name__)

PCM_SCALE = 32767
_OWN, _MADE = "shard", "voices"  # names of shards: in espeak-ng's own voices, in made ones


@dataclass(frozen=True)
class CorpusPlan:
    """What to make: shards of so many speakers (voice and pitch) with so many utterances each."""

    shards: int = 90  # in espeak-ng's own voices
    made_voice_shards: int = 40  # in those of `training.data.variants`
    speakers: int = 20
    utterances: int = 26
    seed: int = 3
    speeds: tuple[int, int] = (148, 184)  # words per minute, from and to


@dataclass(frozen=True)
class Utterance:
    """One spoken sentence: how (pitch and speed as `espeak.speak` has them), and how long."""

    text: str
    tokens: list[int]  # indices in the official vocabulary, as the worker tokenises `text`
    voice: str
    pitch: int
    speed: int
    frames: int
    samples: int

    @property
    def speaker(self) -> tuple[str, int]:
        """Voice and pitch: utterances of one speaker may be joined."""
        return self.voice, self.pitch


@dataclass
class Corpus:
    """All utterances of the shards under a directory; index them from 0 to `len(corpus) - 1`."""

    utterances: list[Utterance] = field(default_factory=list)
    _mels: list[NDArray[np.float16]] = field(default_factory=list)
    _waves: list[NDArray[np.int16]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.utterances)

    def mel(self, index: int) -> NDArray[np.float16]:
        """(frames, 100) log-mel as `engine.mel` makes it."""
        return self._mels[index]

    def wave(self, index: int) -> Samples:
        """(samples,) at 24 kHz, -1 to 1."""
        return self._waves[index].astype(np.float32) / np.float32(PCM_SCALE)

    def by_speaker(self) -> dict[tuple[str, int], list[int]]:
        """Indices of the utterances of each (voice, pitch)."""
        groups: dict[tuple[str, int], list[int]] = defaultdict(list)
        for index, utterance in enumerate(self.utterances):
            groups[utterance.speaker].append(index)
        return dict(groups)

    def add(self, utterance: Utterance, mel: NDArray[np.float16], wave: NDArray[np.int16]) -> None:
        """Appends one utterance."""
        self.utterances.append(utterance)
        self._mels.append(mel)
        self._waves.append(wave)


def load(work_dir: Path) -> Corpus:
    """Every finished shard below `work_dir`.

    Raises:
        FileNotFoundError: there is none; `build` makes them.
    """
    corpus = Corpus()
    for shard in shards(work_dir):
        mels = np.load(shard / "mels.npy", mmap_mode="r")
        waves = np.load(shard / "waves.npy", mmap_mode="r")
        frame = sample = 0
        for one in items(shard):
            corpus.add(one, mels[frame : frame + one.frames], waves[sample : sample + one.samples])
            frame, sample = frame + one.frames, sample + one.samples
    if not corpus.utterances:
        raise FileNotFoundError(f"no corpus in {work_dir}: python -m training data")
    return corpus


def shards(work_dir: Path) -> list[Path]:
    """The finished shards, in the order of the corpus."""
    root = work_dir / "corpus"
    return [
        shard for kind in (_OWN, _MADE) for shard in sorted(root.glob(f"{kind}-[0-9][0-9][0-9]"))
    ]


def items(shard: Path) -> list[Utterance]:
    """The utterances of one shard."""
    return [Utterance(**u) for u in json.loads((shard / "items.json").read_text())["utterances"]]


def build(work_dir: Path, plan: CorpusPlan | None = None, *, workers: int = 2) -> Corpus:
    """Makes the missing shards, `workers` at a time, and loads all of them.

    Raises:
        RuntimeError: espeak-ng is missing, or the directory holds shards of another plan.
    """
    plan = plan or CorpusPlan()
    root = work_dir / "corpus"
    missing = [shard for shard in _planned(root, plan) if not _is_made(shard, plan)]
    if missing:
        voices, texts = variants.data_directory(work_dir), _texts(root, plan)
        root.mkdir(parents=True, exist_ok=True)
        jobs = [(shard, plan, texts[shard], voices) for shard in missing]
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            made = pool.imap_unordered(_make_shard, jobs)
            for path in tqdm(made, total=len(jobs), desc="speaking", unit="shard"):
                log.info("made %s", path)
    return load(work_dir)


def _planned(root: Path, plan: CorpusPlan) -> list[Path]:
    numbers = {_OWN: plan.shards, _MADE: plan.made_voice_shards}
    return [root / f"{kind}-{i:03d}" for kind, count in numbers.items() for i in range(count)]


def made_speakers(rng: random.Random) -> Iterator[tuple[str, int]]:
    """Endless speakers with made voices, each at one of two pitches."""
    while True:
        for index in rng.sample(range(variants.COUNT), variants.COUNT):
            voice = variants.voice(index)
            yield voice.name, voice.pitch + rng.choice((-10, 10))


def speakers(rng: random.Random) -> Iterator[tuple[str, int]]:
    """Endless speakers: every training voice in turn, at an even pitch around its base."""
    spread = espeak.PITCH_SPREAD // 2
    while True:
        for voice in rng.sample(espeak.TRAIN_VOICES, len(espeak.TRAIN_VOICES)):
            yield voice.name, (voice.pitch // 2 + rng.randint(-spread, spread)) * 2


def _texts(root: Path, plan: CorpusPlan) -> dict[Path, list[str]]:
    """The sentences of every shard; made voices say documentation sentences of the others again."""
    per_shard = plan.speakers * plan.utterances
    texts = sentences.training(plan.shards * per_shard, plan.seed)
    texts += sentences.training(plan.made_voice_shards * per_shard, plan.seed + 1)
    planned = _planned(root, plan)
    return {shard: texts[i * per_shard : (i + 1) * per_shard] for i, shard in enumerate(planned)}


def _is_made(shard: Path, plan: CorpusPlan) -> bool:
    items = shard / "items.json"
    if not items.is_file():
        return False
    made = json.loads(items.read_text())["plan"]
    ours = json.loads(json.dumps(asdict(plan)))
    # More or fewer shards may follow, the rest has to agree.
    any_number = {"shards": 0, "made_voice_shards": 0}
    if made | any_number != ours | any_number:
        raise RuntimeError(f"{shard} was made by another plan; use another --work-dir or delete it")
    return True


def _make_shard(job: tuple[Path, CorpusPlan, list[str], Path]) -> str:
    import torch

    from engine.arch import MelConfig
    from engine.mel import LogMel
    from engine.tokens import read_vocab, token_ids, tokenize
    from engine.weights.config import package_file

    torch.set_num_threads(1)
    shard, plan, texts, voices = job
    kind, _, number = shard.name.partition("-")
    rng = random.Random(f"{plan.seed}-{kind}-{int(number)}")
    log_mel = LogMel(MelConfig(), torch.device("cpu"))
    vocab = read_vocab(package_file("infer/examples/vocab.txt"))
    names = made_speakers(rng) if kind == _MADE else speakers(rng)
    corpus = Corpus()
    for start in range(0, len(texts), plan.utterances):
        voice, pitch = next(names)
        for text in texts[start : start + plan.utterances]:
            speed = rng.randint(*plan.speeds)
            samples = espeak.speak(text, voice, pitch, speed, voices)
            mel = log_mel(torch.from_numpy(samples)).half().numpy()
            tokens = token_ids(tokenize(text), vocab)
            sizes = mel.shape[0], samples.shape[0]
            one = Utterance(text, tokens, voice, pitch, speed, *sizes)
            corpus.add(one, mel, np.round(samples * PCM_SCALE).astype(np.int16))
    return str(_store(shard, plan, corpus))


def _store(shard: Path, plan: CorpusPlan, corpus: Corpus) -> Path:
    """Writes beside the final place and renames: a shard is whole or not there."""
    part = shard.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    np.save(part / "mels.npy", np.concatenate(corpus._mels))
    np.save(part / "waves.npy", np.concatenate(corpus._waves))
    items = {"plan": asdict(plan), "utterances": [asdict(u) for u in corpus.utterances]}
    (part / "items.json").write_text(json.dumps(items))
    part.rename(shard)
    return shard
