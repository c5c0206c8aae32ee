"""Does the planned length fit the words? Told before inference, at no cost.

A reference with wrong or missing words, or a length that was fixed, shows in characters a second:
of references with the right words it was 17 to 19, with half of them 10, with words that are not
in the sound 31 to 38.
"""

from __future__ import annotations

import re

from engine.chunk import Chunk
from engine.duration import WIDE, letters
from worker.quality.signals import LAGS_S, STRETCH_S

FASTEST, SLOWEST = 25.0, 5.0  # characters a second, of any voice; people read 12 to 20
SHORTEST_S = 1.5  # of a reference; one of a word or two is no voice
_UNEVEN = 1.5  # the pace of a part over that of the whole
_WORDS = re.compile(r"[^\W_]+")
FAR = 1.5  # times the voice's own pace, in either direction


def findings(chunk: Chunk, frames_per_s: float) -> tuple[str, ...]:
    """What is wrong with a chunk's planned length.

    Args:
        frames_per_s: mel frames a second.
    """
    own = letters(chunk.voice.ref_text) / (chunk.ref_frames / frames_per_s)
    planned = letters(chunk.text) / ((chunk.frames - chunk.ref_frames) / frames_per_s)
    if planned > FAR * own * chunk.parameters.speed:
        return ("too little time for its words",)
    if planned < own * chunk.parameters.speed / FAR and chunk.parameters.fix_duration is not None:
        return ("too much time for its words",)
    return ()


def letters_per_s(text: str, seconds: float) -> float:
    """How fast a chunk is spoken, by the letters that `engine.duration` counts."""
    return round(letters(text) / max(seconds, 0.1), 1)


def says_twice(text: str, seconds: float) -> bool:
    """True where the words themselves repeat within the time in which sound is looked at for it.

    "Twenty-nine, twenty twenty-four" sounds like a loop and is none.
    """
    plain = " ".join(_WORDS.findall(text.casefold()))
    pace = len(plain) / max(seconds, 0.1)
    size, reach = max(4, round(STRETCH_S * pace)), int(_UNEVEN * LAGS_S[1] * pace)
    last: dict[str, int] = {}
    for word in _WORDS.finditer(plain):
        start = word.start()
        piece = plain[start : start + size]
        if len(piece) < size:
            break
        if start - last.get(piece, -reach - 1) <= reach:
            return True
        last[piece] = start
    return False


def reference_warning(name: str, ref_text: str, seconds: float) -> str | None:
    """What is said of a voice that is very short, or whose words do not fit its sound."""
    if seconds < SHORTEST_S:
        return f"Voice {name} has {seconds:.1f} s of sound: little to copy. Give 5 to 12 s."
    pace = (len(ref_text.strip()) + 2 * len(WIDE.findall(ref_text))) / seconds
    if SLOWEST <= pace <= FASTEST:
        return None
    much = "many" if pace > FASTEST else "few"
    outcome = "rushed" if pace > FASTEST else "slow or repeated"
    return (
        f"The words of voice {name} are {much} for {seconds:.1f} s of audio "
        f"({pace:.0f} character{'' if round(pace) == 1 else 's'} "
        f"a second): speech may be {outcome}. Check that they match."
    )
