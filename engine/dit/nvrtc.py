"""CUDA kernels compiled when a worker starts, with what PyTorch's CUDA build brings: NVRTC, which
needs no compiler and no GPU, and the driver.

`torch.cuda._compile_kernel` does the same, but asks for an installed CUDA toolkit (for headers
that no kernel here includes) and looks for the driver's library at every launch (torch 2.11 to
2.13); an image of PyTorch's wheels has no toolkit.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

# (blocks, threads of a block, the kernel's arguments): starts a kernel and does not wait for it
Launch = Callable[..., None]


def find_nvrtc() -> ctypes.CDLL:
    """The library of PyTorch's wheels, else the system's. Raises RuntimeError: there is none."""
    release = (torch.version.cuda or "").partition(".")[0]
    pattern = f"nvidia/*/lib/libnvrtc.so.{release}*"
    found = [str(path) for root in sys.path for path in sorted(Path(root).glob(pattern))]
    for name in [*found, f"libnvrtc.so.{release}".rstrip(".")]:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise RuntimeError("there is no NVRTC library (nvidia-cuda-nvrtc)")


def compiled(source: str, architecture: str, defined: dict[str, int]) -> bytes:
    """Machine code (cubin) of a source for a card such as "sm_90"; `defined` are its macros. Raises
    RuntimeError: there is no NVRTC, or it refuses the source or the architecture."""
    nvrtc = find_nvrtc()
    options = [f"--gpu-architecture={architecture}", "--std=c++17"]
    options += [f"-D{name}={value}" for name, value in defined.items()]
    program = ctypes.c_void_p()
    made = nvrtc.nvrtcCreateProgram(
        ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None
    )
    if made != 0:
        raise RuntimeError(f"NVRTC: error {made}")
    given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    try:
        if nvrtc.nvrtcCompileProgram(program, len(options), given) != 0:
            said = _read(nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog, program)
            text = said.rstrip(b"\0").decode(errors="replace")
            raise RuntimeError(f"NVRTC for {architecture}: {text}")
        return _read(nvrtc.nvrtcGetCUBINSize, nvrtc.nvrtcGetCUBIN, program)
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _read(size_of: Any, read: Any, program: ctypes.c_void_p) -> bytes:
    """One of NVRTC's results, which come as a size and then the bytes."""
    size = ctypes.c_size_t()
    size_of(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    read(program, buffer)
    return buffer.raw


def load(code: bytes, names: Sequence[str], device: torch.device) -> dict[str, Launch]:
    """The kernels of machine code, ready to be launched on `device`. Raises RuntimeError: the
    driver refuses it."""
    driver = _driver()
    with torch.cuda.device(device):
        torch.cuda.synchronize()  # makes the device's context, if nothing has yet
        module = ctypes.c_void_p()
        _check(driver, driver.cuModuleLoadData(ctypes.byref(module), code))
        kernels: dict[str, Launch] = {}
        for name in names:
            function = ctypes.c_void_p()
            found = driver.cuModuleGetFunction(ctypes.byref(function), module, name.encode())
            _check(driver, found)
            kernels[name] = _Kernel(driver, function, device)
    return kernels


class _Kernel:
    """A kernel of a loaded module, launched on PyTorch's current stream of its device."""

    def __init__(
        self, driver: ctypes.CDLL, function: ctypes.c_void_p, device: torch.device
    ) -> None:
        self._driver, self._function = driver, function
        self._index = torch.cuda.current_device() if device.index is None else device.index

    def __call__(self, blocks: int, threads: int, *arguments: Tensor | int | None) -> None:
        """Tensors are passed as pointers, None as a null pointer, numbers as `int`. The caller
        keeps tensors alive as for PyTorch's kernels: until the stream has reached them."""
        values = [_as_c(argument) for argument in arguments]
        pointers = (ctypes.c_void_p * len(values))(*map(ctypes.addressof, values))
        with torch.cuda.device(self._index):
            launched = self._driver.cuLaunchKernel(
                self._function, blocks, 1, 1, threads, 1, 1, 0, _stream(self._index), pointers, None
            )
        _check(self._driver, launched)


def _as_c(argument: Tensor | int | None) -> ctypes.c_int | ctypes.c_void_p:
    if isinstance(argument, int):
        return ctypes.c_int(argument)
    return ctypes.c_void_p(None if argument is None else argument.data_ptr())


def _stream(index: int) -> int:
    """PyTorch's current stream. The private call is the same without an object made of it."""
    try:
        return torch._C._cuda_getCurrentRawStream(index)
    except AttributeError:
        return torch.cuda.current_stream(index).cuda_stream


def _driver() -> ctypes.CDLL:
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError as exc:
        raise RuntimeError("there is no CUDA driver (libcuda.so.1)") from exc
    number, pointer = ctypes.c_uint, ctypes.c_void_p
    driver.cuLaunchKernel.argtypes = [pointer, *[number] * 7, pointer, pointer, pointer]
    return driver


def _check(driver: ctypes.CDLL, result: int) -> None:
    if result == 0:
        return
    said = ctypes.c_char_p()
    driver.cuGetErrorString(result, ctypes.byref(said))
    raise RuntimeError(f"CUDA error {result}: {(said.value or b'unknown').decode()}")
