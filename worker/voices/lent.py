"""Voices in files of this machine. Only the command line lends them: a job's text never becomes a
path, so over the queue and HTTP there are none.

    path = path_meant("~/me.wav")     # what a user wrote: a file, or None for a name or a link
    voice = lent_voice(path, most)    # with the words in me.txt, me.srt or another beside it
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from errors import VoiceNotFound, VoiceUnusable, alike
from worker.subtitles.read import EXTENSIONS
from worker.voices.located import Located, TranscriptFile
from worker.voices.record import MAX_BYTES, SUFFIX, too_large
from worker.voices.stored import is_audio, loose_transcripts, split_transcript

_STARTS = ("/", "./", "../", "~")
_ALL_OF_IT = (".", "..")
_LINK = "file://"
_MOST_NAMES = 3


def path_meant(voice: str) -> Path | None:
    """The file that `voice` means on a command line; None where it is a name, a key or a link.

    A path is what begins like one (`./`, `../`, `/`, `~`, `file://`), and the name of an audio file
    that is there.

    Raises:
        VoiceNotFound: it begins like a path, and no file is there.
        VoiceUnusable: it is a folder or a device, or may not be read.
    """
    written = voice.strip()
    begins = written.startswith((*_STARTS, _LINK)) or written in _ALL_OF_IT
    if not begins and "://" in written:
        return None
    try:
        path = Path(unquote(written[len(_LINK) :]) if written.startswith(_LINK) else written)
        path = path.expanduser()
        there = path.is_file()
    except (OSError, RuntimeError, ValueError):  # too long a name, no such user
        path, there = Path(written), False
    if not begins and not (there and ("/" in written or is_audio(written))):
        return None
    if not there:
        raise _no_file(path)
    try:
        path.open("rb").close()
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    return path


def lent_voice(path: Path, max_bytes: int) -> Located:
    """The voice in the file at `path`, of at most `max_bytes`, and the transcripts beside it."""
    stat = path.stat()
    return Located(
        name=path.stem,
        source=written_path(path),
        stamp=f"{path}:{stat.st_size}:{stat.st_mtime_ns}",
        read=lambda: _bytes(path, max_bytes),
        beside=lambda: _beside(path),
        noted=lambda: _beside(path),
        stem=written_path(path.with_suffix("")),
        record=lambda: _record(path),
    )


def written_path(path: Path) -> str:
    """A path as messages have it: whole, on one line."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def _bytes(path: Path, most: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > most:
            raise VoiceUnusable(
                f"The voice {written_path(path)} has {size} bytes; at most {most} are allowed.",
                "Give a shorter or compressed file, or raise MAX_VOICE_BYTES.",
            )
        return path.read_bytes()
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def _beside(path: Path) -> Sequence[TranscriptFile]:
    """The transcripts of the file's name, in any case of letters, the preferred one first."""
    found: dict[str, Path] = {}
    there = {other.name: other for other in sorted(path.parent.iterdir(), reverse=True)}
    own = [name for name in there if split_transcript(name)[0] == path.stem]
    for name in [*own, *loose_transcripts(list(there))]:  # its own first; then small letters win
        stem, extension = split_transcript(name)
        if extension and stem.casefold() == path.stem.casefold() and there[name].is_file():
            found.setdefault(extension, there[name])
    known = [found[extension] for extension in EXTENSIONS if extension in found]
    return [TranscriptFile(written_path(each), each.read_bytes) for each in known]


def _record(path: Path) -> bytes | None:
    beside = path.with_name(path.stem + SUFFIX)
    if not beside.is_file():
        return None
    try:
        size = beside.stat().st_size
        if size > MAX_BYTES:
            raise too_large(written_path(beside), f"it has {size} bytes, at most {MAX_BYTES}.")
        return beside.read_bytes()
    except OSError as exc:
        raise _unreadable(beside, exc) from exc


def _unreadable(path: Path, exc: OSError) -> VoiceUnusable:
    return VoiceUnusable(
        f"The voice {written_path(path)} cannot be read ({exc.strerror or type(exc).__name__}).",
        "Check who may read it: `ls -l` shows that.",
    )


def _no_file(path: Path) -> VoiceNotFound | VoiceUnusable:
    try:
        if path.is_dir():
            names = _audio_in(path)
            hint = f"Name the audio file in it, as {names[0]}." if names else "No audio is in it."
            return VoiceUnusable(f"The voice {written_path(path)} is a folder.", hint)
        if path.exists():
            return VoiceUnusable(f"The voice {written_path(path)} is no file.", "Give a recording.")
        near = alike(path.name, _audio_in(path.parent), count=_MOST_NAMES, cutoff=0.5)
    except OSError:
        near = []
    hint = f"Nearest in that folder: {', '.join(near)}." if near else "Check the path."
    return VoiceNotFound(f"There is no file {written_path(path)}.", hint)


def _audio_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    names = sorted(each.name for each in folder.iterdir() if each.is_file())
    return [name for name in names if name.isprintable() and is_audio(name)]
