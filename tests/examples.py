"""How many examples a property is tried on: few in `make test`, the same each time; all, and others
each time, in `make test-full`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

USUAL = "usual"
ALL = 100

# A machine that is busy or was paused is slow at an example now and then: no fault of the code.
_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(USUAL, _ANY_MACHINE, max_examples=ALL // 5, derandomize=True)
settings.register_profile("full", _ANY_MACHINE, max_examples=ALL)


def examples(number: int) -> int:
    """`number` of examples in full; a fifth of them, and five at least, in the usual tests."""
    return max(min(number, 5), number * settings.default.max_examples // ALL)
