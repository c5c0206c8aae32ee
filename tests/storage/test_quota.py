"""The quota's measurements: nobody waits for another's longer than for its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from errors import StorageFull, StorageUnavailable
from standins.waiting import PATIENCE_S, until
from storage import quota
from storage.quota import Quota


class Listing:
    """What a store holds, found out when it is let go on."""

    def __init__(self) -> None:
        self.go_on, self.begun, self.holds, self.fails = threading.Event(), 0, 0, 0

    def __call__(self) -> int:
        self.begun += 1
        holds = self.holds
        if not self.go_on.wait(PATIENCE_S) or self.fails:
            self.fails -= 1
            raise StorageUnavailable("no list")
        return holds


@pytest.fixture
def listing() -> Listing:
    return Listing()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def of(listing: Listing) -> Quota:
    return Quota(100, listing, "SETTING")


def test_while_one_measures_anew_the_others_store(
    listing: Listing, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = of(listing)
    listing.go_on.set()
    limited.check(1, lambda: 0)
    monkeypatch.setattr(quota, "REFRESH_S", 0.0)
    listing.go_on.clear()
    measuring = pool.submit(limited.check, 1, lambda: 0)
    until(lambda: listing.begun == 2)
    with limited.reserve(60, lambda: 0):
        pass
    limited.released(0)
    assert not measuring.done() and listing.begun == 2
    listing.go_on.set()
    measuring.result(PATIENCE_S)
    monkeypatch.undo()
    listing.holds = 60
    with pytest.raises(StorageFull):  # what was stored while it was measured counts
        limited.check(60, lambda: 0)


def test_all_that_find_it_full_are_refused_by_a_fresh_measurement(
    listing: Listing, pool: ThreadPoolExecutor
) -> None:
    limited = of(listing)
    listing.holds = 90
    asked = [pool.submit(limited.check, 20, lambda: 0) for _ in range(16)]
    until(lambda: listing.begun)
    listing.go_on.set()
    assert all(isinstance(each.exception(PATIENCE_S), StorageFull) for each in asked)
    assert listing.begun > 1
    listing.holds = 10  # another process has deleted something
    limited.check(20, lambda: 0)


def test_a_measurement_that_fails_fails_no_other_job(
    listing: Listing, pool: ThreadPoolExecutor
) -> None:
    limited = of(listing)
    listing.fails = 1
    first = pool.submit(limited.check, 20, lambda: 0)
    until(lambda: listing.begun)
    others = [pool.submit(limited.check, 20, lambda: 0) for _ in range(8)]
    until(lambda: pool._work_queue.empty())
    listing.go_on.set()
    assert isinstance(first.exception(PATIENCE_S), StorageUnavailable)
    assert [each.exception(PATIENCE_S) for each in others] == [None] * 8
