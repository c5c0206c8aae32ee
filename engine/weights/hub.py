"""Published files on the Hugging Face hub, through its own client and caches."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from errors import ModelUnavailable

log = logging.getLogger("f5worker.model")

VOCOS_REPO = "charactr/vocos-mel-24khz"


class Published(NamedTuple):
    """Where the hub has a model, as f5-tts's `F5TTS` class resolves its name, and the languages it
    was trained on."""

    repo: str
    file: str
    languages: tuple[str, ...]


PUBLISHED = {
    "F5TTS_v1_Base": Published(
        "SWivid/F5-TTS", "F5TTS_v1_Base/model_1250000.safetensors", ("en", "zh")
    ),
    "F5TTS_Base": Published("SWivid/F5-TTS", "F5TTS_Base/model_1200000.safetensors", ("en", "zh")),
}


def split_location(uri: str, setting: str) -> tuple[str, str]:
    """`hf://owner/repo/path/in/repo` to (owner/repo, path). Raises ModelUnavailable: not of that
    form."""
    parts = uri.removeprefix("hf://").split("/", 2)
    if len(parts) != 3 or not all(parts):
        raise ModelUnavailable(
            f"{setting}={uri} is not a hub location.", "Write hf://owner/repo/path/in/repo."
        )
    return f"{parts[0]}/{parts[1]}", parts[2]


def fetch(
    repo: str,
    filename: str,
    *,
    token: str | None,
    extra_cache: Path,
    setting: str,
    companion: str | None = None,
) -> Path:
    """A file of a hub repository: from `extra_cache`, the user's cache, or downloaded. `companion`:
    name of a file that is downloaded with it if the repository has it in the same folder. Raises
    ModelUnavailable: in no cache, and the hub refuses or cannot be reached."""
    import httpx2  # what this version of the client speaks with, and raises
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import (
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RemoteEntryNotFoundError,
    )

    for cache in (extra_cache, None):
        cached = try_to_load_from_cache(repo, filename, cache_dir=cache)
        if isinstance(cached, str):
            return Path(cached)
    try:
        with _trouble_told():
            if companion is not None:
                with suppress(RemoteEntryNotFoundError):
                    beside = str(PurePosixPath(filename).with_name(companion))
                    hf_hub_download(repo, beside, token=token)
            return Path(hf_hub_download(repo, filename, token=token))
    except (HfHubHTTPError, LocalEntryNotFoundError, httpx2.HTTPError, OSError) as exc:
        raise ModelUnavailable(
            f"{filename} of {repo} is in no local cache and the hub did not give it "
            f"({type(exc).__name__}).",
            f"Check the network and HF_TOKEN, or set {setting} to a local path.",
        ) from exc


@contextmanager
def _trouble_told() -> Iterator[None]:
    """What the hub's client says while it tries again is in the worker's log, each thing once."""
    theirs = logging.getLogger("huggingface_hub")
    handlers, propagate = theirs.handlers[:], theirs.propagate
    theirs.handlers[:], theirs.propagate = [_Once()], False
    try:
        yield
    finally:
        theirs.handlers[:], theirs.propagate = handlers, propagate


class _Once(logging.Handler):
    """Hands on what was not said before; the same with other figures, of a try, is the same."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        bare = re.sub(r"\d+", "", message)
        if bare not in self._said:
            self._said.add(bare)
            log.log(record.levelno, "the hub: %s", message)
