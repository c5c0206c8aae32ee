"""The process behind `apart`: a voice file on standard input, its samples on standard output.

python -m worker.audio.apart_process < voice.mp3
python -m worker.audio.apart_process '{"demuxer": "mov", ...}' < voice.m4a
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import IO

from worker.audio.apart import BLOCK, END, FAULT, GAPS, HEADER, LENGTH_BYTES
from worker.audio.containers import Container
from worker.audio.source import Source, Undecodable, opened_here

MEMORY_BYTES = 256 << 20  # beside the file
# 30 s of 48 kHz stereo take 0.1 to 0.3 s (mp3, aac, opus, wma, alac, ac3), the most that `decode`
# reads some 7 s; the rest is for slower machines.
PROCESSOR_S = 30
WALL_S = 300  # it waits for whoever takes its samples


def main() -> None:
    """Decodes standard input as the first argument says."""
    opened = _opener(sys.argv[1:])
    data = sys.stdin.buffer.read()
    _bound()
    out = sys.stdout.buffer
    try:
        with opened(data) as source:
            _send(out, HEADER, json.dumps(asdict(source.header)).encode())
            for block in source.blocks():
                _send(out, BLOCK, block.tobytes())
            _send(out, END, GAPS if source.gaps else b"")
    except Undecodable as exc:
        _send(out, FAULT, exc.reason.encode())
    except MemoryError:
        _send(out, FAULT, b"it takes too much memory")
    except Exception as exc:  # a library's own fault, brought out by this file
        _send(out, FAULT, f"its decoder failed with {type(exc).__name__}".encode())
    out.flush()


def _opener(arguments: list[str]) -> Callable[[bytes], AbstractContextManager[Source]]:
    """What opens the file. Its library is loaded now, before the bounds: it maps more than it uses,
    and from files."""
    if not arguments:
        import soundfile  # noqa: F401

        return opened_here
    from worker.audio.ffmpeg import opened_by_ffmpeg

    return partial(opened_by_ffmpeg, container=Container(**json.loads(arguments[0])))


def _bound() -> None:
    """Bounds what a hostile file can make the decoder take, and open: nothing."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S + 5))
    signal.alarm(WALL_S)
    mapped = Path("/proc/self/statm")
    if mapped.exists():  # on Linux
        used = int(mapped.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _send(out: IO[bytes], kind: bytes, body: bytes = b"") -> None:
    out.write(kind + len(body).to_bytes(LENGTH_BYTES, "little") + body)


if __name__ == "__main__":
    main()
