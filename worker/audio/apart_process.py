"""The process behind `apart`: a voice file on standard input, its samples on standard output.

python -m worker.audio.apart_process < voice.mp3
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO

import soundfile  # noqa: F401, before the bound on memory: it maps more than it uses

from worker.audio.apart import BLOCK, END, FAULT, HEADER, LENGTH_BYTES
from worker.audio.source import Undecodable, opened_here

MEMORY_BYTES = 256 << 20  # beside the file
PROCESSOR_S = 120  # 600 s of mp3 take about 4


def main() -> None:
    data = sys.stdin.buffer.read()
    _bound()
    out = sys.stdout.buffer
    try:
        with opened_here(data) as source:
            _send(out, HEADER, json.dumps(asdict(source.header)).encode())
            for block in source.blocks():
                _send(out, BLOCK, block.tobytes())
        _send(out, END)
    except Undecodable as exc:
        _send(out, FAULT, exc.reason.encode())
    except MemoryError:
        _send(out, FAULT, b"it takes too much memory")
    out.flush()


def _bound() -> None:
    """Bounds what a hostile file can make the decoder take."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S + 5))
    mapped = Path("/proc/self/statm")
    if mapped.exists():  # on Linux
        used = int(mapped.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))


def _send(out: IO[bytes], kind: bytes, body: bytes = b"") -> None:
    out.write(kind + len(body).to_bytes(LENGTH_BYTES, "little") + body)


if __name__ == "__main__":
    main()
