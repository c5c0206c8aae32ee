"""RunPod's webhook, execution policy and Batch API, as the local platform plays them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from standins.platform import Platform
from standins.platform import batch as batches
from standins.receiver import Receiver
from standins.waiting import until
from tests.standins.test_platform import call, take


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def api(platform: Platform, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    return call(platform, method, f"/v2/{platform.endpoint_id}/{path}", body)


def test_a_webhook_gets_what_status_says_and_is_tried_twice_more(
    platform: Platform, receiver: Receiver
) -> None:
    platform.policy_speed = 1000
    receiver.answers += [204, 500]
    _, job = api(platform, "POST", "run", {"input": {}, "webhook": receiver.url})
    take(platform)
    call(platform, "POST", f"/job-done/pod-1/{job['id']}", {"output": {"a": 1}})
    posts = receiver.wait_for(3)
    told = api(platform, "GET", f"status/{job['id']}")[1]
    assert [post.json for post in posts] == [told] * 3
    assert told["status"] == "COMPLETED"


def test_a_policy_ends_jobs_that_wait_or_run_too_long(platform: Platform) -> None:
    platform.policy_speed = 1000
    late = {"input": {}, "policy": {"ttl": 10_000}}
    long = {"input": {}, "policy": {"executionTimeout": 5_000, "lowPriority": True}}
    _, waits = api(platform, "POST", "run", late)
    until(lambda: api(platform, "GET", f"status/{waits['id']}")[1]["status"] == "TIMED_OUT")
    assert take(platform) == []
    _, runs = api(platform, "POST", "run", long)
    assert take(platform) == [runs["id"]]
    until(lambda: api(platform, "GET", f"status/{runs['id']}")[1]["status"] == "TIMED_OUT")
    assert call(platform, "GET", "/job-stop/pod-1")[1] == {"jobsToStop": [runs["id"]]}


@pytest.mark.parametrize(
    "options",
    [
        {"policy": {"executionTimeout": 4_999}},
        {"policy": {"ttl": 9_999}},
        {"policy": {"ttl": 604_800_001}},
        {"policy": {"lowPriority": "yes"}},
        {"policy": 3},
        {"webhook": 3},
    ],
)
def test_options_out_of_their_limits_are_refused(
    platform: Platform, options: dict[str, Any]
) -> None:
    assert api(platform, "POST", "run", {"input": {}, **options})[0] == 400


def test_a_batch_runs_when_it_is_finalized_and_is_read_in_pages(platform: Platform) -> None:
    _, made = api(platform, "POST", "batch", [{"input": {"n": 0}}])
    assert made["status"] == "DRAFT"
    path = f"batch/{made['id']}"
    more = {"requests": [{"input": {"n": n}} for n in range(1, 4)]}
    assert api(platform, "POST", f"{path}/requests", more)[0] == 200
    assert take(platform) == []
    assert api(platform, "POST", f"{path}/finalize")[1]["status"] == "FINALIZED"
    assert api(platform, "POST", f"{path}/requests", more)[0] == 409
    ids = take(platform, 10)
    for number, request_id in enumerate(ids):
        answer = {"error": "no"} if number == 3 else {"output": number}
        call(platform, "POST", f"/job-done/pod-1/{request_id}", answer)
    told = api(platform, "GET", path)[1]
    counts = {name: value for name, value in told.items() if name.startswith("request")}
    assert counts == {
        "requestTotal": 4,
        "requestInProgress": 0,
        "requestCompleted": 3,
        "requestFailed": 1,
    }
    first = api(platform, "GET", f"{path}/requests?limit=3")[1]
    rest = api(platform, "GET", f"{path}/requests?limit=3&offset=3")[1]
    assert (first["hasMore"], rest["hasMore"]) == (True, False)
    outputs = [each.get("output", each.get("error")) for each in first["requests"]]
    assert [*outputs, rest["requests"][0]["error"]] == [0, 1, 2, "no"]


def test_a_cancelled_batch_lets_running_requests_end(platform: Platform) -> None:
    made = api(platform, "POST", "batch", [{"input": {}}, {"input": {}}])[1]
    path = f"batch/{made['id']}"
    api(platform, "POST", f"{path}/finalize")
    (running,) = take(platform)
    assert api(platform, "POST", f"{path}/cancel")[1]["status"] == "CANCELLED"
    states = [each["status"] for each in api(platform, "GET", f"{path}/requests")[1]["requests"]]
    assert sorted(states) == ["CANCELLED", "IN_PROGRESS"]
    call(platform, "POST", f"/job-done/pod-1/{running}", {"output": 1})
    assert api(platform, "GET", path)[1]["requestCompleted"] == 1


def test_what_a_batch_may_not_be(platform: Platform) -> None:
    assert api(platform, "POST", "batch", {"requests": []})[0] == 400
    assert api(platform, "POST", "batch", [{"text": "no input"}])[0] == 400
    assert api(platform, "POST", "batch", [{"input": {}}] * (batches.MOST_REQUESTS + 1))[0] == 400
    assert api(platform, "GET", "batch/none")[0] == 404
    made = [api(platform, "POST", "batch", [])[0] for _ in range(batches.MOST_ACTIVE + 1)]
    assert made == [200] * batches.MOST_ACTIVE + [429]
