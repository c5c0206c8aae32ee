"""Our final waveform is that of f5-tts's `infer_process`, within 1e-3, for the same noise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from engine.arch import MelConfig
from engine.batcher import Batcher
from engine.chunk import SpeechParameters
from engine.mel import LogMel
from engine.synthesizer import Synthesizer
from engine.tokens import read_vocab
from engine.vocoder.vocos import load_vocos
from engine.weights.checkpoint import load_dit
from engine.weights.config import read_config
from standins.checkpoints import make_checkpoint, make_vocos
from standins.comparison import their_wave
from standins.waiting import PATIENCE_S
from worker.audio.joins import CrossFade, Piece, join_all

TOLERANCE = 1e-3
LONG = (
    "Batching keeps the card busy. It packs many chunks into one pass, of any length, and wastes "
    "nothing. A long text is cut at its commas, colons: and full stops! Is that not so? "
) * 2


@dataclass(frozen=True)
class Ref:
    samples: NDArray[np.float32]
    rms: float
    seconds: float
    ref_text: str
    content_hash: str
    name: str = "ref"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_checkpoint(tmp_path_factory.mktemp("ckpt"), "v1")


@pytest.fixture(scope="module")
def vocos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    directory = tmp_path_factory.mktemp("vocos")
    return directory, make_vocos(directory)


@pytest.fixture(scope="module")
def synthesizer(checkpoint: Any, vocos: tuple[Path, Any]) -> Any:
    cpu = torch.device("cpu")
    vocab = read_vocab(checkpoint.vocab)
    model = load_dit(
        checkpoint.weights,
        read_config(checkpoint.config)[0],
        len(vocab),
        device=cpu,
        dtype=torch.float32,
    )
    batcher = Batcher(model, load_vocos(vocos[0], cpu), max_frames=6000)
    synthesizer = Synthesizer(batcher, LogMel(MelConfig(), cpu), vocab)
    yield synthesizer
    batcher.close()


def reference(tmp_path: Path, *, level: float, text: str, seconds: float = 3.0) -> tuple[Path, Ref]:
    rng = np.random.default_rng(3)
    t = np.arange(int(24000 * seconds)) / 24000
    wave = np.sin(2 * np.pi * 180 * t) * (1 + np.sin(2 * np.pi * 3 * t)) + rng.normal(
        0, 0.1, len(t)
    )
    path = tmp_path / "ref.wav"
    soundfile.write(path, (wave * level).astype(np.float32), 24000, subtype="PCM_16")
    samples, _ = soundfile.read(path, dtype="float32")
    rms = float(np.sqrt(np.mean(np.square(samples))))
    return path, Ref(samples, rms, seconds, text, f"{level} {seconds}")


def ours(synthesizer: Synthesizer, ref: Ref, text: str, parameters: SpeechParameters) -> Any:
    chunks = synthesizer.plan(ref, text, parameters)
    futures = [synthesizer.submit(chunk) for chunk in chunks]
    waves = [
        synthesizer.restore_loudness(chunk, future.result(PATIENCE_S).samples)
        for chunk, future in zip(chunks, futures, strict=True)
    ]
    joins = CrossFade(24000, parameters.cross_fade_duration)
    return chunks, join_all(joins, map(Piece, waves))[0]


@pytest.mark.parametrize(
    ("text", "ref_text", "level", "parameters"),
    [
        ("A single sentence of moderate length.", "This is the reference. ", 0.2, {}),
        ("Yes.", "This is the reference. ", 0.2, {}),
        (LONG, "This is what the reference says. ", 0.02, {}),
        (
            LONG,
            "This is what the reference says. ",
            0.2,
            {"speed": 1.3, "cross_fade_duration": 0.0},
        ),
        (
            "今天天气很好，我们去公园。你要一起来吗？" * 3 + "好的，明天见。再见，朋友！",
            "这是参考文本。",
            0.2,
            {},
        ),
        (LONG, "This is what the reference says. ", 0.2, {"fix_duration": 20.0}),
        (
            "Unguided.  Twice.",
            "This is the reference. ",
            0.05,
            {"cfg_strength": 0.0, "nfe_step": 7},
        ),
    ],
    ids=["one", "very short", "many quiet", "fast, no fade", "chinese", "fixed", "unguided"],
)
def test_the_waveform_is_that_of_infer_process(
    synthesizer: Synthesizer,
    checkpoint: Any,
    vocos: tuple[Path, Any],
    tmp_path: Path,
    text: str,
    ref_text: str,
    level: float,
    parameters: dict[str, Any],
) -> None:
    settings = SpeechParameters(**{"nfe_step": 3, "seed": 11, **parameters})
    path, ref = reference(tmp_path, level=level, text=ref_text)
    chunks, wave = ours(synthesizer, ref, text, settings)
    assert len(chunks) > 1 or text != LONG
    expected = their_wave(checkpoint, vocos[1], path, ref_text, text, chunks, settings)
    assert wave.shape == expected.shape
    assert np.abs(wave - expected).max() < TOLERANCE * np.abs(expected).max()
    assert np.abs(expected).max() > 1e-3
