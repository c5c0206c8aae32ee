"""How the demo checkpoint is made and judged; `python -m training --help` lists the commands.

`data` is what espeak-ng says, `flow` and `vocoder` are trained on it, `judge` says how well the
result speaks. README.md defines the words for rhythm; LOG.md says what was tried.
"""

from __future__ import annotations

from engine.chunk import Samples as Samples  # at 24 kHz

CFG_STRENGTH = 1.0  # the demo's guidance; assets/demo/card.yaml tells the worker
