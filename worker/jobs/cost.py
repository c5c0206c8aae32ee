"""What one job costs: its share of the passes it was in, at GPU_PRICE_PER_HOUR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.meter import Meter
from worker.request.speech import SpeechInput
from worker.settings.cost import CostConfig
from worker.usage.record import Ending, Usage, usage_of


class JobCost:
    """Of one attempt at a job. `again`: it is answered with what another attempt made."""

    def __init__(self, config: CostConfig) -> None:
        self._config = config
        self._audio_s = 0.0
        self.meter = Meter()
        self.request: SpeechInput | None = None
        self.again = False

    def stated(self, audio_s: float = 0.0) -> dict[str, Any] | None:
        """As the answer has it, None where no price is set. Nothing more is counted from here on.

        Args:
            audio_s: seconds of the result.
        """
        if self._config.gpu_price is None or self.request is None:
            return None
        self._audio_s = audio_s
        device_s = self.meter.close()
        return {
            "amount": round(self._config.money(device_s), 9),
            "currency": self._config.currency,
            "device_s": round(device_s, 6),
            "characters": self._characters,
            "audio_s": round(audio_s, 3),
        }

    def add_to(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """A failed job's answer, with what it took all the same."""
        stated = self.stated()
        return {**answer, "cost": stated} if stated else dict(answer)

    def usage(self, job_id: str, ending: Ending) -> Usage | None:
        """The record of the attempt; None where it took nothing, or no price is set."""
        if self._config.gpu_price is None or self.request is None:
            return None
        device_s = self.meter.close()
        if ending == "completed" and self.again:
            ending = "repeated"
        if not device_s and ending != "completed":
            return None
        return usage_of(
            job_id,
            self.request.user_id,
            ending,
            characters=self._characters,
            audio_s=self._audio_s,
            device_s=device_s,
            money=self._config.money(device_s),
            currency=self._config.currency,
        )

    @property
    def _characters(self) -> int:
        """Of the texts as they were sent."""
        return sum(len(source.text) for source in self.request.sources) if self.request else 0
