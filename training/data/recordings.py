"""Makes the recordings of `standins/spoken` again: `python -m training.data.recordings`.

Needs espeak-ng 1.51.
"""

from __future__ import annotations

import soundfile

from standins.spoken import SENTENCES, SPEAKERS, path
from training.data import espeak


def main() -> None:
    """Speaks every sentence, and linda's reference, in both voices."""
    for speaker in SPEAKERS.values():
        texts: dict[int | str, str] = dict(enumerate(SENTENCES))
        if speaker.reference:
            texts["reference"] = speaker.reference
        for name, text in texts.items():
            samples = espeak.speak(text, speaker.espeak, speaker.pitch)
            file = path(speaker.name, name)
            soundfile.write(file, samples, espeak.SAMPLE_RATE, format="OGG", subtype="OPUS")


if __name__ == "__main__":
    main()
