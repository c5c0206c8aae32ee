"""Work in lanes: what fills one holds up no other, and what nobody waits for is told so."""

from __future__ import annotations

import ast
import asyncio
import threading
from pathlib import Path

import pytest

from standins.waiting import PATIENCE_S
from worker.threads import Abandoned, Lane, current_stop, in_thread, in_turn
from worker.voices.cache import SingleFlight

ROOT = Path(__file__).parent.parent.parent


def test_no_code_uses_the_default_pool_which_all_jobs_would_share() -> None:
    pools = ("to_thread", "run_in_executor")
    used = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("worker", "engine", "storage", "text")
        for path in (ROOT / folder).rglob("*.py")
        if any(name in path.read_text() for name in pools)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in pools
    ]
    assert used == []


@pytest.mark.parametrize("full", list(Lane))
def test_a_full_lane_holds_up_no_other(full: Lane) -> None:
    async def others() -> list[str]:
        end = threading.Event()
        filling = [asyncio.create_task(in_thread(full, end.wait)) for _ in range(full.value[1] + 1)]
        await asyncio.sleep(0)
        try:
            names = [in_thread(lane, getattr, lane, "name") for lane in Lane if lane is not full]
            return await asyncio.wait_for(asyncio.gather(*names), PATIENCE_S)
        finally:
            end.set()
            await asyncio.gather(*filling)

    assert len(asyncio.run(others())) == len(Lane) - 1


def test_work_that_nobody_waits_for_is_told_and_work_not_begun_is_not_done() -> None:
    begun, told = threading.Event(), threading.Event()
    never = []

    def work() -> None:
        with current_stop().ending(told.set):
            begun.set()
            told.wait(PATIENCE_S)

    async def cancelled() -> None:
        running = asyncio.create_task(in_thread(Lane.CHECK, work))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        filling = [
            asyncio.create_task(in_thread(Lane.CHECK, told.wait, PATIENCE_S))
            for _ in range(Lane.CHECK.value[1])
        ]
        waiting = asyncio.create_task(in_thread(Lane.CHECK, lambda: never.append(1)))
        await asyncio.sleep(0)
        waiting.cancel()
        running.cancel()
        await asyncio.gather(running, waiting, *filling, return_exceptions=True)

    asyncio.run(cancelled())
    assert told.is_set()
    assert never == []


def test_work_given_up_while_it_waits_for_its_turn_is_not_done_and_leaves_the_queue() -> None:
    end, waiting = threading.Event(), threading.Event()
    done: list[int] = []

    def second() -> None:
        waiting.set()
        in_turn(Lane.DECODE, done.append, 2)

    async def cancelled() -> None:
        most = Lane.DECODE.value[1]
        busy = [asyncio.create_task(in_thread(Lane.DECODE, end.wait)) for _ in range(most)]
        await asyncio.sleep(0)
        task = asyncio.create_task(in_thread(Lane.VOICE, second))
        while not waiting.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        end.set()
        await asyncio.gather(*busy)
        await in_thread(Lane.VOICE, in_turn, Lane.DECODE, done.append, 3)

    asyncio.run(cancelled())
    assert done == [3]


def test_a_voice_given_up_by_one_job_is_still_prepared_for_the_other() -> None:
    flights = SingleFlight()
    leading, give_up = threading.Event(), threading.Event()
    found: list[object] = []

    def first() -> object:
        leading.set()
        give_up.wait(PATIENCE_S)
        raise Abandoned

    def lead() -> None:
        with pytest.raises(Abandoned):
            flights.run("voice", first)  # type: ignore[arg-type]

    one = threading.Thread(target=lead)
    one.start()
    leading.wait(PATIENCE_S)
    other = threading.Thread(
        target=lambda: found.append(flights.run("voice", lambda: "prepared"))  # type: ignore[arg-type, return-value]
    )
    other.start()
    give_up.set()
    one.join(PATIENCE_S)
    other.join(PATIENCE_S)
    assert found == ["prepared"]
