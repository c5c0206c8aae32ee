"""The published size, F5TTS_v1_Base with its Vocos, as random weights in the official format.

Both sides of a comparison load the same files and speak the same text with the same reference:
`Ours` through the worker's synthesizer, `Theirs` through f5-tts's own `infer_process`.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import yaml

from engine.arch import Arch
from engine.boot import Engine, load_engine
from engine.chunk import Reference, SpeechParameters
from engine.config import EngineConfig
from engine.tokens import read_vocab
from engine.weights.config import package_file, read_config
from engine.weights.locate import ModelFiles, ModelRequest, locate
from standins.checkpoints import MEL, make_vocos
from standins.oracle import f5
from standins.random_weights import random_state

CACHE = Path(__file__).parent.parent / ".cache" / "bench"  # random weights, made once
NAME = "F5TTS_v1_Base"
REF_TEXT = "This is what the reference voice says, and no more than that. "
_WORDS = "the quick model speaks a plain line of words that no one has heard before and "
CHARACTERS_A_SECOND = len(REF_TEXT) / 4.0


@dataclass(frozen=True, eq=False)
class Voice(Reference):
    """A synthetic reference of 4 s, as a file for f5-tts and prepared for the worker."""

    path: Path


def make_voice(directory: Path) -> Voice:
    """Writes the reference to `directory`."""
    t = np.arange(4 * 24000) / 24000
    wave = np.sin(2 * np.pi * 180 * t) * (1 + np.sin(2 * np.pi * 3 * t)) * 0.15
    wave += np.random.default_rng(0).normal(0, 0.01, len(t))
    path = directory / "reference.wav"
    soundfile.write(path, wave, 24000, subtype="PCM_16")
    samples, _ = soundfile.read(path, dtype="float32")
    rms = float(np.sqrt(np.mean(np.square(samples))))
    return Voice("bench", samples, rms, 4.0, REF_TEXT, "bench", path)


def text_of(seconds: float, job: int = 0) -> str:
    """About `seconds` of speech in one clause; different for each job."""
    n = round(seconds * CHARACTERS_A_SECOND)
    start = job % len(_WORDS)
    return ((_WORDS[start:] + _WORDS * (n // len(_WORDS) + 1)).strip()[: n - 1]).strip() + "."


def make_files(directory: Path) -> ModelFiles:
    """Checkpoint (1.35 GB) and vocoder (54 MB) below `directory`, made when missing."""
    from safetensors.torch import save_file

    weights = directory / NAME / "model_1250000.safetensors"
    if not weights.is_file():
        weights.parent.mkdir(parents=True, exist_ok=True)
        vocab = len(read_vocab(package_file("infer/examples/vocab.txt")))
        save_file(random_state(arch(), vocab, seed=1), weights)
    vocoder = directory / "vocos"
    if not vocoder.is_dir():
        make_vocos(vocoder, dim=512, intermediate_dim=1536, num_layers=8)
    request = ModelRequest(
        model=NAME, models_dir=directory, volume_dir=directory / "none", vocoder=str(vocoder)
    )
    return locate(request)


def arch() -> Arch:
    """The published architecture."""
    return read_config(package_file(f"configs/{NAME}.yaml"))[0]


class Ours:
    """The worker's engine."""

    def __init__(self, files: ModelFiles, config: EngineConfig, voice: Voice) -> None:
        self.engine: Engine = load_engine(files, config)
        self.voice = voice

    def speak(self, texts: list[str], nfe: int) -> list[Any]:
        """Waveforms of jobs that are all in flight at once; a job's chunks are not joined."""
        parameters = SpeechParameters(nfe_step=nfe, cross_fade_duration=0.0)
        synthesizer = self.engine.synthesizer
        futures = [
            [synthesizer.submit(chunk) for chunk in synthesizer.plan(self.voice, text, parameters)]
            for text in texts
        ]
        return [np.concatenate([f.result().samples for f in job]) for job in futures]

    def close(self) -> None:
        """Stops the engine."""
        self.engine.close()


def frames_of(ours: Ours, texts: list[str]) -> list[int]:
    """Frames of every chunk of these jobs, reference included."""
    plan = ours.engine.synthesizer.plan
    return [chunk.frames for text in texts for chunk in plan(ours.voice, text, SpeechParameters())]


class Theirs:
    """f5-tts as released: its model class, its loader, its vocoder class, `infer_process`."""

    def __init__(self, files: ModelFiles, voice: Voice, device: str, dtype: torch.dtype) -> None:
        self.files, self.voice, self.device, self.dtype = files, voice, device, dtype
        assert self.model and self.vocoder

    @cached_property
    def model(self) -> Any:
        """The DiT inside f5-tts's CFM, in the precision it picks for this device."""
        kwargs = yaml.safe_load(Path(self.files.config).read_text())["model"]["arch"]
        char_map, size = f5().utils.get_tokenizer(str(self.files.vocab), "custom")
        model = f5().CFM(
            transformer=f5().DiT(**kwargs, text_num_embeds=size, mel_dim=100),
            mel_spec_kwargs={**MEL, "mel_spec_type": "vocos"},
            vocab_char_map=char_map,
        )
        return f5().infer.load_checkpoint(
            model.to(self.device), str(self.files.weights), self.device, self.dtype, use_ema=True
        )

    @cached_property
    def vocoder(self) -> Any:
        """Vocos's own model with the same weights."""
        assert self.files.vocoder is not None
        model = f5().Vocos.from_hparams(str(self.files.vocoder / "config.yaml"))
        model.load_state_dict(torch.load(self.files.vocoder / "pytorch_model.bin"))
        return model.eval().to(self.device)

    def speak(self, texts: list[str], nfe: int) -> list[Any]:
        """Waveforms of jobs one after the other, which is all it can do; what it prints is lost."""
        with contextlib.redirect_stdout(io.StringIO()):
            return [self._job(text, nfe) for text in texts]

    def _job(self, text: str, nfe: int) -> Any:
        return f5().infer.infer_process(
            str(self.voice.path),
            self.voice.ref_text,
            text,
            self.model,
            self.vocoder,
            nfe_step=nfe,
            cross_fade_duration=0.0,
            progress=None,
            show_info=lambda *_: None,
            device=self.device,
        )[0]
