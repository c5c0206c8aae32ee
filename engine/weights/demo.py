"""The demonstration checkpoint that lies in the repository: assets/demo.

The worker speaks with it when nothing else is set: no account, no server, no download. It is small
and was trained on a speech synthesiser's voices only; what it can do is in assets/demo/README.md.
Every output made with it says so.
"""

from __future__ import annotations

from pathlib import Path

NAME = "demo"
DIRECTORY = Path(__file__).parent.parent.parent / "assets" / "demo"
# Guidance of jobs that ask for none in particular. f5-tts's 2 carries this small model past the
# sounds it aims at: assets/demo/README.md has the word error rates.
CFG_STRENGTH = 1.0
WARNING = (
    "This is the demo checkpoint: small, and trained on a synthetic voice. "
    "Set F5_MODEL=F5TTS_v1_Base for the official one."
)
