"""With keys given, the client reads no profile, no file and no stray AWS_* variable.

A child process is surrounded by all that botocore could read, every bit of it hostile, and uses a
store. What reaches the server, and every URL, must be what a child in a clean environment gives.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.configprovider import DEFAULT_S3_CONFIG_VARS
from botocore.session import Session

from standins.platform import environment
from standins.s3server.faults import Request
from standins.s3server.server import S3Server
from storage.config import StorageConfig

ROOT = Path(__file__).parents[2]
# What differs between any two requests that are the same.
CHANGING = {"authorization", "x-amz-date", "amz-sdk-invocation-id", "amz-sdk-request"}

# Everything a store does, and the URLs of two: the server's, and AWS's, where nothing is sent.
CHILD = """
import json, sys

opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from dataclasses import replace
from pathlib import Path
from s3_utils import StorageConfig, open_storage

given = json.loads(sys.argv[1])
given["local_dir"] = Path(given["local_dir"])
config = StorageConfig(**given)
store = open_storage(config)
store.put("a.wav", b"sound", metadata={"user": "x"})
store.put("big.wav", b"p" * (11 << 20))
assert store.get("a.wav") == b"sound"
assert [item.key for item in store.list()] == ["a.wav", "big.wav"]
store.ensure_bucket()
assert store.delete("a.wav") and store.delete("big.wav")
stores = [store, open_storage(replace(config, bucket="voices", endpoint_url=None))]
assert opened and not [path for path in opened if ".aws" in path]
urls = [s.url("a.wav", kind).url for s in stores for kind in ("public", "presigned")]
print(json.dumps([url.partition("?")[0] for url in urls]))
"""

HOSTILE_CONFIG = """
[default]
region = mars-1
endpoint_url = http://127.0.0.1:9
services = elsewhere
use_fips_endpoint = true
use_dualstack_endpoint = true
defaults_mode = standard
request_checksum_calculation = when_supported
tcp_keepalive = nonsense
ca_bundle = /nonexistent.pem
sdk_ua_app_id = intruder
s3 =
    addressing_style = virtual
    use_accelerate_endpoint = true
    payload_signing_enabled = false
    us_east_1_regional_endpoint = legacy
    use_dualstack_endpoint = true

[services elsewhere]
s3 =
    endpoint_url = http://127.0.0.1:9
"""


def known_variables() -> set[str]:
    """Every AWS_* and BOTO* variable that botocore knows: from its tables, and from its text."""
    names: set[str] = set()
    for table in (Session.SESSION_VARIABLES, DEFAULT_S3_CONFIG_VARS):
        for _, variables, *_ in table.values():
            names.update([variables] if isinstance(variables, str) else variables or [])
    for path in Path(botocore.__file__).parent.glob("*.py"):
        names.update(re.findall(r"\b(?:AWS|BOTO(?:CORE)?)_[A-Z0-9_]*[A-Z0-9]", path.read_text()))
    # Nobody has botocore's experiments switched on by accident, and they cannot be switched off.
    return {name for name in names if "_EXPERIMENTAL__" not in name}


def test_the_list_of_variables_is_botocores_own() -> None:
    assert known_variables() >= {
        "AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_DEFAULTS_MODE", "AWS_USE_FIPS_ENDPOINT",
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "BOTOCORE_TCP_KEEPALIVE", "AWS_EXECUTION_ENV",
    }  # fmt: skip
    assert len(known_variables()) >= 60


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with AWS files that would break every request, and a false description of S3."""
    aws = tmp_path / ".aws"
    (aws / "models" / "s3" / "2006-03-01").mkdir(parents=True)
    (aws / "models" / "s3" / "2006-03-01" / "service-2.json").write_text("{}")
    (aws / "models" / "endpoints.json").write_text("{}")
    (aws / "config").write_text(HOSTILE_CONFIG)
    (aws / "credentials").write_text("[default]\naws_access_key_id = OTHER\n")
    return tmp_path


def used(config: StorageConfig, server: S3Server, surroundings: dict[str, str]) -> set[Any]:
    """The URLs that a child with these surroundings gives, and the requests that it makes."""
    server.forget_requests()
    given = {**asdict(config), "multipart_threshold_bytes": 6 << 20}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(given, default=str)],
        env={**environment({}), **surroundings},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    # Stores of tests before this one may still be sending to buckets of theirs.
    own = (each for each in server.requests if f"/{config.bucket}" in each.target)
    return {*enumerate(json.loads(child.stdout)), *map(shown, own)}  # a retry is the same request


def shown(request: Request) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """A request without what changes by itself."""
    target = re.sub(r"uploadId=[^&]+", "uploadId=", request.target)
    headers = sorted((k, v) for k, v in request.headers.items() if k not in CHANGING)
    return request.method, target, tuple(headers)


@pytest.fixture
def clean(s3_config: StorageConfig, s3_server: S3Server, tmp_path: Path) -> Any:
    found = used(s3_config, s3_server, {"HOME": str(tmp_path / "empty")})
    assert {one[0] for one in found} == {0, 1, 2, 3, "GET", "PUT", "POST", "HEAD", "DELETE"}
    at_aws = f"https://voices.s3.{s3_server.region}.amazonaws.com/a.wav"
    assert {(2, at_aws), (3, at_aws)} < found
    return found


@pytest.fixture
def proxies() -> Iterator[None]:
    """No proxy: that is the one thing a client takes from outside."""
    names = [name for name in os.environ if name.lower().endswith("_proxy")]
    kept = {name: os.environ.pop(name) for name in names}
    yield
    os.environ.update(kept)


@pytest.mark.usefixtures("proxies")
@pytest.mark.parametrize("value", ["nonsense", "true", pytest.param("1", marks=pytest.mark.slow)])
def test_with_keys_given_no_profile_no_file_and_no_stray_variable_changes_what_is_sent(
    s3_config: StorageConfig, s3_server: S3Server, home: Path, clean: Any, value: str
) -> None:
    variables = dict.fromkeys(known_variables(), value)
    # Found in the environment of an AWS Lambda, where it adds a header.
    surroundings = {**variables, "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793"}
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        del surroundings[name]  # then the files of the home are read
    assert used(s3_config, s3_server, {**surroundings, "HOME": str(home)}) == clean


@pytest.mark.usefixtures("proxies")
def test_with_keys_given_files_that_cannot_be_parsed_are_not_noticed(
    s3_config: StorageConfig, s3_server: S3Server, home: Path, clean: Any
) -> None:
    for name in ("config", "credentials"):
        (home / ".aws" / name).write_bytes(b"[default\n\xff\xfe = ")
    named = {
        "AWS_CONFIG_FILE": str(home / ".aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws" / "credentials"),
        "AWS_DATA_PATH": str(home / ".aws" / "models"),
        "AWS_PROFILE": "left-over",
    }
    assert used(s3_config, s3_server, {**named, "HOME": str(home)}) == clean
