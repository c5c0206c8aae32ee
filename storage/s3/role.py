"""What the machine's role gives where no keys are set: botocore's chain, asked once each call."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.credentials import InstanceMetadataProvider
from botocore.session import Session
from botocore.utils import InstanceMetadataFetcher, resolve_imds_endpoint_mode

from errors import StorageDenied, StorageUnavailable
from storage.s3.error_table import CREDENTIALS, WAIT

End = Callable[[], datetime | None]
_METADATA_URL = "http://169.254.169.254/"
_ROLE_PATH = "/latest/meta-data/iam/security-credentials/"
_PROBE_S = 1.0
_ADDRESS = "ec2_metadata_service_endpoint"
_DISABLED = "ec2_metadata_disabled"  # read by botocore, but not among its session's variables
_VARIABLES = {_DISABLED: (None, "AWS_EC2_METADATA_DISABLED", "false", str.lower)}


class _Instance(InstanceMetadataFetcher):  # type: ignore[misc]
    """Remembers when an instance's credentials end. botocore calls them good for up to 25 minutes
    more if they end soon, so as to go on trying during an outage of their source."""

    end: datetime | None = None

    def _evaluate_expiration(self, credentials: dict[str, Any]) -> None:
        self.end = datetime.fromisoformat(credentials["expiry_time"]).astimezone(UTC)
        super()._evaluate_expiration(credentials)


def ask_role(region: str | None) -> tuple[Any, End]:
    """Credentials that renew themselves, and what tells when the present ones end. `region`: of
    AWS's token service; None for the surroundings' own. Raises StorageDenied: there is no source of
    any; StorageUnavailable: there is one, which may give some later; BotoCoreError, ClientError: a
    source or AWS's own files are broken."""
    session = Session(session_vars=_VARIABLES)
    if region:
        session.set_config_variable("region", region)
    instance = _Instance(
        timeout=session.get_config_variable("metadata_service_timeout"),
        num_attempts=session.get_config_variable("metadata_service_num_attempts"),
        user_agent=session.user_agent(),
        config={
            _ADDRESS: session.get_config_variable(_ADDRESS),
            f"{_ADDRESS}_mode": resolve_imds_endpoint_mode(session),
            "ec2_metadata_v1_disabled": session.get_config_variable("ec2_metadata_v1_disabled"),
        },
    )
    chain = session.get_component("credential_provider")
    chain.insert_after("iam-role", InstanceMetadataProvider(instance))
    chain.remove("iam-role")  # the first of that name
    found = session.get_credentials()
    if found is not None:
        return found, lambda: _first(getattr(found, "_expiry_time", None), instance.end)
    may_give = session.get_config_variable(_DISABLED) != "true"
    if may_give and _may_come_back(session.get_config_variable(_ADDRESS)):
        raise StorageUnavailable("This machine's role gives no credentials.", WAIT)
    raise StorageDenied("There are no usable credentials.", CREDENTIALS)


def _first(*ends: datetime | None) -> datetime | None:
    return min((end.astimezone(UTC) for end in ends if end), default=None)


def _may_come_back(address: str | None) -> bool:
    """Whether a metadata service is there that fails; one without a role says so by 404."""
    parts = urlsplit(address or _METADATA_URL)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PROBE_S)
    try:
        connection.connect()
    except OSError:
        return address is not None
    try:
        connection.request("GET", parts.path.rstrip("/") + _ROLE_PATH)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return True
    finally:
        connection.close()
    return status in {200, 401, 429} or status >= 500
