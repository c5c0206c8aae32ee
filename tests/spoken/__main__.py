"""`python -m tests.spoken`: makes the recordings again; needs espeak-ng 1.51."""

from __future__ import annotations

import soundfile

from tests.spoken import SENTENCES, SPEAKERS, path
from training.data import espeak

for speaker in SPEAKERS.values():
    texts = dict(enumerate(SENTENCES)) | (
        {"reference": speaker.reference} if speaker.reference else {}
    )
    for name, text in texts.items():
        samples = espeak.speak(text, speaker.espeak, speaker.pitch)
        soundfile.write(
            path(speaker.name, name), samples, espeak.SAMPLE_RATE, format="OGG", subtype="OPUS"
        )
