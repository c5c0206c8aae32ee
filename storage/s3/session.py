"""boto3 cut off from its surroundings: what it sends is decided by the arguments given here alone.

boto3 and botocore look for settings in profiles, files below `~/.aws` and some fifty AWS_*
variables, each of which can break a correct configuration or change where requests go. Here every
one of their variables gets its default; a proxy (HTTPS_PROXY) is all that is taken from outside.
tests/storage/test_isolation.py sets everything botocore knows and compares what is sent.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from storage.config import StorageConfig
    from storage.s3.endpoints import Endpoint


class _Descriptions(Loader):  # type: ignore[misc]
    """botocore's own descriptions of services; neither `~/.aws/models` nor boto3's additions."""

    @property
    def search_paths(self) -> list[str]:
        return [self.BUILTIN_DATA_PATH]


@lru_cache(maxsize=1)
def _descriptions() -> Loader:
    """Shared, with its cache: every client but the first is built in a sixth of the time, which
    counts for voices and models in other buckets."""
    return _Descriptions()


def open_client(
    endpoint: Endpoint, config: StorageConfig, credentials: Any, *, signed: bool = True
) -> BaseClient:
    """A client for `endpoint`; building the first one of a process takes about 0.1 s.
    `credentials`: botocore's, static or refreshed by themselves; None without `signed`. `signed`:
    False for a client that only says where objects are. Raises ValueError: botocore does not accept
    the endpoint."""
    session = boto3.session.Session(botocore_session=_isolated(credentials))
    client: BaseClient = session.client(
        "s3",
        region_name=endpoint.region,
        endpoint_url=endpoint.url,
        verify=str(config.ca_bundle) if config.ca_bundle else None,
        config=Config(
            signature_version="s3v4" if signed else UNSIGNED,
            s3={
                "addressing_style": endpoint.addressing,
                "payload_signing_enabled": True,  # else https with a Content-MD5 does without
                "us_east_1_regional_endpoint": "regional",
                "use_accelerate_endpoint": False,
                "use_dualstack_endpoint": False,
            },
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=config.connect_timeout_s,
            read_timeout=config.read_timeout_s,
            max_pool_connections=config.max_connections,
            tcp_keepalive=True,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            ignore_configured_endpoint_urls=True,
            user_agent=f"f5-tts-worker Boto3/{boto3.__version__}",
        ),
    )
    client.meta.events.register_last("before-call", _drop_trace_id)
    return client


def _isolated(credentials: Any) -> Session:
    """A session that reads no profile, no file and no variable of botocore's."""
    known: Mapping[str, tuple[Any, ...]] = Session.SESSION_VARIABLES
    alone = {name: (None, None, default, None) for name, (_, _, default, _) in known.items()}
    for name in ("config_file", "credentials_file"):
        alone[name] = (None, None, os.devnull, None)
    session = Session(session_vars=alone)
    store = session.get_component("config_store")
    store.set_config_variable("s3", {})  # a section with variables of its own
    store.set_config_variable("proxies_config", None)
    session.register_component("data_loader", _descriptions())
    given = SimpleNamespace(load_credentials=lambda: credentials)
    session.register_component("credential_provider", given)
    return session


def _drop_trace_id(params: dict[str, Any], **_: Any) -> None:
    """botocore adds the trace of an AWS Lambda function if the environment looks like one."""
    params["headers"].pop("X-Amzn-Trace-Id", None)
