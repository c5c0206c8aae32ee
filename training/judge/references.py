"""What a recogniser hears in references: `python -m training.judge.references`.

espeak-ng (a Debian package) speaks references of one and two sentences in a dozen voices. Printed
are the word error rate of what is heard, seconds for 10 s of audio, and how often the check of
words against sound warns: of right transcripts it never should, of wrong ones it should.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from errors import ConfigError
from standins.spoken import SENTENCES
from training.data.espeak import HELD_OUT_VOICES, SAMPLE_RATE, TRAIN_VOICES, available, speak
from training.data.sentences import held_out
from worker.quality.listeners import RECOGNISERS, recogniser
from worker.quality.words import edits, plain_words
from worker.voices.compared import compared
from worker.voices.ears import Ears
from worker.voices.reference import PreparedVoice

VOICES = (*HELD_OUT_VOICES, *TRAIN_VOICES[:7])

Wrong = Callable[[str, str], str]
WRONG: Mapping[str, Wrong] = {
    "another text": lambda own, other: other,
    "the first half": lambda own, other: " ".join(own.split()[: len(own.split()) // 2]),
    "another text as well": lambda own, other: f"{own} {other}",
    "without its last three words": lambda own, other: " ".join(own.split()[:-3]),
}


def texts() -> list[str]:
    """43 texts: short sentences, and pairs of sentences, many of them hard words."""
    pairs = [*SENTENCES, *held_out(50, 3)]
    return [*SENTENCES, *(" ".join(pairs[i : i + 2]) for i in range(0, len(pairs), 2))]


def references() -> Iterator[PreparedVoice]:
    """Each text in two voices, with its own words."""
    for number, text in enumerate(texts()):
        for voice in {VOICES[number % len(VOICES)], VOICES[(number * 5 + 3) % len(VOICES)]}:
            samples = speak(text, voice.name, voice.pitch)
            digest = hashlib.sha256(samples.tobytes()).hexdigest()
            seconds = len(samples) / SAMPLE_RATE
            yield PreparedVoice(voice.name, samples, 0.1, seconds, text, digest, "espeak-ng")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m training.judge.references", description=__doc__
    )
    parser.add_argument("--asr", choices=RECOGNISERS, default="moonshine")
    parser.add_argument("--model", type=Path, help="folder of faster-whisper's model")
    options = parser.parse_args(arguments)
    try:
        listener = recogniser(options.asr, options.model)
    except ConfigError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 1
    if not available():
        sys.stderr.write("espeak-ng is not installed.\n")
        return 1
    voices = list(references())
    ears = Ears(None, lambda: listener)
    began = time.perf_counter()
    heard = [ears.hear(listener, voice, "en").text for voice in voices]
    took = time.perf_counter() - began
    audio = sum(voice.seconds for voice in voices)
    said = [plain_words(voice.ref_text) for voice in voices]
    wrong = sum(edits(own, plain_words(text)) for own, text in zip(said, heard, strict=True))
    words = sum(map(len, said))
    sys.stdout.write(
        f"{listener.name}: {len(voices)} references, {audio:.0f} s, {words} words, "
        f"{wrong / words:.1%} wrong, {10 * took / audio:.1f} s for 10 s of audio\n"
        f"warned of right transcripts: {_warned(ears, voices, lambda own, other: own)}\n"
    )
    for kind, make in WRONG.items():
        sys.stdout.write(f"warned of wrong ones, {kind}: {_warned(ears, voices, make)}\n")
    return 0


def _warned(ears: Ears, voices: Sequence[PreparedVoice], make: Wrong) -> str:
    others = [voices[(i + len(voices) // 3) % len(voices)].ref_text for i in range(len(voices))]
    given = [make(voice.ref_text, other) for voice, other in zip(voices, others, strict=True)]
    found = sum(
        bool(compared(ears, replace(voice, ref_text=text), "en")[1])
        for voice, text in zip(voices, given, strict=True)
    )
    return f"{found} of {len(voices)}"


if __name__ == "__main__":
    sys.exit(main())
