"""What is wrong with a voice's sound and what its owner can do; for choices and reports alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from worker.audio.stretches import Judged

NOISY_DB = 22.0  # recorded speech without added noise has 23 to 36, with noise at -20 dB 18 to 21.7
UNSTEADY_DB = 6.0
HELD = 0.28  # speech, recorded or synthetic, has 0.02 to 0.16, with music 15 dB below it over 0.28
CLIPPED = 0.002
_LEAST_S = 3.0  # a shorter reference copies the voice badly
_QUIET_LUFS = -40.0
_NARROW_HZ = 5000  # a telephone's 3.4 kHz, and little more
_SLOW, _FAST = 5.0, 25.0  # letters a second
LITTLE_SPEECH = 0.5
LONG_PAUSE_S = 1.5
_NO_SPEECH_DB = 3.0  # speech is nowhere as even as this for 2.5 s; noise and hum are
NO_SPEECH = "noise, a hum or a tone, and no speech above it"
_TELLING_S = 2.5  # a vowel in a shorter clip may be held as music is


@dataclass(frozen=True)
class Advice:
    """`what` is wrong, a clause; `do`: a sentence on what helps; `row` of the report that shows it,
    "" for none."""

    what: str
    do: str
    row: str = ""

    def __str__(self) -> str:
        return f"{self.what[0].upper()}{self.what[1:]}. {self.do}"


@dataclass(frozen=True)
class _Rule:
    broken: Callable[[Judged], bool]
    what: Callable[[Judged], str]
    do: str


_MUSIC = _Rule(
    lambda found: found.held > HELD,
    lambda found: "it sounds like music or singing",
    "Give a recording of speech alone.",
)
_RULES = (
    _Rule(
        lambda found: is_noisy(found.background_db),
        lambda found: f"noise or music is only {found.background_db:.0f} dB below the voice",
        "Record in a quiet room, without music, close to the microphone.",
    ),
    _MUSIC,
    _Rule(
        lambda found: found.spread_db > UNSTEADY_DB,
        lambda found: f"its level differs by {found.spread_db:.0f} dB from second to second",
        "Keep the same distance to the microphone, and use no automatic gain.",
    ),
    _Rule(
        lambda found: is_clipped(found.clipped_share),
        lambda found: f"it is clipped ({found.clipped_share:.1%} of the samples)",
        "Turn the microphone's level down and record again.",
    ),
    _Rule(
        lambda found: has_little_speech(found.speech_share, found.background_db),
        lambda found: f"only {found.speech_share:.0%} of it is speech",
        "Cut the silence out.",
    ),
    _Rule(
        lambda found: found.pause_s > LONG_PAUSE_S,
        lambda found: f"it has a pause of {found.pause_s:.1f} s",
        "Cut the pause shorter: it is copied as a habit of the voice.",
    ),
)


def advice(found: Judged) -> Iterator[Advice]:
    """What is wrong with the sound of a stretch; nothing where it is good."""
    for rule in _RULES:
        if rule.broken(found):
            yield Advice(rule.what(found), rule.do)


def is_noisy(background_db: float) -> bool:
    """Whether noise or music, so many dB below the voice, is too loud to tell well which parts of a
    stretch are speech."""
    return background_db < NOISY_DB


def is_clipped(share: float) -> bool:
    """Whether that share of the samples, 0 to 1, is too much to be clipped."""
    return share > CLIPPED


def has_little_speech(share: float, background_db: float) -> bool:
    """Whether that share of a stretch is too little to be speech, where it can be told."""
    return share < LITTLE_SPEECH and not is_noisy(background_db)


def is_speechless(found: Judged) -> bool:
    """Whether a stretch is too even to hold speech: noise, a hum or a tone."""
    return found.background_db < _NO_SPEECH_DB


def not_speech(found: Judged, seconds: float) -> str | None:
    """Why a reference of that length seems to be none of a person who speaks, a sentence with what
    to do; None if it seems to be."""
    if is_speechless(found):
        return f"it seems to hold {NO_SPEECH}. Give a recording of speech."
    if seconds >= _TELLING_S and _MUSIC.broken(found):
        return f"{_MUSIC.what(found)}. {_MUSIC.do}"
    return None


def of_its_level(seconds: float, lufs: float | None, hertz: int) -> Iterator[Advice]:
    """What is wrong with a part of that length, level (None: not known) and bandwidth."""
    if seconds < _LEAST_S:
        yield Advice(
            f"only {seconds:.1f} s of sound are there", "Record 5 to 12 s of speech.", "used"
        )
    if lufs is not None and lufs < _QUIET_LUFS:
        yield Advice(
            f"it is very quiet ({lufs:.0f} LUFS)",
            "Raise the microphone's level, or speak closer to it.",
            "level",
        )
    if hertz < _NARROW_HZ:
        yield Advice(
            f"it holds nothing above {hertz / 1000:.1f} kHz, as on a telephone",
            "The result will be as muffled: use the original recording.",
            "bandwidth",
        )


def of_words(rate: float | None) -> Iterator[Advice]:
    """What is wrong with words of which so many letters are said a second; None: no words."""
    if rate is not None and not _SLOW <= rate <= _FAST:
        few = "few" if rate < _SLOW else "many"
        yield Advice(
            f"its words are too {few} for its sound ({rate:.0f} letters a second of speech)",
            "Give exactly what is said in the recording.",
            "words",
        )


def doubted(seconds: float, lufs: float | None, hertz: int, rate: float | None) -> set[str]:
    """Names of the report's rows that `of_its_level` and `of_words` say something of."""
    return {each.row for each in (*of_its_level(seconds, lufs, hertz), *of_words(rate))}


def doubted_sound(background_db: float, clipped_share: float, speech_share: float) -> set[str]:
    """Names of the report's rows that `advice` says something of."""
    rows = {
        "background": is_noisy(background_db),
        "peak": is_clipped(clipped_share),
        "speech": has_little_speech(speech_share, background_db),
    }
    return {name for name, bad in rows.items() if bad}
