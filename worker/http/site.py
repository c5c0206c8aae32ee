"""Every address of the HTTP face, and what stands before them.

On Starlette, FastAPI's base, alone: what FastAPI adds is models of bodies and errors of its own,
and a job has both already (`worker.request`, `errors`).
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from errors import NoSuchPath, nearest, show
from worker.http.desk import Desk
from worker.http.door import Door
from worker.http.health import Health
from worker.http.jobs import JobRoutes
from worker.http.page import Page
from worker.http.problems import HERE
from worker.http.speech import SpeechRoute
from worker.http.voices import VoiceRoutes
from worker.phrases import said_as
from worker.request.models import model, models

# What is looked for in vain is mostly one of these without /v1, or RunPod's.
_ADDRESSES = ("/v1/audio/speech", "/v1/audio/voices", "/v1/models", "/v1/jobs")
_JOBS = "/v1/jobs"
_OF_THE_QUEUE = ("/run", "/status/", "/stream/", "/cancel/", "/v2/")
_TOLD_HEADERS = (
    *("X-Job-Id", "X-Request-Id", "X-Warnings", "X-Audio-Seconds", "X-Seed", "X-Cost"),
    *("X-Should-Retry", "Retry-After", "Location"),
)


class Site:
    """The application for uvicorn."""

    def __init__(self, desk: Desk) -> None:
        settings = desk.app.settings.http
        self._desk = desk
        self.jobs = JobRoutes(desk)
        self.health = Health(desk)
        self._router = self._routes()
        self._inner: ASGIApp = Door(self._route, settings, desk.metrics)
        if settings.origins:
            self._inner = CORSMiddleware(
                self._inner,
                allow_origins=settings.origins,
                allow_methods=("GET", "POST", "DELETE"),
                allow_headers=("*",),
                expose_headers=_TOLD_HEADERS,
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._inner(scope, receive, send)

    def _routes(self) -> Router:
        voices, jobs, health = VoiceRoutes(self._desk), self.jobs, self.health
        speech = SpeechRoute(self._desk)
        job, voice = f"{_JOBS}/{{job_id}}", "/v1/audio/voices/{name:path}"
        return Router(
            [
                Route("/", Page().show),
                Route("/v1/audio/speech", speech.answer, methods=["POST"]),
                Route("/v1/audio/voices", voices.list),
                Route("/v1/audio/voices", voices.add, methods=["POST"]),
                Route(voice, voices.show),
                Route(voice, voices.rename, methods=["POST"]),
                Route(voice, voices.delete, methods=["DELETE"]),
                Route("/v1/models", self._models),
                Route("/v1/models/{name:path}", self._model),
                Route(_JOBS, jobs.list),
                Route(_JOBS, jobs.submit, methods=["POST"]),
                Route(job, jobs.show),
                Route(job, jobs.cancel, methods=["DELETE"]),
                Route(f"{job}/cancel", jobs.cancel, methods=["POST"]),
                Route("/ping", health.ping),
                Route("/metrics", self._metrics),
            ],
            redirect_slashes=False,
            default=_nowhere,
        )

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Starlette raises a wrong method as an exception for those that name an application.
        scope["app"] = self
        jobs = scope["path"].startswith(_JOBS)  # answered in the words of jobs
        try:
            with said_as({} if jobs else HERE):
                await self._router(scope, receive, send)
        except HTTPException as exc:
            if exc.status_code == 405:  # Starlette names the methods of one of an address's routes
                exc.headers = {"Allow": self._methods(scope)}
            raise

    def _methods(self, scope: Scope) -> str:
        """What may be asked of a request's address."""
        found: set[str] = set()
        for route in self._router.routes:
            if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
                found |= route.methods or set()
        return ", ".join(sorted(found))

    async def _models(self, request: Request) -> Response:
        engine = await self._desk.app.loaded_engine()
        return JSONResponse(models(engine.model, self._desk.app.settings.http))

    async def _model(self, request: Request) -> Response:
        engine = await self._desk.app.loaded_engine()
        name = request.path_params["name"]
        return JSONResponse(model(name, engine.model, self._desk.app.settings.http))

    async def _metrics(self, request: Request) -> Response:
        lines = self._desk.metrics.lines(await self.health.gauges())
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return PlainTextResponse("\n".join([*lines, ""]), media_type=kind)


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    path = scope["path"]
    raise NoSuchPath(f"There is nothing at {show(path)}.", instead_of(path))


def instead_of(path: str) -> str:
    """Where it is that a wrong path was meant for."""
    if path.startswith(_OF_THE_QUEUE):
        return "That is an address of RunPod's queue: send a job to POST /v1/jobs."
    if f"/v1{path}".startswith(_ADDRESSES):
        return f"Use /v1{path}: a client's base URL ends with /v1."
    near = nearest(path, _ADDRESSES, cutoff=0.8)
    return f"Did you mean {near}?" if near else "docs/http.md lists the addresses."
