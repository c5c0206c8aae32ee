"""Voice files to samples: wav, flac, mp3, ogg, aiff with soundfile, others with FFmpeg.

Everything is bounded before it is in memory: bytes by the source's size, seconds by the header, and
because headers can lie, by counting while blocks are read. A recording passes in blocks: of ten
minutes stay their loudness and the first half minute (`Recording`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from errors import VoiceUnusable
from worker.audio import mpeg, riff, sizes
from worker.audio.apart import may_be_mp3
from worker.audio.condition import AS_IT_IS, Balance, Cure, louder
from worker.audio.containers import accepted, container, is_known
from worker.audio.opening import opened, unreadable_kind
from worker.audio.parts import bare, left_out
from worker.audio.pcm import Pcm, integers
from worker.audio.recording import Recording, Survey
from worker.audio.sniff import other_kind
from worker.audio.source import UNKNOWN_FRAMES, Header, Source, Undecodable, sample_type
from worker.phrases import here
from worker.threads import Abandoned, current_stop

MIN_SECONDS = 0.3
MAX_CHANNELS = 16
MIN_RATE, MAX_RATE = 4_000, 384_000
MAX_DECODED_BYTES = 1 << 28  # more would take long; it is never in memory as a whole
SILENCE_PEAK = 1e-4  # of full scale, -80 dB

_FLOATS = ("FLOAT", "DOUBLE")  # what is lossy goes beyond full scale by its nature, a little
_LOSSY_SHARE = 0.98  # mp3 headers count encoder padding that the decoder drops,
_LOSSY_SLACK_S = 0.1  # and others what an encoder puts before the first sample


class Silent(VoiceUnusable):
    """The file was read, `seconds` long, and nothing in it is louder than `peak` of full scale;
    `warnings`: which of its tracks was read."""

    def __init__(self, seconds: float, peak: float, warnings: tuple[str, ...] = ()) -> None:
        hint = " ".join((f"Check the recording and {here('upload it again')}.", *warnings))
        super().__init__("The voice file is silent.", hint)
        self.seconds, self.peak = seconds, peak


@dataclass(frozen=True)
class _How:
    """What is done for a file beyond reading it, as `decode` says."""

    mend: bool
    partial: bool
    channel: int | None


def decode(
    data: bytes,
    *,
    max_seconds: float,
    max_bytes: int,
    mend: bool = True,
    partial: bool = False,
    channel: int | None = None,
) -> Recording:
    """Decodes a voice file once from end to end; what it holds is read again where it is long.

    Args:
        mend: change what keeps a listener's voice from being one (`condition`); f5-tts does not.
        partial: take a file whose end is missing: `Recording.lacks` says so.
        channel: the one, counted from 1, that is taken alone; None: all of them, mixed.

    Raises:
        VoiceUnusable: empty, larger or longer than allowed, not audio, cut off, silent, too short,
            or with NaN or infinite samples.
        Abandoned: nobody waits for it any more.
    """
    if len(data) > max_bytes:
        raise VoiceUnusable(
            f"The voice file has {len(data)} bytes; at most {max_bytes} are allowed.",
            "Give a shorter or compressed file, or raise MAX_VOICE_BYTES.",
        )
    if not data:
        raise VoiceUnusable("The voice file is empty (0 bytes).", f"{here('Upload it again')}.")
    if other := unreadable_kind(data) or other_kind(data):
        what, hint = other
        raise VoiceUnusable(f"The voice file is {what}, which cannot be read as audio.", hint)
    data = bare(data)
    file = sizes.mended(data) or riff.mended(data)
    if file.lacks and not (partial and file.declared_s):
        raise cut_off(file.lacks, usable=file.declared_s > 0)
    # Sound of another kind may look like a few frames of mp3: 24 bits of a quiet voice do.
    mpeg_only = may_be_mp3(file.data) and not is_known(file.data)
    readable = mpeg.mended(file.data) if mpeg_only else file.data
    recording = _surveyed(readable, max_seconds, _How(mend, partial, channel))
    if file.lacks:
        recording = replace(recording, lacks=file.lacks, declared_s=file.declared_s)
    told = tuple(filter(None, (file.warning, left_out(data))))
    recording = replace(recording, warnings=(*recording.warnings, *told))
    if recording.seconds < MIN_SECONDS:
        raise VoiceUnusable(
            f"The voice file holds {recording.seconds:.2f} s of audio; at least {MIN_SECONDS} s "
            "are needed.",
            "Record 5 to 12 s of speech.",
        )
    if recording.peak < SILENCE_PEAK:
        raise Silent(recording.seconds, recording.peak, recording.warnings)
    return recording


def _surveyed(data: bytes, max_seconds: float, how: _How) -> Recording:
    """The recording, read again where its channels or its level need a cure."""
    read = functools.partial(_read, data, max_seconds, lacking=how.partial)
    try:
        asked = AS_IT_IS if how.channel is None else Cure(channel=how.channel - 1)
        recording, balance = read(asked)
        if not how.mend:
            return recording
        cure = balance.cure()
        if cure is AS_IT_IS:
            cure = asked
        else:
            cure = cure if how.channel is None else replace(cure, channel=asked.channel)
            recording, _ = read(cure)
        raised = louder(recording.levels, cure)
        if raised is not cure and recording.peak >= SILENCE_PEAK:
            recording, _ = read(raised)
    except Undecodable as exc:
        raise _undecodable(exc, data) from exc
    return recording


def _read(
    data: bytes, max_seconds: float, cure: Cure, *, lacking: bool
) -> tuple[Recording, Balance]:
    with opened(data) as source:
        header = source.header
        _, width = sample_type(header.subtype)
        most = _most_frames(header, max_seconds)
        if (cure.channel or 0) >= header.channels:
            raise _no_channel(cure, header)
        channels = cure.channels(header.channels)
        survey, balance = Survey(width, header.rate, channels), Balance(width, channels)
        floats = balance.measure if header.subtype in _FLOATS else None
        for block in _blocks(source, cure, floats):
            survey.add(block)
            balance.add(block)
            if survey.frames > most:
                raise _too_long(survey.frames / header.rate, max_seconds)
    lacks = _missing(header, survey.frames)
    usable = bool(lacks) and _ends_early(data, source)
    if lacks and not (lacking and usable):
        raise cut_off(lacks, usable=usable)
    recording = survey.recording(_extension(header), lambda: _again(data, cure))
    declared_s = header.frames / header.rate if lacks else 0.0
    warnings = (*_of_tracks(header), *cure.warnings)
    recording = replace(recording, warnings=warnings, lacks=lacks, declared_s=declared_s)
    return recording, balance


def _of_tracks(header: Header) -> Iterator[str]:
    if header.tracks > 1:
        yield (
            f"It has {header.tracks} sound tracks; number {header.track} was used. For another: "
            "ffmpeg -i FILE -map 0:a:N voice.wav, with N from 0."
        )
    if header.late:
        yield (
            f"Its sound begins {header.late:.2f} s after its start; all times count from there. "
            "Move those of its transcript, if they were made for the picture."
        )


def _blocks(
    source: Source, cure: Cure, measure: Callable[[NDArray[Any]], None] | None = None
) -> Iterator[Pcm]:
    """The file's samples, which `measure` is shown before they are integers; ends early with
    Abandoned where nobody waits for them any more."""
    stop = current_stop()
    _, width = sample_type(source.header.subtype)
    for block in source.blocks():
        if stop.is_set:
            raise Abandoned
        applied = cure.applied(block)
        if measure is not None:
            measure(applied)
        yield integers(applied, width)


def _again(data: bytes, cure: Cure) -> Generator[Pcm, None, None]:
    """The samples of a file that was decoded before, from its start."""
    try:
        with opened(data) as source:
            yield from _blocks(source, cure)
    except Undecodable as exc:
        raise _undecodable(exc, data) from exc


def _most_frames(header: Header, max_seconds: float) -> int:
    """How many frames the file may turn out to have."""
    rate, channels = header.rate, header.channels
    if not MIN_RATE <= rate <= MAX_RATE or not 0 < channels <= MAX_CHANNELS:
        raise VoiceUnusable(
            f"The voice file has {channels} channels at {rate} Hz.",
            f"Accepted are 1 to {MAX_CHANNELS} channels at {MIN_RATE} to {MAX_RATE} Hz.",
        )
    known = header.frames < UNKNOWN_FRAMES
    limit = int(max_seconds * rate)
    if known and header.frames > limit:
        raise _too_long(header.frames / rate, max_seconds)
    most = min(limit, MAX_DECODED_BYTES // (4 * channels))
    if known and header.frames > most:
        raise VoiceUnusable(
            f"The voice file holds {header.frames * channels} samples in {channels} channels; at "
            f"most {most * channels} are read.",
            "Give a shorter file, in mono: ffmpeg -i FILE -t 60 -ac 1 voice.wav.",
        )
    return most


def _missing(header: Header, frames: int) -> str:
    """How much of the file is there, a clause; empty where it is whole."""
    known = header.frames < UNKNOWN_FRAMES
    least = header.frames
    if not header.subtype.startswith("PCM"):
        least = min(int(least * _LOSSY_SHARE), least - int(_LOSSY_SLACK_S * header.rate))
    if not known or frames >= least:
        return ""
    return f"{frames / header.rate:.2f} of {header.frames / header.rate:.2f} s are there"


def _ends_early(data: bytes, source: Source) -> bool:
    """Whether what is missing of a file that was read is known to be missing at its end."""
    form = source.header.form
    sure = form == form.lower() or form == "FLAC"  # by FFmpeg's names, in small letters
    return not source.gaps and (sure or (form == "MP3" and mpeg.unbroken(data)))


def _no_channel(cure: Cure, header: Header) -> VoiceUnusable:
    count = header.channels
    return VoiceUnusable(
        f"The voice file has {count} channel{'s' * (count > 1)}; there is no channel "
        f"{(cure.channel or 0) + 1}.",
        "Give a `channel` that it has, or leave it out to mix all.",
    )


def _undecodable(error: Undecodable, data: bytes) -> VoiceUnusable:
    if error.opened:
        return VoiceUnusable(
            f"The voice file is damaged or cut off ({error.reason}).",
            "Upload the whole file again, or convert it: ffmpeg -i FILE voice.wav.",
        )
    if found := container(data):
        return VoiceUnusable(
            f"The voice file looks like {found.what}, but cannot be read as one ({error.reason}).",
            "Upload the whole file again, or convert it: ffmpeg -i FILE -ac 1 voice.wav.",
        )
    return VoiceUnusable(
        f"The voice file cannot be read as audio ({error.reason}).",
        accepted(),
    )


def _too_long(seconds: float, max_seconds: float) -> VoiceUnusable:
    return VoiceUnusable(
        f"The voice file lasts {seconds:.1f} s or more; at most {max_seconds:g} s are allowed.",
        "Cut it; about 12 s are used. Or raise MAX_VOICE_SECONDS.",
    )


def cut_off(lacks: str, *, usable: bool) -> VoiceUnusable:
    """The error for a file whose end is missing. `usable`: with timed words, what is there
    would be used."""
    words = "put its words beside it with their times (NAME.srt): then what is there is used."
    convert = "make a whole one of what is there: ffmpeg -i FILE voice.wav, with its words."
    return VoiceUnusable(
        f"The voice file is cut off: {lacks}.",
        f"Upload the whole file again, or {words if usable else convert}",
    )


def _extension(header: Header) -> str:
    if header.form == "OGG":
        return "opus" if header.subtype == "OPUS" else "ogg"
    known = {
        "WAV": "wav",
        "WAVEX": "wav",
        "RF64": "wav",
        "FLAC": "flac",
        "MP3": "mp3",
        "AIFF": "aiff",
    }
    return known.get(header.form, header.form.lower())
