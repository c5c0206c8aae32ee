"""From model files to a warm engine; after this nothing is lazy and no job waits for a load."""

from __future__ import annotations

import ctypes
import logging
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from engine import precision
from engine.arch import Arch
from engine.batcher import Batcher
from engine.budget import GPU_FRAMES, measured_frames, most_frames, times_steps
from engine.chunk import Chunk, Reference, SpeechParameters
from engine.config import EngineConfig
from engine.dit import attention, graphs, kernels
from engine.dit.model import DiT
from engine.mel import LogMel
from engine.synthesizer import Synthesizer
from engine.tokens import read_vocab
from engine.vocoder.load import load_vocoder
from engine.weights.card import ModelCard, read_card
from engine.weights.checkpoint import load_dit
from engine.weights.config import read_config
from engine.weights.locate import ModelFiles
from errors import ModelUnavailable

log = logging.getLogger("f5worker.engine")

GPU_NODE = Path("/dev/nvidiactl")  # there when the container was given an NVIDIA device
_WARM_UP_FRAMES = 200
_WARM_UP_LIMIT_S = 300.0
# <malloc.h>
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -3, -4, -8
_LARGE_BYTES = 1 << 20
_KERNELS_KEPT = b"128"


@dataclass(frozen=True)
class Engine:
    """A loaded model: `model` is the name that answers give, `card` what its maker says of it."""

    synthesizer: Synthesizer
    model: str
    card: ModelCard
    device: str
    load_s: float

    @property
    def dtype(self) -> str:
        """The format of the model's weights; another one after an overflow (`engine.precision`)."""
        return precision.name(self.synthesizer.batcher.model.dtype)

    def close(self) -> None:
        """Ends the inference thread, see `Batcher.close`."""
        self.synthesizer.batcher.close()


def load_engine(files: ModelFiles, config: EngineConfig) -> Engine:
    """Loads, checks and warms up a model. Raises ModelUnavailable: the files do not make a working
    model, or the device is not there."""
    started = time.perf_counter()
    device = pick_device(config.device)
    dtype = precision.pick_dtype(config.dtype, device)
    if device.type == "cpu":
        bound_kernels()
    if config.threads:
        torch.set_num_threads(config.threads)
    card = read_card(files.card, files.name)
    arch, mel = read_config(files.config)
    vocab = read_vocab(files.vocab)
    vocoder = load_vocoder(files.vocoder, device, mel)
    load = partial(_load_model, files, arch, len(vocab), config, device)
    model = load(dtype)
    # Not before: packing frees half a gigabyte of plain weights.
    keep_freed_memory(device.type == "cpu")
    most = most_frames(arch, device, dtype)
    frames = config.max_batch_frames or min(GPU_FRAMES, most)
    after_overflow = precision.wider(dtype, device)
    batcher = Batcher(
        model,
        vocoder,
        max_frames=frames,
        join=config.join,
        wider=partial(load, after_overflow) if after_overflow else None,
    )
    # References' mels are made on the CPU, once a voice and in milliseconds, so that whatever
    # can fail on the device fails in the batcher's thread, which knows what to do about it.
    synthesizer = Synthesizer(batcher, LogMel(mel, torch.device("cpu")), vocab, card.max_seconds)
    if config.warm_up:
        _warm_up(synthesizer)
        if times_steps(device) and not config.max_batch_frames:
            batcher.max_frames = measured_frames(batcher.model, arch.mel_dim, most)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    engine = Engine(synthesizer, files.name, card, name, time.perf_counter() - started)
    log.info(
        "model %s ready on %s (%s) in %.1f s, %d frames per pass, vocoder %s",
        engine.model,
        engine.device,
        engine.dtype,
        engine.load_s,
        batcher.max_frames,
        files.vocoder or "Griffin-Lim",
    )
    return engine


def _load_model(
    files: ModelFiles,
    arch: Arch,
    vocab_size: int,
    config: EngineConfig,
    device: torch.device,
    dtype: torch.dtype,
) -> DiT:
    """The DiT in `dtype` with the attention that suits it. Raises ModelUnavailable: `load_dit`."""
    model = load_dit(
        files.weights, arch, vocab_size, device=device, dtype=dtype, use_ema=config.use_ema
    )
    around = precision.around_products(dtype)
    kernel, attend = attention.pick(config.attention, device, around)
    model.use_attention(attend)
    passes = kernels.pick(config.kernels, arch, device, around)
    model.use_kernels(passes)
    graphs.use(model, config.graphs and kernel in graphs.ATTENTION)
    log.info(
        "weights loaded in %s, attention by %s, %s kernels",
        precision.name(dtype),
        kernel,
        passes.name,
    )
    return model


def pick_device(wanted: str) -> torch.device:
    """`auto` is the GPU where there is one. Raises ModelUnavailable: a GPU was asked for by name
    and is not there."""
    available = torch.cuda.is_available()
    if wanted == "auto" and not available and GPU_NODE.exists():
        # Speech at a hundredth of the speed for the price of the GPU would be the worst outcome.
        raise ModelUnavailable(
            f"This machine has a GPU, but PyTorch (CUDA {torch.version.cuda}) cannot use it.",
            "Choose hosts with that CUDA version or later, or set F5_DEVICE=cpu to use the CPU.",
        )
    if wanted == "auto":
        return torch.device("cuda" if available else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and not available:
        raise ModelUnavailable(
            f"F5_DEVICE={wanted}, but PyTorch sees no GPU.",
            "Check the driver and the image's CUDA version, or set F5_DEVICE=auto.",
        )
    if device.type == "cuda" and (device.index or 0) >= (count := torch.cuda.device_count()):
        raise ModelUnavailable(
            f"F5_DEVICE={wanted}, but the last GPU that PyTorch sees is cuda:{count - 1}.",
            "Set F5_DEVICE=cuda for the first one, or auto.",
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ModelUnavailable(
            f"F5_DEVICE={wanted}, but PyTorch sees no GPU of an Apple computer.",
            "Set F5_DEVICE=auto.",
        )
    return device


def keep_freed_memory(kept: bool) -> None:
    """Whether memory stays with the process after use. For glibc; other C libraries go without.

    Kept, where the model runs on this memory: given back and got again page by page at every step,
    element-wise operations on a long chunk take up to 7 times as long (measured: the rotary
    embedding of 1,250 frames takes 1.8 ms, else 12.1 ms). Elsewhere what is large goes back at
    once: left alone, glibc would keep up to 64 MiB for each thread that decoded a recording.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    if not kept:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        return
    mallopt(_M_ARENA_MAX, 1)  # other threads' arenas would still give memory back
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def bound_kernels() -> None:
    """Bounds how many kernels oneDNN and PyTorch's layer above it keep, one a shape they met.

    Their own bound is 1,024 each: a worker on a CPU grew by 0.6 MB a job for hundreds of jobs. A
    pass needs a few dozen. Call it before the model runs; what a user has set stays.
    """
    try:
        setenv = ctypes.CDLL(None).setenv
    except (OSError, AttributeError):
        return
    for name in (b"LRU_CACHE_CAPACITY", b"ONEDNN_PRIMITIVE_CACHE_CAPACITY"):
        setenv(name, _KERNELS_KEPT, 0)


def _warm_up(synthesizer: Synthesizer) -> None:
    """One short guided chunk, so that no job pays for lazy initialisation."""
    second = np.zeros(synthesizer.sample_rate, dtype=np.float32)
    chunk = Chunk(
        index=0,
        text="",
        voice=Reference("silence", second, 1.0, 1.0, ". ", "silence"),
        parameters=SpeechParameters(nfe_step=2),
        tokens=[1] * 20,
        frames=_WARM_UP_FRAMES,
        ref_frames=_WARM_UP_FRAMES // 2,
        seed=0,
    )
    error = synthesizer.submit(chunk).exception(_WARM_UP_LIMIT_S)
    if error is not None:
        raise ModelUnavailable(
            f"The model loaded but does not run: {error}", "See the worker's log."
        ) from error
