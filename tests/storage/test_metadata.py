"""Metadata comes back as it was given, whatever stands between the worker and the service."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import InvalidInput
from s3_utils import encode_metadata, open_storage
from standins.s3server.server import S3Server
from storage.config import StorageConfig
from storage.metadata import METADATA_LIMIT_BYTES, decode_metadata
from storage.s3.store import S3Storage

HASH = "0" * 64
NAMES = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,20}", fullmatch=True)
USERS = {
    "user_id": "u 1", "user-id": "other", "a__b": "2", "a--5f": "3", "a-_-b": "4",
    "v1.2": "5", "x-": "6", "x_": "7", "x--": "8", "plain": "Zoë  Å",
}  # fmt: skip


@given(st.dictionaries(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=20)))
def test_names_and_values_come_back_from_headers_that_hold_letters_digits_and_hyphens(
    metadata: dict[str, str],
) -> None:
    metadata.pop("sha256", None)
    sent = encode_metadata(metadata, HASH)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in sent)
    assert decode_metadata(sent) == {**metadata, "sha256": HASH}


def test_names_that_need_no_change_are_sent_as_they_are() -> None:
    plain = {"job-id": "1", "project-x": "2", "voice": "3"}
    assert encode_metadata(plain, HASH) == {**plain, "sha256": HASH}


def test_objects_of_older_versions_keep_their_names() -> None:
    stored = {"user_id": "1", "user-id": "2", "v1.2": "3", "a--b": "4", "sha256": HASH}
    assert decode_metadata(stored) == stored


@pytest.mark.parametrize("rule", ["drops_odd_headers", "folds_underscores"])
def test_metadata_travels_through_a_proxy_that_drops_names_and_a_service_that_folds_them(
    s3: S3Storage, s3_server: S3Server, rule: str
) -> None:
    setattr(s3_server.faults, rule, True)
    receipt = s3.put("k", b"x", metadata=USERS)
    assert s3.info("k").metadata == {**USERS, "sha256": receipt.sha256}


def test_metadata_of_a_large_object_travels_as_well(
    s3_config: StorageConfig, s3_server: S3Server
) -> None:
    s3_server.faults.drops_odd_headers = True
    store = open_storage(replace(s3_config, multipart_threshold_bytes=1 << 20))
    store.put("k", b"x" * (1 << 20), metadata=USERS)
    assert {**store.info("k").metadata, "sha256": ""} == {**USERS, "sha256": ""}


def test_the_limit_counts_what_is_sent(s3: S3Storage, s3_server: S3Server) -> None:
    """A `_` takes four bytes: names that would be cut or refused on their way are refused here."""
    name = "u_" * 8
    room = METADATA_LIMIT_BYTES - len("sha256" + HASH) - len(name) - 3 * name.count("_")
    s3.put("k", b"x", metadata={name: "v" * room})
    headers = s3_server.requests[-1].headers
    prefix = "x-amz-meta-"
    sent = sum(len(k) - len(prefix) + len(v) for k, v in headers.items() if k.startswith(prefix))
    assert sent == METADATA_LIMIT_BYTES
    with pytest.raises(InvalidInput, match="2049 bytes"):
        s3.put("k", b"x", metadata={name: "v" * (room + 1)})


@pytest.mark.parametrize("charset", ["undefined", "x\0y", "rot13", "idna", "", "a*b"])
def test_what_another_program_wrote_is_read_whatever_it_is(charset: str) -> None:
    value = f"=?{charset}?q?xn--=7f?="
    assert isinstance(decode_metadata({"note": value})["note"], str)
