"""What stands around a recording in its file: a tag before it, other recordings behind it."""

from __future__ import annotations

from worker.audio import flac
from worker.audio.mpeg import behind_tag

_TAGGED = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"fLaC", b"OggS")
_MOST_PAGES = 200_000  # of an Ogg file that are looked at: 0.1 s
_HEAD, _FLAGS, _SEGMENTS = 27, 5, 26  # bytes of a page of Ogg
_BEGINS = 2  # the flag of a page that begins a stream


def bare(data: bytes) -> bytes:
    """`data` without a tag of mp3 in front of another kind, and without a flac's wrong count; BW64
    by its older name, RF64: that is what libraries know."""
    at = behind_tag(data)
    if at and data.startswith(_TAGGED, at):
        data = data[at:]
    if data.startswith(b"BW64") and data[8:12] == b"WAVE":
        data = b"RF64" + data[4:]
    return flac.mended(data) if data.startswith(b"fLaC") else data


def left_out(data: bytes) -> str:
    """A sentence about recordings that follow the first in an Ogg file and are not read."""
    others = _others(data) if data.startswith(b"OggS") else 0
    if not others:
        return ""
    return (
        f"It holds {others + 1} recordings one after another, of which the first was used. Join "
        "them: ffmpeg -i FILE voice.wav."
    )


def _others(data: bytes) -> int:
    """How many times streams begin anew behind the first ones."""
    count, at, begun = 0, 0, False
    for _ in range(_MOST_PAGES):
        at = data.find(b"OggS", at)
        if at < 0 or at + _HEAD > len(data):
            break
        begins = bool(data[at + _FLAGS] & _BEGINS)
        count += begins and begun
        begun = not begins
        lacing = at + _HEAD + data[at + _SEGMENTS]
        at = lacing + sum(data[at + _HEAD : lacing])
    return count
