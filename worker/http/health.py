"""Whether this worker can take requests, for the platform; and its state in figures."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from worker.http.desk import Desk
from worker.threads import Lane, in_thread

_READY, _LOADING, _NOT_USABLE = 200, 204, 503


class Health:
    """Answers health checks as RunPod's load balancer asks: 200 ready, 204 loading, else broken."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ping(self, request: Request) -> Response:
        """The status alone."""
        return Response(status_code=self.status)

    @property
    def status(self) -> int:
        engine = self._desk.app.engine
        if self._desk.draining or self._desk.broken.is_set():
            return _NOT_USABLE
        if not engine.done():
            return _LOADING
        return _READY if engine.exception() is None else _NOT_USABLE

    async def gauges(self) -> dict[str, tuple[str, float]]:
        """Name to what it is, and its value now."""
        desk, app = self._desk, self._desk.app
        found: dict[str, tuple[str, float]] = {
            "ready": ("1 if jobs can be taken.", float(self.status == _READY)),
            "waiting": ("Texts that wait for their turn.", desk.waiting),
            "running": ("Texts that are being spoken.", desk.running),
        }
        if self.status == _READY:
            batcher = app.engine.result().synthesizer.batcher
            found |= {
                "pass_frames": ("Mel frames in the engine's pass now.", batcher.frames_in_pass),
                "pass_frames_most": ("Mel frames a pass may hold.", batcher.max_frames),
                "device_seconds": ("Seconds the device was busy so far.", batcher.clock.busy_s),
            }
            if app.settings.cost.gpu_price is not None:
                money, currency = app.settings.cost.money, app.settings.cost.currency
                what = f"What these seconds cost so far, {currency}."
                found["cost"] = (what, money(batcher.clock.busy_s))
        stored = await in_thread(Lane.STORE, app.storage.describe)
        if "s3_is_down" in stored:  # hybrid mode
            down, kept = stored["s3_is_down"], stored["kept_on_disk"]
            found["storage_s3_is_down"] = ("1 while S3 does not answer.", float(bool(down)))
            assert isinstance(kept, dict)
            for name, count in kept.items():
                found[f"storage_kept_{name}"] = (f"Files on disk for S3: {name}.", float(count))
        return found
