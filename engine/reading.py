"""Files that come with a model, read so that what is wrong with one is said in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Unreadable(ValueError):
    """What is wrong with a file; follows its name and a colon."""


def read_yaml(path: Path) -> Any:
    """What a YAML file holds. Raises Unreadable: it is not there, or not YAML; names the line."""
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise Unreadable(f"it cannot be read ({exc.strerror})") from exc
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        line = f", see its line {mark.line + 1}" if mark else ""
        raise Unreadable(f"it is not YAML{line}") from exc


def read_pickle(path: Path, *, mapped: bool = False) -> Any:
    """What `torch.save` wrote, on the CPU; `mapped`: its pages are read when they are used.
    Raises Unreadable: it is not there, not whole, or something else."""
    import pickle
    import zipfile

    import torch

    try:
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
        except RuntimeError:  # PyTorch's format before 1.6 cannot be mapped
            return torch.load(path, map_location="cpu", weights_only=True)
    except (
        OSError, RuntimeError, EOFError, ValueError, TypeError, AttributeError,
        pickle.UnpicklingError, zipfile.BadZipFile,
    ) as exc:  # fmt: skip
        raise Unreadable(first_line(exc)) from exc


def first_line(exc: BaseException) -> str:
    """What an error says, without PyTorch's pages of advice; its kind if it says nothing."""
    return str(exc).strip().partition("\n")[0] or type(exc).__name__
