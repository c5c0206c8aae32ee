"""Odd transcripts, one a line of `odd.jsonl`: what careless people and programs bring.

Its fields are those of `Kind`; `bytes` in place of `text` are given as the letters of Latin-1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.worker.subtitles.kinds import Kind

_FILE = Path(__file__).with_name("odd.jsonl")


def _kind(row: dict[str, Any]) -> Kind:
    data = row["text"] if "text" in row else row["bytes"].encode("latin-1")
    times = tuple((start, end) for start, end in row.get("times", ()))
    return Kind(
        f"odd: {row['what']}",
        row["name"],
        data,
        row.get("words", ""),
        times,
        tuple(row.get("warns", ())),
        row.get("refused", ""),
    )


KINDS = [_kind(json.loads(line)) for line in _FILE.read_text(encoding="utf-8").splitlines()]
