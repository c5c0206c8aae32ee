"""Settings of what jobs cost."""

from __future__ import annotations

from typing import Annotated

from worker.settings.env import Group, Upper, setting


class CostConfig(Group):
    """What jobs cost, and where that is recorded."""

    gpu_price: float | None = setting("GPU_PRICE_PER_HOUR", None, "1.99", gt=0, le=10_000)
    """Price of an hour of this worker's device. Set: each answer says what its job cost, and a
    record of it is kept for the `usage` operation"""
    currency: Annotated[str, Upper] = setting(
        "GPU_PRICE_CURRENCY", "USD", "EUR", pattern=r"^[A-Z]{3}$"
    )
    """Currency of GPU_PRICE_PER_HOUR, three letters"""
    usage_prefix: str = setting("USAGE_PREFIX", "usage/", "billing/")
    """Prefix of the keys of what jobs cost; `cleanup` leaves them alone"""

    def money(self, device_s: float) -> float:
        """What seconds of the device cost, 0 without a price."""
        return (self.gpu_price or 0.0) * device_s / 3600
