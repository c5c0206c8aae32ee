"""The recordings of `standins/spoken`, made again; their espeak-ng was release 1.51."""

from __future__ import annotations

import soundfile

from standins.spoken import HERE, SENTENCES, SPEAKERS, path
from training.data import espeak


def make() -> str:
    """Speaks every sentence in both voices, and linda's reference; says how many files that makes.

    Raises:
        RuntimeError: espeak-ng is missing.
    """
    made = 0
    for speaker in SPEAKERS.values():
        texts: dict[int | str, str] = dict(enumerate(SENTENCES))
        if speaker.reference:
            texts["reference"] = speaker.reference
        for name, text in texts.items():
            samples = espeak.speak(text, speaker.espeak, speaker.pitch)
            file = path(speaker.name, name)
            soundfile.write(file, samples, espeak.SAMPLE_RATE, format="OGG", subtype="OPUS")
            made += 1
    return f"{HERE}: {made} recordings"
