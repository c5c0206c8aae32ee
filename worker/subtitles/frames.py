"""Times that count frames, `00:00:01:12`, to seconds, before anything else is read."""

from __future__ import annotations

import re

from worker.subtitles.notes import Notes

_CLOCK = re.compile(r"(?<![\d:;.])(\d{2})[:;]([0-5]\d)[:;]([0-5]\d)[:;](\d{2})(?![\d:;])")
_RATE = re.compile(r"""frameRate\s*=\s*["'](\d{2,3})["']""")
_USUAL = (25, 30, 50, 60)
OF_TTML = (30, 60)  # its standard's own rate goes first
_PAIR = re.compile(rf"{_CLOCK.pattern}[^\d\n]{{1,12}}{_CLOCK.pattern}")


def in_fractions(text: str, notes: Notes, rates: tuple[int, ...] = _USUAL) -> str:
    """`text` with the frames of its times as fractions of a second, if it has pairs of such times:
    by the rate it names, else by the lowest of `rates`, which `notes` names."""
    if not _PAIR.search(text):
        return text
    named = _RATE.search(text[:4000])
    highest = max(int(found[4]) for found in _CLOCK.finditer(text))
    rate = int(named[1]) if named else next((r for r in rates if r > highest), 0)
    if rate <= highest:
        return text
    if not named:
        notes.say(
            f"has times in frames, of which {rate} were taken for a second: check it, or save it "
            "with milliseconds"
        )
    return _CLOCK.sub(lambda found: f"{found[1]}:{found[2]}:{found[3]}.{_ms(found[4], rate)}", text)


def _ms(frames: str, rate: int) -> str:
    return f"{int(frames) * 1000 // rate:03d}"
