"""The jobs of a load run: texts of mixed length and when they arrive, both from a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

# Results of load runs are easily told from users' (and deleted: `list` with prefix load/).
DEFAULT: dict[str, Any] = {"output_key": "load/{job_id}.{ext}"}

# A CPU should get through a local run: how well the demo model speaks does not matter here.
LOCAL: dict[str, Any] = {**DEFAULT, "nfe_step": 4, "cfg_strength": 0}

_SENTENCES = (
    "The tide was already out when we reached the harbour.",
    "Please hold the line, somebody will be with you shortly.",
    "Nobody expected the smaller team to win by such a margin!",
    "Turn left at the second roundabout, then follow the river.",
    "Would you like to hear the rest of the story now?",
    "Rain is expected in the north, with some sunshine later in the afternoon.",
    "She folded the letter, put it back into the drawer, and said nothing.",
    "Your parcel has left the depot.",
    "In those days the road over the mountains was closed from November until May.",
    "Thank you for waiting.",
)
# (share of the jobs, fewest and most sentences): notices, paragraphs, pages.
_MIX = ((0.6, 1, 2), (0.3, 3, 6), (0.1, 10, 20))


def texts(seed: int, count: int) -> list[str]:
    """`count` texts of 1 to 20 sentences."""
    draw = random.Random(f"texts {seed}")
    chosen = draw.choices(_MIX, weights=[share for share, _, _ in _MIX], k=count)
    return [
        " ".join(draw.choices(_SENTENCES, k=draw.randint(fewest, most)))
        for _, fewest, most in chosen
    ]


def inputs(template: Mapping[str, Any], seed: int, count: int) -> list[dict[str, Any]]:
    """`count` job inputs: the template, with a text of its own where it has nothing to do."""
    if template.keys() & {"text", "segments", "endpoint"}:
        return [dict(template) for _ in range(count)]
    return [{**template, "text": text} for text in texts(seed, count)]


def arrivals(rate: float, seed: int, count: int) -> list[float]:
    """When each job arrives, seconds from the start: a Poisson process of `rate` jobs a second, or
    all at once for 0."""
    if rate == 0:
        return [0.0] * count
    draw = random.Random(f"arrivals {seed}")
    at, found = 0.0, []
    for _ in range(count):
        found.append(at)
        at += draw.expovariate(rate)
    return found
