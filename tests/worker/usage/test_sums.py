"""Records of what jobs took: keys that say it all, sums that are exact, in every store."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from errors import InvalidInput, StorageUnavailable
from s3_utils import Storage, StorageConfig, open_storage
from standins.waiting import PATIENCE_S
from tests.examples import examples
from worker.files.cleanup import clean_up
from worker.files.guard import check_deletable, check_uploadable
from worker.settings.cost import CostConfig
from worker.settings.load import Settings
from worker.usage.ledger import Ledger
from worker.usage.record import Ending, Usage, body, read_key, usage_of, user_piece
from worker.usage.sums import rows, user_of

DAY = date(2026, 11, 26)
PREFIX = "usage/"


def usage(job: str, user: str = "anna", ending: Ending = "completed", **numbers: int) -> Usage:
    took = {"characters": 10, "audio_ms": 2_000, "device_us": 500, "money": 7, **numbers}
    return Usage(DAY, user_piece(user), job, ending, currency="USD", **took)


def put(store: Storage, record: Usage, user: str | None = "anna") -> None:
    data, metadata = body(record.job, user)
    store.put(record.key(PREFIX), data, metadata=metadata)


numbers = st.integers(0, 10**12)
records = st.builds(
    Usage,
    day=st.dates(),
    user=st.text(min_size=1, max_size=20).map(user_piece),
    job=st.text(min_size=1, max_size=20).map(user_piece),
    ending=st.sampled_from(["completed", "failed", "cancelled", "interrupted", "repeated"]),
    characters=numbers,
    audio_ms=numbers,
    device_us=numbers,
    money=numbers,
    currency=st.sampled_from(["USD", "EUR"]),
)


@given(records)
def test_a_key_says_the_whole_record(record: Usage) -> None:
    key = record.key(PREFIX)
    assert read_key(key, PREFIX) == record
    assert all(len(piece) <= 240 for piece in key.split("/"))


@pytest.mark.parametrize(
    "key",
    [
        "usage/2026-11-26/anna/x.wav",
        "usage/2026-11-26/x.completed.c1-a1-d1-m1-USD.json",
        "usage/2026-13-26/anna/x.completed.c1-a1-d1-m1-USD.json",
        "usage/2026-11-26/anna/x.stolen.c1-a1-d1-m1-USD.json",
        "usage/2026-11-26/anna/x.completed.c1-a1-d1-m-1-USD.json",
        f"usage/2026-11-26/anna/x.completed.c1-a1-d1-m{'9' * 40}-USD.json",
    ],
)
def test_what_is_no_record_counts_for_nothing(key: str) -> None:
    assert read_key(key, PREFIX) is None


def test_a_day_is_summed_by_user_from_its_list(store: Storage) -> None:
    put(store, usage("a"))
    put(store, usage("b", characters=5, audio_ms=500, money=3))
    put(store, usage("b", ending="failed", device_us=100, money=1))
    put(store, usage("c", ending="cancelled", device_us=50, money=2))
    put(store, usage("a", user="Żółć"), "Żółć")
    store.put(f"{PREFIX}2026-11-26/anna/readme.txt", b"put here by hand")
    first, second = rows(store, PREFIX, DAY, None)
    by_name = {row.user: row for row in (first, second)}
    row = by_name["anna"]
    assert row.as_output("anna") == {
        "day": "2026-11-26",
        "user_id": "anna",
        "jobs": 2,
        "failed": 1,
        "cancelled": 1,
        "characters": 15,
        "audio_s": 2.5,
        "device_s": 0.00115,
        "cost": {"USD": 13e-9},
        "cost_without_result": {"USD": 3e-9},
    }
    other = next(row for name, row in by_name.items() if name != "anna")
    assert user_of(store, other) == "Żółć"
    assert [each.user for each in rows(store, PREFIX, DAY, "anna")] == ["anna"]
    assert list(rows(store, PREFIX, DAY + timedelta(1), None)) == []


@tried(max_examples=examples(25))
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y"]), st.integers(0, 10**6)),
        max_size=12,
    )
)
def test_sums_are_those_of_the_jobs_and_a_redelivered_one_counts_once(
    jobs: list[tuple[str, str, int]],
) -> None:
    with TemporaryDirectory() as directory:
        store = open_storage(StorageConfig(local_dir=Path(directory)))
        expected: dict[tuple[str, str], set[int]] = {}
        for job, user, money in jobs:
            put(store, usage(job, user, money=money), user)
            expected.setdefault((user, job), set()).add(money)
        found = {row.user: row for row in rows(store, PREFIX, DAY, None)}
        assert Counter({user: row.endings["completed"] for user, row in found.items()}) == Counter(
            user for user, _ in expected
        )
        for user, row in found.items():
            each = [moneys for (of, _), moneys in expected.items() if of == user]
            least, most = sum(map(min, each)), sum(map(max, each))
            assert least <= row.money["USD"] <= most


def test_records_outlive_cleanup_and_nobody_forges_or_deletes_them(store: Storage) -> None:
    record = usage("a")
    put(store, record)
    settings = Settings()
    clean_up({"it": store}, settings, days=0, dry_run=False)
    assert store.exists(record.key(PREFIX))
    for refuse in (check_deletable, check_uploadable):
        with pytest.raises(InvalidInput, match="what jobs cost"):
            refuse(store, settings, record.key(PREFIX))


def test_what_storage_does_not_take_is_in_the_log_with_its_numbers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import logging

    monkeypatch.setattr(logging.getLogger("f5worker"), "propagate", True)
    store = open_storage(StorageConfig(local_dir=tmp_path))

    def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("away")

    monkeypatch.setattr(store, "put", away)
    ledger = Ledger(store, CostConfig())
    record = usage_of(
        "job-1", None, "completed", characters=3, audio_s=1.5, device_s=0.25, money=0.1,
        currency="EUR",
    )  # fmt: skip
    ledger.add(record, "job-1", None)
    ledger.close(PATIENCE_S)
    (key,) = {vars(line)["key"] for line in caplog.records}  # caplog may listen in two places
    assert "anonymous/job-1.completed.c3-a1500-d250000-m100000000-EUR" in key


@pytest.mark.parametrize(
    "environ",
    [
        {"GPU_PRICE_PER_HOUR": "-1"},
        {"GPU_PRICE_CURRENCY": "dollars"},
        {"OUTPUT_PREFIX": "usage/audio/"},
        {"USAGE_PREFIX": "voices/u/"},
    ],
)
def test_settings_that_cannot_be_are_refused(environ: dict[str, str]) -> None:
    from errors import ConfigError

    with pytest.raises(ConfigError):
        Settings.load(environ)
