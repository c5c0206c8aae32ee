"""What a job asks of a voice beyond its name: which part of a recording, or several of them."""

from __future__ import annotations

from dataclasses import dataclass

MIN_CLIP_S, MAX_CLIP_S = 1.0, 12.0
MAX_CLIPS = 10

VoiceInput = str | dict[str, str]


@dataclass(frozen=True)
class Excerpt:
    """Which part of a recording is cloned from, and how loud; as it stands, what is usual.

    Attributes:
        start, end: seconds of the recording; None: its start, its end.
        channel: the one taken alone, counted from 1; None: all of them, mixed.
        loudness: LUFS that the reference is brought to; None: as it is recorded.
    """

    start: float | None = None
    end: float | None = None
    channel: int | None = None
    loudness: float | None = None

    @property
    def cut(self) -> bool:
        """Whether it is less than the whole recording."""
        return self.start is not None or self.end is not None


WHOLE = Excerpt()


@dataclass(frozen=True)
class Asked:
    """One recording of a job's voice: where it is, what of it, its words if they are given.

    `label`: the name that the job gives the voice, empty where it gives none.
    """

    voice: VoiceInput
    words: str | None = None
    part: Excerpt = WHOLE
    label: str = ""
