"""With a price set each answer says what its job cost, and `usage` sums it by user and day."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from standins.local_worker import FAST, Worker
from standins.waiting import PATIENCE_S, until
from worker.usage.record import BILLIONTHS

PRICE = 3600.0  # an hour: a second costs 1


@pytest.fixture(params=["local", "s3"])
def priced(
    request: pytest.FixtureRequest, tiny_model: Path, s3_env: dict[str, str], tmp_path: Path
) -> Iterator[Worker]:
    store = s3_env if request.param == "s3" else {"LOCAL_STORAGE_DIR": str(tmp_path)}
    # On the platform, where ids are unique and jobs are redelivered.
    platform = {"RUNPOD_WEBHOOK_GET_JOB": "http://127.0.0.1:9/job-take/$ID"}
    prices = {"GPU_PRICE_PER_HOUR": str(PRICE), "GPU_PRICE_CURRENCY": "eur", "F5_WARMUP": "false"}
    worker = Worker({**store, **platform, **prices, "F5_MODEL": str(tiny_model)})
    yield worker
    worker.close()


def written(worker: Worker) -> None:
    """Until what has ended is recorded."""
    worker.runner._endings.ledger.close(PATIENCE_S)


def test_what_jobs_side_by_side_cost_is_the_time_the_device_was_busy(priced: Worker) -> None:
    texts = ["Hi.", "A longer one, which takes more.", "One. Two. Three. " * 5, "Again and again."]
    jobs = {
        f"job-{n}": {"text": text, "user_id": "anna" if n % 2 else "李雷", "voice": "demo", **FAST}
        for n, text in enumerate(texts)
    }
    answers = priced.run_all(jobs)
    written(priced)
    clock = priced.app.engine.result().synthesizer.batcher.clock
    costs = [answer["cost"] for answer in answers.values()]
    total = sum(cost["amount"] for cost in costs)
    assert total == pytest.approx(clock.busy_s * PRICE / 3600, abs=len(jobs) / BILLIONTHS)
    assert clock.unclaimed_s == 0
    assert sum(cost["device_s"] for cost in costs) == pytest.approx(clock.busy_s, abs=1e-5)
    assert costs[2]["amount"] > costs[0]["amount"] > 0
    for answer, text in zip(answers.values(), texts, strict=True):
        assert answer["cost"]["characters"] == len(text)
        assert answer["cost"]["audio_s"] == answer["duration"]
        assert answer["cost"]["currency"] == "EUR"
    summed = priced.run({"endpoint": "usage"}, "sum")
    assert {row["user_id"] for row in summed["usage"]} == {"anna", "李雷"}
    assert sum(row["jobs"] for row in summed["usage"]) == 4
    assert sum(row["cost"]["EUR"] for row in summed["usage"]) == pytest.approx(total, abs=1e-8)
    assert sum(row["characters"] for row in summed["usage"]) == sum(map(len, texts))


def test_pages_days_and_users(priced: Worker) -> None:
    for user in ("a", "a-b", "c"):
        priced.speak(f"of-{user}", voice="demo", user_id=user)
    priced.speak("of-nobody", voice="demo")
    written(priced)
    seen, page = [], {"endpoint": "usage", "limit": 3}
    first = priced.run(page)
    rest = priced.run({**page, "after": first["next"]})
    for one in (first, rest):
        seen += [row["user_id"] for row in one["usage"]]
    one_by_one, after = [], {}
    while True:
        one = priced.run({"endpoint": "usage", "limit": 1, **after})
        one_by_one += [row["user_id"] for row in one["usage"]]
        if not one["truncated"]:
            break
        after = {"after": one["next"]}
    assert one_by_one == seen
    assert seen == ["a-b", "a", None, "c"]
    assert (first["truncated"], rest["truncated"], rest["next"]) == (True, False, None)
    assert [
        row["user_id"] for row in priced.run({"endpoint": "usage", "user_id": "a-b"})["usage"]
    ] == ["a-b"]
    assert priced.run({"endpoint": "usage", "until": "2020-01-01"})["usage"] == []
    for wrong in (
        {"since": "2026-02-30"},
        {"since": "2026-02-02", "until": "2026-01-01"},
        {"since": "2020-01-01"},
        {"after": "x"},
        {"after": "2026-99-99/x"},
    ):
        assert priced.run({"endpoint": "usage", **wrong})["error_code"] == "INVALID_INPUT"


def test_a_redelivered_job_counts_once_and_survives_cleanup(priced: Worker) -> None:
    first = priced.speak("twice", voice="demo", user_id="anna")
    again = priced.speak("twice", voice="demo", user_id="anna")
    assert "redelivered" in again["warnings"][-1]
    assert again["cost"] == first["cost"]
    written(priced)
    priced.run({"endpoint": "delete", "job_id": "twice"})
    priced.run({"endpoint": "cleanup", "days_old": 0})
    (row,) = priced.run({"endpoint": "usage"})["usage"]
    assert (row["jobs"], row["cost"]["EUR"]) == (1, pytest.approx(first["cost"]["amount"]))


def test_what_is_cut_off_is_counted_apart(priced: Worker) -> None:
    job = {"text": "Again and again. " * 60, "voice": "demo", "nfe_step": 64}
    batcher = priced.app.engine.result().synthesizer.batcher

    async def cancelled() -> None:
        running = asyncio.create_task(priced.runner.handle({"id": "gone", "input": job}))
        await asyncio.to_thread(until, lambda: batcher.clock.busy_s > 0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancelled())
    written(priced)
    (row,) = priced.run({"endpoint": "usage"})["usage"]
    assert (row["jobs"], row["cancelled"], row["characters"]) == (0, 1, 0)
    assert row["cost"] == row["cost_without_result"]
    assert row["cost"]["EUR"] > 0


def test_a_failed_job_says_what_it_cost(priced: Worker) -> None:
    failed = priced.run({"text": "Hi.", "voice": "Nobody"}, "failed")
    assert failed["cost"]["amount"] == 0
    assert "cost" not in priced.run({"text": ""}, "never-began")
    written(priced)
    assert priced.run({"endpoint": "usage"})["usage"] == []


def test_without_a_price_nothing_is_said_or_kept(local_worker: Worker, local_dir: Path) -> None:
    assert "cost" not in local_worker.speak("free")
    assert not (local_dir / "usage").exists()
    assert "GPU_PRICE_PER_HOUR" in local_worker.run({"endpoint": "usage"})["warnings"][0]
