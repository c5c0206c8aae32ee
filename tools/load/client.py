"""An endpoint as a client sees it: submits a job, waits for its end, backs off when told to."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

_FINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"})
_POLLS_PER_S = 100.0  # of all jobs together; RunPod allows 2000 in 10 s
_CANCELS_PER_S = 8.0  # RunPod allows 100 in 10 s
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0


class Refused(Exception):
    """Nothing can be measured: wrong key, wrong endpoint, nobody there. Says what to do."""


class _Unanswered(Exception):
    """A request that came to nothing; `code` is for the report."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Outcome:
    """How a job went; seconds. `error_code` is None for a success.

    `latency_s` starts when the job was due, so time spent on backing off counts. It ends when the
    platform had the result (its `delayTime` and `executionTime`), or when it was seen.
    """

    due_s: float
    ended_s: float
    error_code: str | None = None
    delay_s: float | None = None
    execution_s: float | None = None
    audio_s: float = 0.0
    throttled: int = 0
    job_id: str | None = None

    @property
    def latency_s(self) -> float:
        return self.ended_s - self.due_s


class Endpoint:
    """An asynchronous context; on the way out unfinished jobs are cancelled."""

    def __init__(self, url: str, api_key: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url.rstrip("/"), timeout_s
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._unfinished: set[str] = set()
        self._answered = False
        self._draw = random.Random()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=60),
            connector=aiohttp.TCPConnector(limit=100),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        for job_id in list(self._unfinished):
            await self._cancel(job_id)
            await asyncio.sleep(1 / _CANCELS_PER_S)
        await self._session.close()

    @staticmethod
    def now() -> float:
        """The clock of `due_s`, seconds."""
        return asyncio.get_running_loop().time()

    async def run(self, job_input: Mapping[str, Any], due_s: float) -> Outcome:
        """Waits until `due_s`, submits, and polls until the job has ended.

        Raises:
            Refused: see there.
        """
        await asyncio.sleep(due_s - self.now())
        outcome = Outcome(due_s, due_s)
        try:
            async with asyncio.timeout_at(due_s + self._timeout_s):
                await self._run(job_input, outcome)
        except TimeoutError:
            outcome.error_code, outcome.ended_s = "CLIENT_TIMEOUT", self.now()
            if outcome.job_id is not None:
                await self._cancel(outcome.job_id)
        except _Unanswered as error:
            outcome.error_code, outcome.ended_s = error.code, self.now()
        return outcome

    async def _run(self, job_input: Mapping[str, Any], outcome: Outcome) -> None:
        accepted = await self._request("POST", "run", outcome, {"input": job_input})
        job_id = outcome.job_id = str(accepted["id"])
        accepted_s = self.now()
        self._unfinished.add(job_id)
        wait_s = 0.05
        while True:
            # Gentle with the platform: its own times say when a job ended, not the poll's.
            await asyncio.sleep(max(wait_s, len(self._unfinished) / _POLLS_PER_S))
            wait_s = min(1.0, wait_s * 1.5)
            answer = await self._request("GET", f"status/{job_id}", outcome)
            if answer.get("status") in _FINAL:
                break
        self._unfinished.discard(job_id)
        _fill(outcome, answer, accepted_s, self.now())

    async def _request(
        self, method: str, path: str, outcome: Outcome, body: object = None
    ) -> dict[str, Any]:
        """One request, again after 429 and 503, and a GET after any fault of server or network.

        A POST that may have been accepted is not repeated: the job would run twice.
        """
        wait_s = _FIRST_WAIT_S
        while True:
            told_s = 0.0
            try:
                url = f"{self._url}/{path}"
                async with self._session.request(method, url, json=body) as answer:
                    self._answered = True
                    if answer.status == 200:
                        found = await answer.json()
                        if isinstance(found, dict):
                            return found
                        raise _Unanswered(f"HTTP_BODY_{path.split('/')[0].upper()}")
                    self._refuse(answer.status, path)
                    code, again = f"HTTP_{answer.status}", answer.status in (429, 503)
                    again = again or (method == "GET" and answer.status >= 500)
                    outcome.throttled += answer.status == 429
                    told_s = _seconds(answer.headers.get("Retry-After"))
            except aiohttp.ClientConnectorError as error:
                if not self._answered:
                    raise Refused(f"nobody answers at {self._url}: {error.strerror}") from None
                code, again = "NETWORK_CONNECT", True  # nothing was sent
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                code, again = f"NETWORK_{type(error).__name__}", method == "GET"
            if not again:
                raise _Unanswered(code)
            await asyncio.sleep(max(told_s, wait_s * self._draw.uniform(0.5, 1.0)))
            wait_s = min(_LONGEST_WAIT_S, wait_s * 2)

    def _refuse(self, status: int, path: str) -> None:
        if status in (401, 403):
            raise Refused(f"{self._url} refuses the API key (status {status})")
        if status == 404 and path == "run":
            raise Refused(f"{self._url} is not an endpoint (status 404)")

    async def _cancel(self, job_id: str) -> None:
        self._unfinished.discard(job_id)
        try:
            async with self._session.post(f"{self._url}/cancel/{job_id}") as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return  # nobody is there any more to pay for it


def _fill(outcome: Outcome, answer: Mapping[str, Any], accepted_s: float, seen_s: float) -> None:
    """Takes over what the final status says; RunPod's times are milliseconds."""
    output = answer.get("output")
    output = output if isinstance(output, dict) else {}
    if answer["status"] != "COMPLETED":
        outcome.error_code = str(output.get("error_code") or answer["status"])
    outcome.ended_s = seen_s
    delay, execution = answer.get("delayTime"), answer.get("executionTime")
    if delay is not None and execution is not None:
        outcome.delay_s, outcome.execution_s = delay / 1000, execution / 1000
        outcome.ended_s = min(seen_s, accepted_s + outcome.delay_s + outcome.execution_s)
    if outcome.error_code is None:
        outcome.audio_s = float(output.get("duration") or 0.0)


def _seconds(header: str | None) -> float:
    return float(header) if header is not None and header.isdigit() else 0.0
