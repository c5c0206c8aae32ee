"""How far our mel is from f5-tts's: same weights, noise and steps, fp32 (relative L2 norm).

Small random checkpoints of every published architecture, as in tests/engine/test_oracle_mel.py.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from engine.sampler import Schedule
from standins.checkpoints import ARCHS, make_checkpoint
from standins.comparison import (
    CHINESE,
    ENGLISH,
    given,
    our_model,
    relative_error,
    their_mel,
)
from standins.sampling import sample


def run() -> dict[str, float]:
    """Largest relative error by architecture, over texts, guidance and schedules."""
    worst: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as directory:
        for arch in ARCHS:
            checkpoint = make_checkpoint(Path(directory) / arch, arch)
            model, vocab = our_model(checkpoint)
            errors = []
            for text in (ENGLISH, CHINESE):
                cond, tokens, frames = given(text, vocab, 180)
                for cfg in (0.0, 2.0):
                    for schedule in (Schedule(7), Schedule(7, epss=False), Schedule(16)):
                        mel = sample(
                            model, cond, tokens, frames, schedule, seed=5, cfg_strength=cfg
                        )
                        expected = their_mel(checkpoint, text, frames, 5, cfg, schedule)
                        errors.append(relative_error(mel, expected))
            worst[arch] = float(f"{max(errors):.2e}")
    return worst
