"""Modules as they are before a checkpoint fills them: no memory, no first values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_FIRST_VALUES = frozenset(
    (
        torch.nn.init.constant_,
        torch.nn.init.kaiming_uniform_,
        torch.nn.init.normal_,
        torch.nn.init.uniform_,
    )
)


@contextmanager
def unset() -> Iterator[None]:
    """Modules made inside have their weights on PyTorch's "meta" device. First values are left
    out: random ones of "meta" make PyTorch import its compiler, over a second."""
    with torch.device("meta"), _NoFirstValues():
        yield


class _NoFirstValues(TorchFunctionMode):
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        if func in _FIRST_VALUES:
            return args[0] if args else named["tensor"]
        return func(*args, **named)
