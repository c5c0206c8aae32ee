"""Which part of a recording is cloned from, and the words said in it; for jobs and reports alike.

Of a recording over 12 s the best stretch is taken where its words can be cut to it: by the times of
a transcript, else by sentences and pauses where that is sure (`fitted.py`). Else the first 12 s, as
f5-tts takes them, with a guess at the words and a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from errors import TranscriptMissing
from worker.audio.clip import Clip, reference_clip, stretch_clip
from worker.audio.decode import cut_off, decode
from worker.audio.recording import Recording
from worker.audio.traits import Traits
from worker.phrases import here
from worker.settings.groups import VoiceConfig
from worker.subtitles.notes import Cue, text_of
from worker.subtitles.read import cut_share, parse
from worker.subtitles.transcript import Transcript
from worker.subtitles.words import spoken_letters
from worker.voices.choice import best_clip
from worker.voices.fitted import fitted
from worker.voices.located import TranscriptFile
from worker.voices.record import HeardFacts
from worker.voices.wish import Wish

Words = str | Sequence[TranscriptFile]

_MIN_RECUT_S = 3.0  # a reference shorter than this copies the voice badly
_SLACK_S = 0.15
_SLOWEST_LETTERS_PER_S = 6.0
_MOST_SHOWN = 200  # letters of the words, in a warning


@dataclass(frozen=True, eq=False)
class Part:
    """What is used of a recording.

    `words`: what is said in it, empty where that is not known; `reason`: why this part, empty where
    it is all; `warnings`: what was guessed, and what is wrong with it; `chosen`: where it was
    measured, seconds, with the pauses at its ends, which the clip lacks; None where it was not.
    """

    clip: Clip
    words: str
    reason: str = ""
    warnings: tuple[str, ...] = ()
    chosen: tuple[float, float] | None = None

    @property
    def span(self) -> tuple[float, float]:
        """From where to where it lies in the recording, seconds."""
        return self.clip.kept[0][0], self.clip.kept[-1][1]


@dataclass(frozen=True)
class PartOf:
    """Finds the part of one recording.

    `name` and `stem` (where transcripts are looked for) are for messages; `traits` measures the
    recording, asked for only where a part is chosen; `best`: not f5-tts's first 12 s; `heard`: the
    clip that the words are of, where a recogniser wrote them.
    """

    recording: Recording
    name: str
    stem: str
    traits: Callable[[], Traits]
    best: bool = True
    heard: HeardFacts | None = None

    def find(self, words: Words) -> Part:
        """The part with its words.

        Args:
            words: what is said in the recording, on one line; or the transcripts that tell, read
                ahead; empty where nobody knows.

        Raises:
            VoiceUnusable: it holds no sound, or lacks its end and no transcript says what is there.
            TranscriptMissing: the transcript is malformed.
        """
        if self.recording.lacks:
            return self._of_what_is_there(words)
        first = reference_clip(self.recording)
        transcript = self._transcript(words, first)
        said = transcript.warnings if transcript else ()
        if not first.clipped:
            return Part(first, transcript.text if transcript else "", "", said)
        if self.heard is not None and transcript is not None and not transcript.cues:
            return self._as_heard(self.heard, transcript, first)
        taken = self._best(transcript, first) if self.best else None
        part = taken or self._first(transcript, first)
        return replace(part, warnings=(*said, *part.warnings))

    def _of_what_is_there(self, words: Words) -> Part:
        """The part of a recording whose end is missing: what whole cues say of what is there."""
        recording = self.recording
        file = timed_of(words)
        transcript = parse(file.read(), file.key, recording.declared_s) if file else None
        cues = transcript.cues if transcript else ()
        there = [cue for cue in cues if cue.end <= recording.seconds + _SLACK_S]
        if file is None or transcript is None or not there:
            raise cut_off(recording.lacks, usable=True)
        end = there[-1].end
        warning = (
            f"Voice {self.name}: its file is cut off ({recording.lacks}); what is there was used "
            f"up to {end:.1f} s, where a segment of {file.key} ends. Upload the whole file again."
        )
        first = reference_clip(recording, end_s=end)
        said = replace(transcript, cues=tuple(there), text=text_of(there))
        part = (self.best and self._best(said, first)) or self._first(said, first)
        return replace(part, warnings=(*transcript.warnings, warning, *part.warnings))

    def _transcript(self, words: Words, first: Clip) -> Transcript | None:
        if not words:
            return None
        if isinstance(words, str):
            return Transcript(here("`ref_text`"), words)
        # A plain text is the user's own wording, but cannot be cut by time.
        chosen = (first.clipped and timed_of(words)) or words[0]
        return parse(chosen.read(), chosen.key, self.recording.seconds)

    def _as_heard(self, heard: HeardFacts, transcript: Transcript, first: Clip) -> Part:
        """The clip in which a recogniser heard the words, also where f5-tts would take another."""
        part, said = Part(first, transcript.text), transcript.warnings
        if heard.span is None or heard.span == part.span:
            return replace(part, warnings=said)
        start, end = heard.span
        if end > self.recording.seconds + _SLACK_S:
            beyond = (
                f"Voice {self.name}: its record says that its words were heard up to {end:.1f} s, "
                f"and it lasts {self.recording.seconds:.1f} s. Delete the words to have them heard "
                "anew."
            )
            return replace(part, warnings=(*said, beyond))
        if not self.best:
            warning = (
                f"Voice {self.name}: {start:.1f} to {end:.1f} s are used, not the first 12 s: "
                f"its words were heard there. Give {here('`ref_text`')} and a reference under 12 s."
            )
            said = (*said, warning)
        clip = stretch_clip(self.recording, start, end)
        reason = f"The words are those heard from {start:.1f} to {end:.1f} s."
        return Part(clip, transcript.text, reason, said)

    def _best(self, transcript: Transcript | None, first: Clip) -> Part | None:
        cues, warnings = tuple[Cue, ...](), list[str]()
        if transcript is not None:
            if not transcript.cues and _words_of(first, transcript.text):
                return None
            cues = transcript.cues or fitted(transcript.text, self.traits())
            if not cues:
                return None
        choice = best_clip(self.traits(), cues)
        if choice is None:
            return None
        if choice.doubts:
            warnings.append(
                f"Voice {self.name}: no part of the recording is clean; in the best, "
                f"{choice.start:.1f} to {choice.end:.1f} s, {', '.join(choice.doubts)}. Give a "
                "recording of speech alone, in a quiet room."
            )
        if transcript is not None and not transcript.cues:
            warnings.append(
                f"Voice {self.name} is longer than 12 s and {transcript.key} has no times: by its "
                f"pauses, {choice.start:.1f} to {choice.end:.1f} s are used and taken to say "
                f"“{_shown(choice.words)}”. If that is not said there, {self._cure()}."
            )
        if transcript is not None and transcript.cues and choice.in_sound:
            warnings.append(
                f"Voice {self.name}: {choice.start:.1f} to {choice.end:.1f} s are used, where "
                f"{transcript.key} has whole lines, but somebody speaks at an end of that: its "
                "times may be wrong. Correct them, or give a reference under 12 s with its words."
            )
        clip = stretch_clip(self.recording, choice.start, choice.end)
        span = (choice.start, choice.end)
        return Part(clip, choice.words, choice.reason, tuple(warnings), span)

    def _first(self, transcript: Transcript | None, first: Clip) -> Part:
        warnings: list[str] = []
        clip, words = first, ""
        if transcript is not None and transcript.cues:
            clip, words = _cut_timed(transcript, self.recording, first, warnings)
        elif transcript is not None:
            words = self._cut_untimed(transcript, first, warnings)
        reason = f"The first {clip.kept[-1][1]:.1f} s were taken, as f5-tts does."
        return Part(clip, words, reason, tuple(warnings))

    def _cut_untimed(self, transcript: Transcript, clip: Clip, warnings: list[str]) -> str:
        if _words_of(clip, transcript.text):
            warnings.append(
                f"Voice {self.name} is longer than 12 s: the first {clip.kept[-1][1]:.1f} s are "
                f"used, and {transcript.key}, which is short for all of it, is taken for the words "
                f"of that part. If it is not, {self._cure()}."
            )
            return transcript.text
        words = cut_share(transcript.text, clip.share)
        warnings.append(
            f"Voice {self.name} is longer than 12 s: the first {clip.kept[-1][1]:.1f} s are used, "
            f"and of {transcript.key} about the first {clip.share:.0%}, which is a guess (to "
            f"“{words[-40:]}”). {self._cure(True)}."
        )
        return words

    def _cure(self, begins: bool = False) -> str:
        put = "Put" if begins else "put"
        return (
            f"{put} {self.stem or 'NAME'}.srt beside it, or give a reference under 12 s with "
            "exactly its words"
        )


def recorded(data: bytes, words: Words, config: VoiceConfig, wish: Wish) -> Recording:
    """A voice file decoded as jobs that `wish` so have it; cut off, where `words` have times.

    Raises:
        VoiceUnusable: as `decode`.
    """
    return decode(
        data,
        max_seconds=config.max_seconds,
        max_bytes=config.max_bytes,
        mend=wish.mend,
        partial=timed_of(words) is not None,
        channel=wish.part.channel,
    )


def said_of(recording: Recording, name: str) -> list[str]:
    """What was done to read a voice's recording, as warnings that name the voice."""
    return [f"Voice {name}: {warning}" for warning in recording.warnings]


def timed_of(words: Words) -> TranscriptFile | None:
    """The transcript that tells when its words are said, if there is one."""
    return None if isinstance(words, str) else next((one for one in words if one.timed), None)


def _words_of(clip: Clip, text: str) -> bool:
    """True if these are the words of the clip alone, as f5-tts's users give them: nobody would
    speak so slowly for the whole recording."""
    return spoken_letters(text) < _SLOWEST_LETTERS_PER_S * clip.seconds / clip.share


def _shown(words: str) -> str:
    return words if len(words) <= _MOST_SHOWN else f"{words[:_MOST_SHOWN]}…"


def _cut_timed(
    transcript: Transcript, recording: Recording, clip: Clip, warnings: list[str]
) -> tuple[Clip, str]:
    """Words within the clip; audio is cut back to the end of a cue rather than within one."""
    end = clip.kept[-1][1]
    begun = [cue for cue in transcript.cues if cue.start < end - _SLACK_S]
    whole = [cue for cue in begun if cue.end <= end + _SLACK_S]
    if not begun:
        raise TranscriptMissing(
            f"The transcript {transcript.key} has no words in the first {end:.1f} s, which are "
            "used of the voice.",
            f"Correct its times, or give {here('`ref_text`')} and a reference under 12 s.",
        )
    if len(whole) < len(begun):
        last = max((cue.end for cue in whole), default=0.0)
        if last - clip.kept[0][0] >= _MIN_RECUT_S:
            return reference_clip(recording, end_s=last), text_of(whole)
        broken = next(cue for cue in begun if cue not in whole)
        share = (end - broken.start) / (broken.end - broken.start)
        warnings.append(
            f"{transcript.key} has one segment of {broken.end - broken.start:.1f} s, longer than "
            "the reference: its words were cut by a guess. Split it into sentences."
        )
        return clip, f"{text_of(whole)} {cut_share(broken.text, share)}".strip()
    return clip, text_of(whole)
