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

from engine.chunk import Reference
from errors import TranscriptMissing
from worker.audio.clip import Clip, reference_clip, stretch_clip
from worker.audio.decode import decode
from worker.audio.recording import Recording
from worker.audio.resample import resample
from worker.settings.groups import VoiceConfig
from worker.subtitles.notes import Cue, one_line
from worker.subtitles.read import cut_share, parse
from worker.subtitles.transcript import Transcript
from worker.subtitles.words import spoken_letters
from worker.voices.choice import best_clip, traits_of
from worker.voices.located import Located, TranscriptFile
from worker.voices.record import HeardFacts

MODEL_RATE = 24_000
_MIN_RECUT_S = 3.0  # a reference shorter than this copies the voice badly
_SLACK_S = 0.15
_SLOWEST_LETTERS_PER_S = 6.0


@dataclass(frozen=True, eq=False)
class PreparedVoice(Reference):
    """A reference ready for the engine, its samples read-only.

    `source` says where it came from, without query strings; `clip_reason`, of a long recording, why
    this part of it was taken; `span`: from and to which second of it that is, None for its start.
    A voice without words has an empty `ref_text`.
    """

    source: str
    warnings: tuple[str, ...] = ()
    clip_reason: str = ""
    span: tuple[float, float] | None = None

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
    wanted = [*transcripts[:1], *[one for one in transcripts if one.timed][:1]]
    read = {one.key: one.read() for one in wanted}
    return [TranscriptFile(key, partial(bytes, body)) for key, body in read.items()]


def prepare_voice(
    located: Located,
    data: bytes,
    words: str | Sequence[TranscriptFile],
    config: VoiceConfig,
    *,
    best: bool = True,
    heard: HeardFacts | None = None,
) -> PreparedVoice:
    """Prepares the voice file `data`, bytes as stored.

    Args:
        words: what is said in it, on one line; or the transcripts that tell, read ahead: few voices
            are prepared at a time, and none shall wait for storage. None of them: a recogniser will
            hear the clip that is taken.
        best: of a long recording whose words have times take the best stretch; else, as f5-tts
            does, the first 12 s.
        heard: the clip whose words the first of the transcripts has, where a recogniser wrote it.

    Raises:
        VoiceUnusable: the file cannot be used.
        TranscriptMissing: the transcript is malformed.
    """
    recording = decode(data, max_seconds=config.max_seconds, max_bytes=config.max_bytes)
    clip = reference_clip(recording)
    warnings = [*located.warnings, *(f"Voice {located.name}: {w}" for w in recording.warnings)]
    if isinstance(words, str):
        chosen = _Chosen(clip, _cut_untimed(words, clip, "`ref_text`", located, warnings))
    else:
        chosen = _Words(words, recording, clip, located, warnings, heard).clip(best=best)
    clip = chosen.clip
    samples = resample(clip.samples, clip.sample_rate, MODEL_RATE)
    samples.setflags(write=False)
    return PreparedVoice(
        name=located.name,
        samples=samples,
        rms=clip.rms,
        seconds=clip.seconds,
        ref_text=with_full_stop(chosen.text) if chosen.text else "",
        content_hash=hashlib.sha256(samples.tobytes()).hexdigest(),
        source=located.source,
        warnings=tuple(warnings),
        clip_reason=chosen.reason,
        span=chosen.span,
    )


@dataclass(frozen=True)
class _Chosen:
    """A clip with its words; where it was chosen, why, and from and to which second it reaches."""

    clip: Clip
    text: str
    reason: str = ""
    span: tuple[float, float] | None = None


@dataclass(frozen=True)
class _Words:
    """A recording with the transcripts beside it, and the clip that f5-tts would take."""

    transcripts: Sequence[TranscriptFile]
    recording: Recording
    first: Clip
    located: Located
    warnings: list[str]
    heard: HeardFacts | None

    def clip(self, *, best: bool) -> _Chosen:
        """The clip to use."""
        if not self.transcripts:
            long = best and self.first.clipped
            return (long and self._best(())) or _Chosen(self.first, "")
        timed = [transcript for transcript in self.transcripts if transcript.timed]
        # A plain text is the user's own wording, but cannot be cut by time.
        chosen = timed[0] if self.first.clipped and timed else self.transcripts[0]
        transcript = parse(chosen.read(), chosen.key, self.recording.seconds)
        self.warnings.extend(transcript.warnings)
        if not self.first.clipped:
            return _Chosen(self.first, transcript.text)
        if not transcript.cues and self.heard:
            return self._as_heard(self.heard, transcript.text, best=best)
        if not transcript.cues:
            words = _cut_untimed(
                transcript.text, self.first, chosen.key, self.located, self.warnings
            )
            return _Chosen(self.first, words)
        return (best and self._best(transcript.cues)) or self._first(transcript)

    def _as_heard(self, heard: HeardFacts, words: str, *, best: bool) -> _Chosen:
        if heard.span is None:
            return _Chosen(self.first, words)
        if not best:
            self.warnings.append(
                f"Voice {self.located.name}: {heard.span[0]:.1f} to {heard.span[1]:.1f} s are "
                "used, not the first 12 s, since its words were heard there alone. Give `ref_text` "
                "and a reference under 12 s."
            )
        return _Chosen(stretch_clip(self.recording, *heard.span), words, span=heard.span)

    def _best(self, cues: Sequence[Cue]) -> _Chosen | None:
        choice = best_clip(traits_of(self.recording), cues)
        if choice is None:
            return None
        clip = stretch_clip(self.recording, choice.start, choice.end)
        if choice.doubts:
            self.warnings.append(
                f"Voice {self.located.name}: no part of the recording is clean; in the best, "
                f"{choice.start:.1f} to {choice.end:.1f} s, {', '.join(choice.doubts)}. Give a "
                "recording of speech alone, in a quiet room."
            )
        return _Chosen(clip, choice.words, choice.reason, (choice.start, choice.end))

    def _first(self, transcript: Transcript) -> _Chosen:
        return _Chosen(*_cut_timed(transcript, self.recording, self.first, self.warnings))


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
