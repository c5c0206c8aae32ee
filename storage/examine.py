"""What a store is like, beyond whether it works (`storage.check`): findings for people."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable

from errors import WorkerError
from storage.base import Finding, Storage, UrlKind
from storage.check import FOLDER
from storage.disk.store import LocalStorage
from storage.fetch import fetch
from storage.keys import full_key
from storage.patience import time_limit
from storage.s3.examine import S3Examination
from storage.s3.store import S3Storage

_LITTLE_SPACE = 1 << 30
_PATIENCE_S = 10.0  # for one question
_BODY = b"examination of the F5-TTS worker's storage\n"


def examine(
    storage: Storage, *, url_kind: UrlKind = "public", may_store: bool = True
) -> list[Finding]:
    """What is worth knowing of a store; takes about as long as storing and reading 6 MiB.

    One object is stored below `f5worker-check/` and removed. What cannot be found out is said so;
    nothing is raised for it. `url_kind`: what results get, to tell whether public URLs need to
    work. `may_store`: False asks only what needs no object.
    """
    name = f"{FOLDER}/{secrets.token_hex(8)}.bin"
    stores = storage.stores()
    found: list[Finding] = []
    s3, disk = stores.get("s3"), stores.get("local")
    if isinstance(s3, S3Storage):
        asked = S3Examination(s3.client, s3.prefix, full_key(s3.prefix, name))
        found += [*_tried("region", asked.region_and_clock), asked.addressing()]
        if may_store:
            found += _with_an_object(s3, name, asked, url_kind)
    if isinstance(disk, LocalStorage):
        found.append(_space(disk))
    return found


def _with_an_object(
    s3: S3Storage, name: str, asked: S3Examination, url_kind: UrlKind
) -> list[Finding]:
    found = _tried("multipart", asked.multipart_and_rate)
    if found[0].level == "ok":
        found += _tried("latency", lambda: [asked.latency()])
    found += _tried("public URL", lambda: [_public(s3, name, url_kind)])
    found += _tried("least privilege", lambda: [asked.least_privilege()])
    found += _tried("retention", lambda: [asked.retention()])
    _tried("clean-up", lambda: [Finding("clean-up", "ok", str(s3.delete(name)))])
    return found


def _tried(name: str, ask: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        with time_limit(_PATIENCE_S):
            return ask()
    except WorkerError as error:
        return [Finding(name, "unknown", error.message)]


def _public(s3: S3Storage, name: str, wanted: UrlKind) -> Finding:
    """Whether anybody can read a result by its public URL."""
    if "public" not in s3.url_kinds():
        return Finding("public URL", "ok", "this provider has none; results get other URLs")
    s3.put(name, _BODY)
    status, data = fetch(str(s3.url(name, "public").url), len(_BODY), s3.ca_bundle)
    if status == 200 and data == _BODY:
        return Finding("public URL", "ok", "anybody who knows a result's URL can read it")
    says = f"a public URL answers {status}" + (" with something else" if status == 200 else "")
    if wanted != "public":
        return Finding("public URL", "ok", f"{says}: only {wanted} URLs are given, so be it")
    return Finding(
        "public URL",
        "warning",
        f"{says}, and results get public URLs: let anybody read the bucket, set "
        "S3_PUBLIC_BASE_URL to where it is served, or set S3_URL_KIND=presigned",
    )


def _space(disk: LocalStorage) -> Finding:
    """Of the directory, or of what it will be made in."""
    directory = disk.root
    while not directory.exists():
        directory = directory.parent
    free = shutil.disk_usage(directory).free
    text = f"{free / (1 << 30):.1f} GiB free for {disk.root}"
    return Finding("disk", "warning" if free < _LITTLE_SPACE else "ok", text)
