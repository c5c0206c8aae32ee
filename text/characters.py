"""Characters that stand for structure while a text is prepared; users' own are taken out first."""

from __future__ import annotations

MARK = "\ue000"
"""Stands where markup stood, one for each event."""
HEADING = "\ue001"
"""Stands at the end of a line that is a heading."""
