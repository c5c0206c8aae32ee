"""Whether a kernel that is faster than PyTorch's own gives the same."""

from __future__ import annotations

import logging
from collections.abc import Callable

from torch import Tensor

from engine.reading import first_line

log = logging.getLogger("f5worker.engine")


def agrees(
    what: str,
    run: Callable[[], Tensor],
    expected: Tensor,
    tolerance: float,
    *,
    level: int = logging.WARNING,
) -> bool:
    """Whether `run()`, on a kernel that is faster than PyTorch's own, gives `expected`.

    Checked once at start, in milliseconds: a kernel that is missing or wrong would cost every job.
    The log says why one is not used, at `level` if it differs. `tolerance` is relative (L2 norm).
    Whatever `run` raises means that it is not used: a private operator of another release may
    fail in any way.
    """
    try:
        found = run().float()
    except Exception as exc:  # the start must outlive any one kernel
        log.info("no %s on this device: %s", what, first_line(exc))
        return False
    if found.shape != expected.shape:
        given, wanted = tuple(found.shape), tuple(expected.shape)
        log.log(level, "%s gives %s numbers for %s and is not used", what, given, wanted)
        return False
    error = ((found - expected.float()).norm() / expected.float().norm()).item()
    if not error < tolerance:
        log.log(level, "%s differs by %.1e and is not used", what, error)
        return False
    return True
