"""From model files to a warm engine; after this nothing is lazy and no job waits for a load."""

from __future__ import annotations

import ctypes
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.arch import Arch
from engine.batcher import Batcher, ChunkJob
from engine.config import EngineConfig
from engine.dit import attention
from engine.dit.linear import cpu_multiplies_bf16
from engine.mel import LogMel
from engine.sampler import FlowInput, Schedule
from engine.synthesizer import Synthesizer
from engine.tokens import read_vocab
from engine.vocoder.load import load_vocoder
from engine.weights.checkpoint import load_dit
from engine.weights.config import read_config
from engine.weights.locate import ModelFiles
from errors import ModelUnavailable

log = logging.getLogger("f5worker.engine")

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
GPU_NODE = Path("/dev/nvidiactl")  # there when the container was given an NVIDIA device
# Eight jobs of 1,120 frames each: 23.6 s at 1,280 frames a pass, 22.4 and 23.2 at 2,560, 22.9 and
# 23.4 at 3,500. Longer passes gain nothing on a CPU and delay the first audio.
CPU_FRAMES = 2560
# Enough to keep a large card busy, and a step stays short enough to be cancelled at; to be
# measured by `make bench-gpu`, which tries other values.
GPU_FRAMES = 65_536
_WARM_UP_FRAMES = 200
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # <malloc.h>


@dataclass(frozen=True)
class Engine:
    """A loaded model: `model` is the name that goes on job outputs."""

    synthesizer: Synthesizer
    model: str
    device: str
    dtype: str
    load_s: float

    def close(self) -> None:
        """Stops the inference thread."""
        self.synthesizer.close()


def load_engine(files: ModelFiles, config: EngineConfig) -> Engine:
    """Loads, checks and warms up a model.

    Raises:
        ModelUnavailable: the files do not make a working model, or the device is not there.
    """
    started = time.perf_counter()
    device = pick_device(config.device)
    dtype = pick_dtype(config.dtype, device)
    if config.threads:
        torch.set_num_threads(config.threads)
    arch, mel = read_config(files.config)
    vocab = read_vocab(files.vocab)
    vocoder = load_vocoder(files.vocoder, device, mel)
    model = load_dit(
        files.weights, arch, len(vocab), device=device, dtype=dtype, use_ema=config.use_ema
    )
    kernel, attend = attention.pick(config.attention, device, dtype)
    model.use_attention(attend)
    if device.type == "cpu":
        _keep_freed_memory()  # not before: packing frees half a gigabyte of plain weights
    frames = config.max_batch_frames or frame_budget(arch, device, dtype)
    batcher = Batcher(model, vocoder, max_frames=frames, join=config.join)
    if config.warm_up:
        _warm_up(batcher)
    engine = Engine(
        Synthesizer(batcher, LogMel(mel, device), vocab),
        files.name,
        _device_name(device),
        str(dtype).removeprefix("torch."),
        time.perf_counter() - started,
    )
    log.info(
        "model %s ready on %s (%s, %s attention) in %.1f s, %d frames a pass, vocoder %s",
        engine.model, engine.device, engine.dtype, kernel, engine.load_s, frames,
        files.vocoder or "Griffin-Lim",
    )  # fmt: skip
    return engine


def pick_device(wanted: str) -> torch.device:
    """`auto` is the GPU where there is one.

    Raises:
        ModelUnavailable: a GPU was asked for by name and is not there.
    """
    available = torch.cuda.is_available()
    if wanted == "auto" and not available and GPU_NODE.exists():
        # Speech at a hundredth of the speed for the price of the GPU would be the worst outcome.
        raise ModelUnavailable(
            f"This machine has a GPU, but PyTorch (CUDA {torch.version.cuda}) cannot use it.",
            "Choose hosts with that CUDA version or later, or set F5_DEVICE=cpu if it is meant.",
        )
    if wanted == "auto":
        return torch.device("cuda" if available else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and not available:
        raise ModelUnavailable(
            f"F5_DEVICE={wanted}, but PyTorch sees no GPU.",
            "Check the driver and the image's CUDA version, or set F5_DEVICE=auto.",
        )
    return device


def pick_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """`auto`: bf16 where the device multiplies in it, else fp16 on a GPU and fp32 on a CPU.

    A CPU without bf16 instructions is eight times slower in bf16 than in fp32 (measured on AVX2);
    one with avx512_bf16 twice as fast.
    """
    if wanted != "auto":
        return _DTYPES[wanted]
    if device.type == "cpu":
        return torch.bfloat16 if cpu_multiplies_bf16() else torch.float32
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def _keep_freed_memory() -> None:
    """glibc gives activations back to the kernel and gets them again page by page at every step.

    Keeping them makes element-wise operations on a long chunk up to 7 times faster (measured:
    12.1 ms to 1.8 ms for the rotary embedding of 1,250 frames). Other C libraries go without.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_ARENA_MAX, 1)  # the arenas of other threads give back theirs whatever is set
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def frame_budget(arch: Arch, device: torch.device, dtype: torch.dtype) -> int:
    """Frames one pass may hold, from the device's free memory.

    A frame needs at its widest the fp32 residual and three activations of the block's hidden size.
    """
    if device.type != "cuda":
        return CPU_FRAMES
    free, _ = torch.cuda.mem_get_info(device)
    widest = max(3 * arch.heads * arch.dim_head, int(arch.dim * arch.ff_mult))
    per_frame = 4 * arch.dim * 6 + dtype.itemsize * widest * 4
    return max(4096, min(GPU_FRAMES, int(free * 0.6 / per_frame)))


def _warm_up(batcher: Batcher) -> None:
    """One short guided chunk, so that no job pays for lazy initialisation."""
    mels = batcher.model.arch.mel_dim
    flow = FlowInput(
        cond=torch.zeros(_WARM_UP_FRAMES // 2, mels),
        tokens=torch.ones(20, dtype=torch.long),
        frames=_WARM_UP_FRAMES,
        seed=0,
    )
    future = batcher.submit(ChunkJob(flow, Schedule(2), _WARM_UP_FRAMES // 2))
    error = future.exception(timeout=300)
    if error is not None:
        raise ModelUnavailable(
            f"The model loaded but does not run: {error}", "See the worker's log."
        ) from error


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
