"""Is a faster kernel there, and does it give what PyTorch's own gives? Asked once, at start.

The answer costs milliseconds; a kernel that is missing or wrong would cost every job.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from torch import Tensor

log = logging.getLogger("f5worker.engine")


def agrees(what: str, run: Callable[[], Tensor], expected: Tensor, tolerance: float) -> bool:
    """Whether `run()` gives `expected` within a relative `tolerance`; says in the log if not."""
    try:
        found = run().float()
    except (RuntimeError, ImportError, TypeError, AttributeError) as exc:
        log.info("no %s on this device: %s", what, str(exc).splitlines()[0])
        return False
    error = ((found - expected.float()).norm() / expected.float().norm()).item()
    if not error < tolerance:
        log.warning("%s differs by %.1e and is not used", what, error)
        return False
    return True
