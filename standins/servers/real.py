"""What the tests need of any real S3 server; buckets are made through its own S3 API."""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import subprocess
from functools import cached_property
from pathlib import Path
from typing import Any

from standins.waiting import PATIENCE_S, until
from storage.config import StorageConfig

_HANDED_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")


class RealServer:
    """One server on loopback. `start` and `kill` may be called again and again; data stays."""

    name = "real"
    region = "us-east-1"

    def __init__(self, ca_bundle: Path | None = None) -> None:
        self.access_key = "TEST" + secrets.token_hex(8).upper()
        self.secret_key = secrets.token_hex(20)
        self.port = free_port()
        self.ca_bundle = ca_bundle
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.ca_bundle else 'http'}://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment a worker needs to use this server."""
        found = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }
        return found | ({"S3_CA_BUNDLE": str(self.ca_bundle)} if self.ca_bundle else {})

    def config(self, bucket: str, local_dir: Path) -> StorageConfig:
        """S3 mode on `bucket`, with patience for a busy machine."""
        return StorageConfig(
            mode="s3",
            local_dir=local_dir,
            bucket=bucket,
            endpoint_url=self.url,
            region=self.region,
            access_key_id=self.access_key,
            secret_access_key=self.secret_key,
            ca_bundle=self.ca_bundle,
            connect_timeout_s=60.0,
        )

    def make_bucket(self) -> str:
        """A fresh, empty bucket's name."""
        name = f"test-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=name)
        return name

    def put_raw(self, bucket: str, key: str, body: bytes) -> None:
        """Stores an object as any other program would."""
        self.client.put_object(Bucket=bucket, Key=key, Body=body)

    def raw_keys(self, bucket: str) -> list[str]:
        """Up to a thousand keys, sorted."""
        answer = self.client.list_objects_v2(Bucket=bucket)
        return sorted(item["Key"] for item in answer.get("Contents", []))

    @cached_property
    def client(self) -> Any:
        """A client of the tests' own, without anything of the worker's."""
        import boto3
        from botocore.config import Config

        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            verify=str(self.ca_bundle) if self.ca_bundle else None,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def until_listening(self) -> None:
        """Waits for the port to take connections."""

        def listening() -> bool:
            assert self.process is None or self.process.poll() is None, f"{self.name} ended"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return True
            return False

        until(listening, f"{self.name} listens")

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(PATIENCE_S)
            self.process = None


def free_port() -> int:
    """A port nobody listens on, and none of those that the system hands out by itself: it is free
    as well when a server that was killed starts again."""
    handed_out = int(_HANDED_OUT.read_text().split()[0])
    while True:
        port = secrets.choice(range(10_000, max(handed_out, 20_000)))
        with contextlib.suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            return port
