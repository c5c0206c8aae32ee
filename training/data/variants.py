"""More voices than espeak-ng comes with: random variants, so that a model follows any voice.

Trained on espeak-ng's twenty-odd usable variants alone, a model learnt just these: in a voice that
it had not heard, it kept less of the voice and was understood less. A variant is a text file of
formants (frequency, strength and width in percent, and Hz to add) and of how the voice is excited
(https://github.com/espeak-ng/espeak-ng/blob/master/docs/voices.md). espeak-ng reads them from its
data directory only, so `data_directory` makes one with them and links to all else.
"""

from __future__ import annotations

import random
from pathlib import Path

from training.data import espeak
from training.data.espeak import TRAIN_VOICES, Voice

COUNT = 160  # espeak-ng lists 349 voices at most, its 145 languages among them
_VARIANTS = "voices/!v"  # their place in espeak-ng's data


def voice(index: int) -> Voice:
    """The made voice `index`, 0 to `COUNT` - 1; every other one is low like a man's."""
    return Voice(f"en-us+{_name(index)}", 50 if _is_low(index) else 46)


def definition(index: int) -> str:
    """The variant file of a made voice: always the same for an index.

    Ranges are about those of the variants that espeak-ng's makers drew up by hand.
    """
    rng = random.Random(f"variant-{index}")
    low = _is_low(index)
    size = rng.uniform(0.86, 1.1) if low else rng.uniform(1.0, 1.28)
    base = rng.uniform(65, 110) if low else rng.uniform(125, 205)
    lines = [
        "language variant",
        f"name {_name(index)}",
        f"pitch {base:.0f} {base * rng.uniform(1.2, 1.55):.0f}",
        f"flutter {rng.randint(0, 8)}",
        f"roughness {rng.choice((0, 0, 1, 2, 3, 4))}",
        f"voicing {rng.uniform(60, 150):.0f}",
        f"consonants {rng.uniform(70, 125):.0f} {rng.uniform(70, 125):.0f}",
    ]
    width = rng.uniform(80, 140)
    tilt = rng.uniform(0.88, 1.02)  # strength from one formant to the next
    for formant in range(9):
        scale = (size**0.5 if formant == 0 else size) * rng.uniform(0.93, 1.07)
        strength = rng.uniform(80, 115) * tilt**formant * rng.uniform(0.85, 1.15)
        own_width = width * rng.uniform(0.85, 1.15)
        shift = rng.choice((0, rng.uniform(-150, 150))) if formant == 2 else 0
        numbers = (100 * scale, strength, own_width, shift)
        lines.append(f"formant {formant} " + " ".join(f"{n:.0f}" for n in numbers))
    if rng.random() < 0.3:
        treble, middle = rng.uniform(10, 255), rng.uniform(70, 255)
        lines.append(f"tone 100 255 600 {middle:.0f} 1200 {treble:.0f} 2000 66 3000 12")
    return "\n".join(lines) + "\n"


def data_directory(work_dir: Path) -> Path:
    """A data path for espeak-ng below `work_dir`, with the trained and the made variants only.

    Raises:
        RuntimeError: espeak-ng is missing.
    """
    made = work_dir.resolve() / "espeak"
    installed, own = _installed(), made / "espeak-ng-data"
    (own / _VARIANTS).mkdir(parents=True, exist_ok=True)
    names = [entry.name for entry in installed.iterdir() if entry.name != "voices"]
    trained = (one.name.partition("+")[2] for one in TRAIN_VOICES)
    for name in names + [f"{_VARIANTS}/{variant}" for variant in trained if variant]:
        if not (own / name).is_symlink():
            (own / name).symlink_to(installed / name)
    for index in range(COUNT):
        (own / _VARIANTS / _name(index)).write_text(definition(index))
    return made


def _name(index: int) -> str:
    return f"made{index:03d}"


def _is_low(index: int) -> bool:
    return index % 2 == 0


def _installed() -> Path:
    """Where the installed espeak-ng keeps its data: it says so with its version."""
    return Path(espeak.run("--version").decode().split("Data at:")[1].strip())
