"""A voice file and its words to the model's reference: clipped audio, and only the words in it.

f5-tts clips a reference to about 12 s but keeps whatever text it is given; a whole transcript
against clipped audio makes rushed or broken speech. Here the words are cut with the audio: by the
times of a transcript that has some, else in proportion and with a warning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.chunk import Reference, Samples
from errors import TranscriptMissing
from worker.audio.clip import Clip, reference_clip, stretch_clip
from worker.audio.decode import decode
from worker.audio.level import CEILING, to_loudness
from worker.audio.recording import Recording
from worker.audio.resample import resample
from worker.settings.groups import VoiceConfig
from worker.subtitles.notes import Cue, one_line
from worker.subtitles.read import cut_share, parse
from worker.subtitles.transcript import Transcript
from worker.subtitles.words import spoken_letters
from worker.voices.asked import WHOLE, Part
from worker.voices.choice import best_clip, traits_of
from worker.voices.cut import asked_clip
from worker.voices.located import Located, TranscriptFile

MODEL_RATE = 24_000
_MIN_RECUT_S = 3.0  # a reference shorter than this copies the voice badly
_SLACK_S = 0.15
_SLOWEST_LETTERS_PER_S = 6.0


@dataclass(frozen=True, eq=False)
class PreparedVoice(Reference):
    """A reference ready for the engine, its samples read-only.

    `source` says where it came from, without query strings; `clip_reason`, of a long recording, why
    this part of it was taken.
    """

    source: str
    warnings: tuple[str, ...] = ()
    clip_reason: str = ""

    @property
    def nbytes(self) -> int:
        """Memory it takes, bytes, about."""
        return self.samples.nbytes + 4 * len(self.ref_text) + 1024


def with_full_stop(text: str) -> str:
    """f5-tts's rule for a reference's words (preprocess_ref_audio_text)."""
    if text.endswith((". ", "。")):
        return text
    return f"{text} " if text.endswith(".") else f"{text}. "


def read_ahead(transcripts: Sequence[TranscriptFile]) -> Sequence[TranscriptFile]:
    """Those that may be needed, the preferred one first, read from where they are."""
    wanted = [transcripts[0], *[one for one in transcripts if one.timed][:1]]
    read = {one.key: one.read() for one in wanted}
    return [TranscriptFile(key, partial(bytes, body)) for key, body in read.items()]


def prepare_voice(
    located: Located,
    data: bytes,
    words: str | Sequence[TranscriptFile],
    config: VoiceConfig,
    *,
    best: bool = True,
    part: Part = WHOLE,
) -> PreparedVoice:
    """Prepares the voice file `data`, bytes as stored.

    Args:
        words: what is said in it, on one line; or the transcripts that tell, at least one, read
            ahead: few voices are prepared at a time, and none shall wait for storage.
        best: of a long recording whose words have times take the best stretch; else, as f5-tts
            does, the first 12 s.
        part: what of it is asked for.

    Raises:
        VoiceUnusable: the file cannot be used.
        TranscriptMissing: the transcript is malformed.
    """
    recording = decode(
        data, max_seconds=config.max_seconds, max_bytes=config.max_bytes, channel=part.channel
    )
    warnings = [*located.warnings, *(f"Voice {located.name}: {w}" for w in recording.warnings)]
    reason = ""
    if part.cut:
        clip, text = asked_clip(recording, part, words, located, warnings)
    else:
        clip = reference_clip(recording)
        if isinstance(words, str):
            text = _cut_untimed(words, clip, "`ref_text`", located, warnings)
        else:
            of_words = _Words(words, recording, clip, located, warnings)
            clip, text, reason = of_words.clip(best=best)
    text = with_full_stop(text)
    samples, rms = resample(clip.samples, clip.sample_rate, MODEL_RATE), clip.rms
    if part.loudness is not None:
        samples = _at_loudness(samples, part.loudness, located, warnings)
        rms = float(np.sqrt(np.mean(np.square(samples))))
    samples.setflags(write=False)
    return PreparedVoice(
        name=located.name,
        samples=samples,
        rms=rms,
        seconds=clip.seconds,
        ref_text=text,
        content_hash=hashlib.sha256(samples.tobytes()).hexdigest(),
        source=located.source,
        warnings=tuple(warnings),
        clip_reason=reason,
    )


def _at_loudness(samples: Samples, wanted: float, located: Located, warnings: list[str]) -> Samples:
    made = to_loudness(samples, MODEL_RATE, wanted, CEILING)
    if made.lufs is None or made.misses(wanted):
        has = "cannot be measured" if made.lufs is None else f"has {made.lufs:.1f} LUFS"
        warnings.append(
            f"Voice {located.name}: the reference {has}, not the {wanted:g} of its `loudness`: it "
            "is too short, or its peaks allow no more. Ask for less, or leave it out."
        )
    return made.samples


@dataclass(frozen=True)
class _Words:
    """A recording with the transcripts beside it, and the clip that f5-tts would take."""

    transcripts: Sequence[TranscriptFile]
    recording: Recording
    first: Clip
    located: Located
    warnings: list[str]

    def clip(self, *, best: bool) -> tuple[Clip, str, str]:
        """The clip to use, its words, and why it was taken, if it was chosen."""
        timed = [transcript for transcript in self.transcripts if transcript.timed]
        # A plain text is the user's own wording, but cannot be cut by time.
        chosen = timed[0] if self.first.clipped and timed else self.transcripts[0]
        transcript = parse(chosen.read(), chosen.key, self.recording.seconds)
        self.warnings.extend(transcript.warnings)
        if not self.first.clipped:
            return self.first, transcript.text, ""
        if not transcript.cues:
            words = _cut_untimed(
                transcript.text, self.first, chosen.key, self.located, self.warnings
            )
            return self.first, words, ""
        return (best and self._best(transcript)) or self._first(transcript)

    def _best(self, transcript: Transcript) -> tuple[Clip, str, str] | None:
        choice = best_clip(traits_of(self.recording), transcript.cues)
        if choice is None:
            return None
        clip = stretch_clip(self.recording, choice.start, choice.end)
        if choice.doubts:
            self.warnings.append(
                f"Voice {self.located.name}: no part of the recording is clean; in the best, "
                f"{choice.start:.1f} to {choice.end:.1f} s, {', '.join(choice.doubts)}. Give a "
                "recording of speech alone, in a quiet room."
            )
        return clip, choice.words, choice.reason

    def _first(self, transcript: Transcript) -> tuple[Clip, str, str]:
        return *_cut_timed(transcript, self.recording, self.first, self.warnings), ""


def _cut_untimed(text: str, clip: Clip, origin: str, located: Located, warnings: list[str]) -> str:
    if not clip.clipped:
        return text
    if spoken_letters(text) < _SLOWEST_LETTERS_PER_S * clip.seconds / clip.share:
        # Nobody speaks so slowly: these are the words of the clip, as f5-tts's users give them.
        return text
    stem = located.stem or "NAME"
    warnings.append(
        f"Voice {located.name} is longer than 12 s: the first {clip.kept[-1][1]:.1f} s are used, "
        f"and of {origin} about the first {clip.share:.0%}, which is a guess. Put {stem}.srt "
        "beside it, or give a reference under 12 s with exactly its words."
    )
    return cut_share(text, clip.share)


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
            "Correct its times, or give `ref_text` and a reference under 12 s.",
        )
    if len(whole) < len(begun):
        last = max((cue.end for cue in whole), default=0.0)
        if last - clip.kept[0][0] >= _MIN_RECUT_S:
            return reference_clip(recording, end_s=last), _joined(whole)
        broken = next(cue for cue in begun if cue not in whole)
        share = (end - broken.start) / (broken.end - broken.start)
        warnings.append(
            f"{transcript.key} has one segment of {broken.end - broken.start:.1f} s, longer than "
            "the reference: its words were cut by a guess. Split it into sentences."
        )
        return clip, f"{_joined(whole)} {cut_share(broken.text, share)}".strip()
    return clip, _joined(whole)


def _joined(cues: list[Cue]) -> str:
    return one_line(" ".join(cue.text for cue in cues))
