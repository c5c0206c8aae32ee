"""Ceph's object gateway (RGW): one monitor, one OSD that keeps its objects in memory, one gateway.

The programs come from the PATH, or from below `.cache/ceph`, where `tools/ceph.sh` unpacks them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from standins.servers.real import RealServer, free_port
from standins.waiting import PATIENCE_S, until

UNPACKED = Path(__file__).parent.parent.parent / ".cache" / "ceph"
LEFT_OUT = (
    "Ceph is left out: there is no radosgw on the PATH, and none below .cache/ceph "
    "(tools/ceph.sh unpacks it there)"
)
_CONFIGURATION = """
[global]
fsid = {fsid}
mon_host = {monitor}
keyring = {directory}/keyring
run_dir = {directory}
admin_socket = {directory}/$name.asok
log_file = {directory}/$name.log
pid_file = {directory}/$name.pid
crash_dir = {directory}
mon_data = {directory}/mon
osd_data = {directory}/osd
{libraries}
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
ms_bind_ipv6 = false
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
mon_data_avail_crit = 0
mon_data_avail_warn = 0
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_crush_chooseleaf_type = 0
osd_pool_default_pg_autoscale_mode = off
rgw_frontends = beast endpoint=127.0.0.1:{rgw}
rgw_enable_usage_log = false
"""
_LIBRARIES = """
plugin_dir = {lib}/ceph
osd_class_dir = {lib}/rados-classes
erasure_code_dir = {lib}/ceph/erasure-code
"""


def is_available() -> bool:
    """Whether its programs are there."""
    return bool(_program("radosgw"))


class Ceph(RealServer):
    """A whole cluster in `directory`; its objects are in memory and gone with it."""

    name = "Ceph RGW"

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._processes: list[subprocess.Popen[bytes]] = []
        libraries = [UNPACKED / part for part in ("usr/lib", "lib")]
        paths = [lib / "x86_64-linux-gnu" for lib in libraries]
        paths.append(paths[0] / "ceph")
        unpacked = not shutil.which("radosgw")
        self._environment = dict(os.environ)
        if unpacked:
            self._environment["LD_LIBRARY_PATH"] = ":".join(map(str, paths))
            self._environment["PYTHONPATH"] = str(UNPACKED / "usr/lib/python3/dist-packages")
        self._fsid = str(uuid.uuid4())
        self._monitor = f"[v2:127.0.0.1:{free_port()},v1:127.0.0.1:{free_port()}]"
        (directory / "ceph.conf").write_text(
            _CONFIGURATION.format(
                directory=directory,
                fsid=self._fsid,
                monitor=self._monitor,
                rgw=self.port,
                libraries=_LIBRARIES.format(lib=paths[0]) if unpacked else "",
            )
        )

    def start(self) -> Ceph:
        """Starts all three; about fifteen seconds."""
        for name in ("mon", "osd"):
            (self._directory / name).mkdir()
        self._keys()
        keys, monitors = self._directory / "keyring", self._directory / "monmap"
        self._run(
            "monmaptool", "--create", "--fsid", self._fsid, "--addv", "a", self._monitor, monitors
        )
        self._run("ceph-mon", "--mkfs", "-i", "a", "--keyring", keys, "--monmap", monitors)
        self._start("ceph-mon", "-i", "a", "-f")
        self._ask("osd", "new", str(uuid.uuid4()), "0")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", self._osd_uuid())
        self._start("ceph-osd", "-i", "0", "-f")
        until(lambda: self._ask("osd", "stat", "-f", "json")["num_up_osds"] == 1, "Ceph's OSD")
        self.process = self._start("radosgw", "-n", "client.admin", "-f")
        self.until_listening()
        self._run(
            "radosgw-admin",
            "user",
            "create",
            "--uid=worker",
            "--display-name=worker",
            f"--access-key={self.access_key}",
            f"--secret-key={self.secret_key}",
        )
        return self

    def kill(self) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_S)
        self._processes.clear()
        self.process = None

    def _keys(self) -> None:
        """One file with everybody's keys."""
        keyring = self._directory / "keyring"
        caps = {
            "mon.": {"mon": "allow *"},
            "client.admin": {"mon": "allow *", "osd": "allow *", "mgr": "allow *"},
            "osd.0": {"mon": "allow profile osd", "osd": "allow *"},
        }
        for index, (name, allowed) in enumerate(caps.items()):
            options = [text for kind, cap in allowed.items() for text in ("--cap", kind, cap)]
            create = [] if index else ["--create-keyring"]
            self._run("ceph-authtool", keyring, *create, "--gen-key", "-n", name, *options)

    def _osd_uuid(self) -> str:
        return str(self._ask("osd", "dump", "-f", "json")["osds"][0]["uuid"])

    def _ask(self, *arguments: str) -> Any:
        """A command to the monitor, which is waited for."""
        text = self._run("ceph", *arguments, program=sys.executable)
        return json.loads(text) if "json" in arguments else text

    def _run(self, name: str, *arguments: str | Path, program: str = "") -> str:
        done = subprocess.run(
            self._command(name, arguments, program),
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, f"{name} {arguments}: {done.stderr[-2000:]}"
        return done.stdout

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._directory / f"{name}.out").open("wb") as log:
            process = subprocess.Popen(
                self._command(name, arguments, ""),
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)
        return process

    def _command(self, name: str, arguments: tuple[str | Path, ...], program: str) -> list[str]:
        found = _program(name)
        assert found, LEFT_OUT
        before = [program] if program and UNPACKED in Path(found).parents else []
        plain = name in {"ceph-authtool", "monmaptool"}
        configuration = [] if plain else ["-c", str(self._directory / "ceph.conf")]
        return [*before, found, *configuration, *map(str, arguments)]


def _program(name: str) -> str | None:
    unpacked = UNPACKED / "usr" / "bin" / name
    return shutil.which(name) or (str(unpacked) if unpacked.exists() else None)
