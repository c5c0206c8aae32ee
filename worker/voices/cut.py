"""The clip of a recording that a job asks for by its times, and the words in it.

The words are given beside it, or come of a transcript that says when they are said. Where the clip
cuts through a line of it, the clip is narrowed to the whole lines in it, with a warning; nothing is
guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from errors import TranscriptMissing, VoiceUnusable
from worker.audio.clip import exact_clip
from worker.audio.recording import Recording
from worker.phrases import here
from worker.subtitles.notes import Cue, text_of
from worker.subtitles.read import parse
from worker.subtitles.transcript import Transcript
from worker.voices.asked import MAX_CLIP_S, MIN_CLIP_S, Excerpt
from worker.voices.part import Part, Words, timed_of

_SLACK_S = 0.15  # by which a transcript's times may be off
_REACH_S = 0.2  # sound that they may leave out
_LEAST_NARROWED_S = 3.0
_ROUNDED_S = 0.05  # an end given with one decimal place may lie so far past the recording's


def asked_part(recording: Recording, part: Excerpt, words: Words, name: str) -> Part:
    """The clip and its words, empty where there are none: they are to be heard. `name` of the voice
    is for messages.

    Raises:
        VoiceUnusable: the recording does not go so far, or the clip is too long or short.
        TranscriptMissing: its words are not known.
    """
    found = _asked(recording, part, words, name)
    if not recording.lacks:
        return found
    warning = (
        f"Voice {name}: its file is cut off ({recording.lacks}); the clip is of what is there. "
        "Upload the whole file again."
    )
    return replace(found, warnings=(warning, *found.warnings))


def _asked(recording: Recording, part: Excerpt, words: Words, name: str) -> Part:
    start, end = _bounds(recording, part)
    if isinstance(words, str):
        return Part(exact_clip(recording, start, end), words)
    if not words:
        return Part(exact_clip(recording, start, end), "")
    timed = timed_of(words) or words[0]
    transcript = parse(timed.read(), timed.key, recording.declared_s or recording.seconds)
    if not transcript.cues:
        if start <= _SLACK_S and end >= recording.seconds - _SLACK_S:
            clip = exact_clip(recording, start, end)
            return Part(clip, transcript.text, warnings=transcript.warnings)
        raise TranscriptMissing(
            f"The words of {name} from {start:g} to {end:g} s are not known: {timed.key} "
            "has no times.",
            f"Give the clip its {here('`ref_text`')}, or put a transcript with times "
            "beside the voice.",
        )
    return _of_cues(recording, transcript, (start, end), name)


def _bounds(recording: Recording, part: Excerpt) -> tuple[float, float]:
    seconds, start = recording.seconds, part.start or 0.0
    end = seconds if part.end is None else part.end
    if max(start, end) > seconds + _ROUNDED_S:
        name = "end" if end > seconds else "start"
        raise VoiceUnusable(
            f"The recording lasts {seconds:.2f} s; the clip's `{name}` is {max(start, end):g}.",
            "Move the clip to where there is sound; `start` and `end` are seconds.",
        )
    end = min(end, seconds)
    if not MIN_CLIP_S - _ROUNDED_S <= end - start <= MAX_CLIP_S + 1e-6:
        raise VoiceUnusable(
            f"The clip from {start:g} to {end:.2f} s has {end - start:.2f} s; it must have "
            f"{MIN_CLIP_S:g} to {MAX_CLIP_S:g} s.",
            "Give an `end`." if part.end is None else "Move `start` or `end`.",
        )
    return start, end


def _of_cues(
    recording: Recording,
    transcript: Transcript,
    bounds: tuple[float, float],
    name: str,
) -> Part:
    cues, key, said = transcript.cues, transcript.key, transcript.warnings
    start, end = bounds
    heard = [cue for cue in cues if cue.start < end - _SLACK_S and cue.end > start + _SLACK_S]
    whole = [c for c in heard if c.start >= start - _SLACK_S and c.end <= end + _SLACK_S]
    if len(whole) == len(heard) and whole:
        return Part(exact_clip(recording, start, end), text_of(whole), warnings=said)
    if whole:
        first, last = _narrowed(cues, whole, bounds)
        if last - first >= _LEAST_NARROWED_S:
            narrowed = (
                f"Voice {name}: the clip was narrowed from {start:g} to {end:g} s to "
                f"{first:.2f} to {last:.2f} s, the whole lines of {key} in it. Give it its "
                f"{here('`ref_text`')} to have it as asked."
            )
            clip = exact_clip(recording, first, last)
            return Part(clip, text_of(whole), warnings=(*said, narrowed))
    raise TranscriptMissing(
        f"The clip of {name} from {start:g} to {end:g} s "
        + (_cut_lines(heard, key) if heard else f"has no words in {key}."),
        "Move `start` and `end` to where lines begin and end, or give the clip its "
        f"{here('`ref_text`')}.",
    )


def _cut_lines(heard: Sequence[Cue], key: str) -> str:
    shown = " and ".join(f"{cue.start:.2f} to {cue.end:.2f} s" for cue in (heard[0], heard[-1]))
    one = len(heard) == 1
    lines = f"{heard[0].start:.2f} to {heard[0].end:.2f} s" if one else shown
    return f"cuts through what {key} has from {lines}."


def _narrowed(
    cues: Sequence[Cue], whole: Sequence[Cue], bounds: tuple[float, float]
) -> tuple[float, float]:
    """From the first to the last whole line, with half of the gaps to their neighbours."""
    first, last = whole[0].start, whole[-1].end
    before = max((cue.end for cue in cues if cue.end <= first + 1e-6), default=0.0)
    after = min((cue.start for cue in cues if cue.start >= last - 1e-6), default=last + 1.0)
    return (
        max(bounds[0], first - min(_REACH_S, (first - before) / 2)),
        min(bounds[1], last + min(_REACH_S, (after - last) / 2)),
    )
