"""Characters that mean something to every stage: marks at the ends of sentences and clauses, and
those that stand for structure while a text is prepared (users' own are taken out first)."""

from __future__ import annotations

MARK = "\ue000"
"""Stands where markup stood, one for each event."""
HEADING = "\ue001"
"""Stands at the end of a line that is a heading."""
ITEM = "\ue002"
"""Stands where an item of a list began with a bullet."""
RESERVED = f"[{MARK}{HEADING}{ITEM}]"
"""A pattern for all of them."""

CLOSING = "\"'»”’)]』」）"
"""What may follow the mark that ends a sentence."""
STOPS = ".!?…。！？"
"""Marks that end a sentence."""
HALTS = ",;:—–-，；：、"
"""Marks that end a clause."""
