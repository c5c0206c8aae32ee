"""How the engine is to run a model: plain data, to be imported without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Dtype = Literal["auto", "float32", "bfloat16", "float16", "int8"]
Attention = Literal["auto", "varlen", "sdpa", "matmul"]
Kernels = Literal["auto", "torch", "fused"]
Join = Literal["auto", "step", "batch"]


@dataclass(frozen=True)
class EngineConfig:
    """How to run the model. `auto` picks from what the device can do; 0 means automatic.
    `max_batch_frames` counts frames of one pass, both guidance branches together."""

    device: str = "auto"
    dtype: Dtype = "auto"
    threads: int = 0
    max_batch_frames: int = 0
    use_ema: bool = True
    warm_up: bool = True
    attention: Attention = "auto"
    kernels: Kernels = "auto"
    graphs: bool = True
    join: Join = "auto"
