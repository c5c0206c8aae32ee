from __future__ import annotations


def aligner(name: str) -> None:
    return None
