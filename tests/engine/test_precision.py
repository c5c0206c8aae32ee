"""Which number format a device gets, and what a model does that overflows fp16."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import precision, processor
from engine.arch import MelConfig
from engine.boot import Engine, load_engine
from engine.chunk import Chunk, Reference, Samples, SpeechParameters
from engine.config import Dtype, EngineConfig
from engine.dit import int8
from engine.mel import LogMel
from engine.weights.locate import ModelFiles, ModelRequest, locate
from errors import InferenceFailed
from standins.checkpoints import beyond_half_precision
from standins.waiting import PATIENCE_S

GPU, CPU = torch.device("cuda"), torch.device("cpu")
T4, V100, A100, P100 = (7, 5), (7, 0), (8, 0), (6, 0)


@pytest.mark.parametrize(
    ("capability", "wanted", "dtype"),
    [
        (A100, "auto", torch.float16),
        (T4, "auto", torch.float16),
        (V100, "auto", torch.float16),
        (P100, "auto", torch.float32),
        (A100, "bfloat16", torch.bfloat16),
        (T4, "bfloat16", torch.float32),  # it would only be emulated
        (T4, "float32", torch.float32),
    ],
)
def test_a_gpu_gets_the_format_it_multiplies_in(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], wanted: str, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert precision.pick_dtype(wanted, GPU) == dtype


@pytest.mark.parametrize(
    ("capability", "dtype", "after"),
    [
        (A100, torch.float16, torch.bfloat16),
        (T4, torch.float16, torch.float32),
        (A100, torch.bfloat16, None),
        (A100, torch.float32, None),
    ],
)
def test_after_an_overflow_comes_what_the_gpu_multiplies_in(
    monkeypatch: pytest.MonkeyPatch,
    capability: tuple[int, int],
    dtype: torch.dtype,
    after: torch.dtype | None,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert precision.wider(dtype, GPU) == after


@pytest.fixture
def new_cpu() -> Iterator[None]:
    """Nothing is known of the CPU before, nor after."""
    precision.default_on_cpu.cache_clear()
    yield
    precision.default_on_cpu.cache_clear()


FP32, BF16, INT8 = torch.float32, torch.bfloat16, torch.int8


@pytest.mark.parametrize(
    ("bf16", "rounds", "dtype"),
    [(True, True, BF16), (True, False, BF16), (False, True, INT8), (False, False, FP32)],
)
def test_a_cpu_gets_fast_bf16_else_int8_else_fp32(
    monkeypatch: pytest.MonkeyPatch, new_cpu: None, bf16: bool, rounds: bool, dtype: torch.dtype
) -> None:
    way = int8.Way("fbgemm", seven_bits=True) if rounds else None
    monkeypatch.setattr(processor, "fast_bf16", lambda: bf16)
    monkeypatch.setattr(int8, "usable", lambda: way)
    assert precision.pick_dtype("auto", CPU) == dtype


def test_int8_on_a_gpu_becomes_what_is_best_there_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: A100)
    assert precision.pick_dtype("int8", GPU) == torch.float16
    assert "runs in float16" in caplog.text and "F5_DTYPE=auto" in caplog.text


def test_int8_on_a_cpu_that_gives_it_wrong_becomes_fp32_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, new_cpu: None, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(processor, "fast_bf16", lambda: False)
    monkeypatch.setattr(int8, "usable", lambda: None)
    assert precision.pick_dtype("int8", CPU) == torch.float32
    assert "runs in float32" in caplog.text


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    return locate(ModelRequest(models_dir=tmp_path_factory.mktemp("m")))


@pytest.fixture(scope="module")
def large(files: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    """The same model, whose weights and values are beyond fp16."""
    path = tmp_path_factory.mktemp("large") / "model.safetensors"
    beyond_half_precision(files.weights, path)
    return replace(files, weights=path)


Load = Callable[[ModelFiles, Dtype], Engine]


@pytest.fixture
def load() -> Iterator[Load]:
    loaded: list[Engine] = []

    def opened(files: ModelFiles, dtype: Dtype, **changes: Any) -> Engine:
        config = EngineConfig(device="cpu", dtype=dtype, warm_up=False, **changes)
        loaded.append(load_engine(files, config))
        return loaded[-1]

    yield opened
    for engine in loaded:
        engine.close()


def chunk(index: int = 0) -> Chunk:
    wave = np.sin(np.arange(24_000, dtype=np.float32) / 20) * np.float32(0.1)
    voice = Reference("sine", wave, 0.1, 1.0, ". ", "sine")
    parameters = SpeechParameters(nfe_step=2)
    frames = len(wave) // 256
    return Chunk(index, "", voice, parameters, [5] * 20, 2 * frames, frames, seed=index)


def speak(engine: Engine, chunks: list[Chunk]) -> list[tuple[Samples, tuple[str, ...]]]:
    """They come together, so that all have begun before the first ends."""
    futures = engine.synthesizer.submit_job(chunks)
    spoken = [future.result(PATIENCE_S) for future in futures]
    return [(found.samples, found.warnings) for found in spoken]


@pytest.mark.parametrize("after", ["bfloat16", "float32"])
def test_a_checkpoint_that_overflows_fp16_speaks_in_a_wider_format(
    files: ModelFiles, large: ModelFiles, load: Load, monkeypatch: pytest.MonkeyPatch, after: Dtype
) -> None:
    monkeypatch.setattr(precision, "multiplies_bf16", lambda _: after == "bfloat16")
    chunks = [chunk(0), chunk(1)]
    expected = [samples for samples, _ in speak(load(files, after), chunks)]
    engine = load(large, "float16")
    assert engine.dtype == "float16"
    found = speak(engine, chunks)
    assert engine.dtype == after
    for (samples, warnings), wanted in zip(found, expected, strict=True):
        assert np.array_equal(samples, wanted)
        assert len(warnings) == 1 and f"F5_DTYPE={after}" in warnings[0]
    assert speak(engine, [chunk(2)])[0][1] == ()  # told once


def test_a_model_that_fits_fp16_stays_in_it(files: ModelFiles, load: Load) -> None:
    engine = load(files, "float16")
    ((samples, warnings),) = speak(engine, [chunk()])
    assert engine.dtype == "float16" and warnings == ()
    exact = speak(load(files, "float32"), [chunk()])[0][0]
    assert 0 < np.linalg.norm(samples - exact) < 0.05 * np.linalg.norm(exact)


@pytest.mark.skipif(int8.usable() is None, reason="this CPU has no products in int8")
def test_the_demo_speaks_in_int8_nearly_as_in_fp32(files: ModelFiles, load: Load) -> None:
    engine = load(files, "int8")
    assert engine.dtype == "int8"
    ((samples, warnings),) = speak(engine, [chunk()])
    exact = speak(load(files, "float32"), [chunk()])[0][0]
    assert warnings == ()
    mels = [LogMel(MelConfig(), CPU)(torch.from_numpy(wave)) for wave in (samples, exact)]
    assert 0 < (mels[0] - mels[1]).abs().mean() < 0.2  # of about 10 between silence and speech


def test_a_broken_reference_changes_no_format(files: ModelFiles, load: Load) -> None:
    engine = load(files, "float16")
    broken = chunk()
    broken = replace(broken, voice=replace(broken.voice, samples=broken.voice.samples * np.nan))
    with pytest.raises(InferenceFailed, match="NaN or infinite"):
        speak(engine, [broken])
    assert engine.dtype == "float16"


def test_weights_that_are_gone_fail_the_chunk_with_what_to_do(
    large: ModelFiles, load: Load, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(large.weights.read_bytes())
    engine = load(replace(large, weights=path), "float16")
    path.unlink()
    with pytest.raises(InferenceFailed, match="ModelUnavailable"):
        speak(engine, [chunk()])
    path.write_bytes(large.weights.read_bytes())
    assert np.isfinite(speak(engine, [chunk()])[0][0]).all()
