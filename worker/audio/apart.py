"""Decodes mp3, and all that FFmpeg reads, in a process of its own.

libmpg123 writes what it thinks of a damaged file straight to standard error, where it would stand
between the worker's JSON lines, as many lines as the file asks for; libsndfile has no switch for
it. So whatever may be mp3 is decoded by a short-lived process whose standard error is discarded. It
also has bounds on memory and time and opens no file; one that crashes it ends one job only.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import Unexpected
from worker.audio.containers import Container
from worker.audio.source import Header, Source, Undecodable, sample_type
from worker.threads import Abandoned, current_stop

# One message: its kind, the length of what follows in 4 bytes, and that.
HEADER, BLOCK, FAULT, END = b"H", b"B", b"F", b"E"
LENGTH_BYTES = 4
GAPS = b"gaps"  # what END says of a file in which sound is missing

_ROOT = Path(__file__).parents[2]
_WITHOUT_MP3 = (b"RIFF", b"fLaC", b"OggS", b"FORM")
_MP3_IN_WAV = re.compile(rb"fmt .{4}(?:\x55\x00|\x00\x55)", re.DOTALL)  # format tag 0x55
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_TOO_LONG = (signal.SIGXCPU, signal.SIGALRM)


def may_be_mp3(data: bytes) -> bool:
    """Whether libsndfile might hand `data` to libmpg123."""
    return not data.startswith(_WITHOUT_MP3) or _MP3_IN_WAV.search(data) is not None


@contextmanager
def opened_apart(data: bytes, container: Container | None = None) -> Iterator[Source]:
    """The file `data`, decoded by a process that lives as long as the block.

    Args:
        container: what FFmpeg is to read it as; None: soundfile reads it.

    Raises:
        Undecodable: it cannot be read so, or it crashes its decoder; `blocks` raises it too.
        Unexpected: the decoder ended for another reason, such as a machine without memory.
        Abandoned: nobody waits for this work any more.
        OSError: the system starts no more processes.
    """
    command = [sys.executable, "-m", "worker.audio.apart_process"]
    if container:
        command.append(json.dumps(asdict(container)))
    process = subprocess.Popen(
        command,
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    stop = current_stop()
    try:
        with stop.ending(process.kill):
            yield _Apart(process, data)
    except (Undecodable, Unexpected, OSError) as exc:
        if stop.is_set:
            raise Abandoned from exc
        raise
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # it has not taken all of the file
                pipe.close()  # type: ignore[union-attr]
        process.wait()


class _Apart:
    """A file that another process decodes."""

    gaps = False

    def __init__(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process, self._stdout = process, process.stdout
        with suppress(BrokenPipeError):  # it has died; `_message` says so
            process.stdin.write(data)
            process.stdin.close()
        kind, body = self._message(opened=False)
        if kind == FAULT:
            raise Undecodable(body.decode(), opened=False)
        self.header = Header(**json.loads(body))

    def blocks(self) -> Iterator[NDArray[Any]]:
        dtype, _ = sample_type(self.header.subtype)
        while True:
            kind, body = self._message(opened=True)
            if kind == FAULT:
                raise Undecodable(body.decode(), opened=True)
            if kind == END:
                self.gaps = body == GAPS
                return
            yield np.frombuffer(body, dtype=dtype).reshape(-1, self.header.channels)

    def _message(self, *, opened: bool) -> tuple[bytes, bytes]:
        start = self._stdout.read(1 + LENGTH_BYTES)
        length = int.from_bytes(start[1:], "little")
        body = self._stdout.read(length)
        if len(start) <= LENGTH_BYTES or len(body) < length:
            code = self._process.wait()
            if code >= 0 or -code in _FROM_OUTSIDE:
                raise Unexpected(f"a decoder ended with exit code {code}")
            if -code in _TOO_LONG:
                raise Undecodable("it takes too long to decode", opened=opened)
            what = signal.Signals(-code).name
            raise Undecodable(f"its decoder was ended by {what}", opened=opened)
        return start[:1], body
