"""Which files a model consists of, and where they are found.

Order, first hit wins (documented in CONFIG.md):
    1. F5_CKPT, F5_VOCAB, F5_CONFIG, F5_VOCODER: each names its own part
    2. F5_MODEL as a path (directory or weights file), `s3://bucket/prefix/` or `hf://owner/repo/...`
    3. F5_MODEL as a name, in F5_MODELS_DIR (the image), F5_VOLUME_DIR (network volume),
       the platform's model cache, the Hugging Face cache, and last the hub itself
`demo` is the demonstration checkpoint that comes with the code; assets/demo/README.md says what it
can do.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.weights import hub
from engine.weights.card import CARD
from engine.weights.config import PUBLISHED_CONFIGS, package_file
from errors import ModelUnavailable, StorageDenied, nearest

log = logging.getLogger("f5worker.model")

DEMO = "demo"
DEMO_DIRECTORY = Path(__file__).parent.parent.parent / "assets" / "demo"
GRIFFIN_LIM = "griffin-lim"
DEFAULT_NAME = "F5TTS_v1_Base"
VOCOS_NAME = "vocos-mel-24khz"


@dataclass(frozen=True)
class ModelRequest:
    """What the user asked for; None where a variable is unset."""

    model: str = DEMO
    ckpt: str | None = None
    vocab: str | None = None
    config: str | None = None
    vocoder: str | None = None
    models_dir: Path = Path("models")
    volume_dir: Path = Path("/runpod-volume")
    hf_token: str | None = None

    @property
    def local_roots(self) -> list[Path]:
        return [self.models_dir, self.volume_dir / "models", self.volume_dir]


@dataclass(frozen=True)
class ModelFiles:
    """Local files of a model; `vocoder` None means Griffin-Lim, `card` is None if absent. `name`
    goes on answers."""

    name: str
    weights: Path
    vocab: Path
    config: Path
    vocoder: Path | None
    card: Path | None = None


class Remote(Protocol):
    """Access to `s3://bucket/key` URIs, provided by the worker."""

    def list(self, uri: str) -> list[str]:
        """URIs of the objects below `uri`."""

    def download(self, uri: str, path: Path) -> None:
        """Writes the object to `path`, whole or not at all."""


def locate(request: ModelRequest, remote: Remote | None = None) -> ModelFiles:
    """Finds, and where needed downloads, every file of the model. Raises ModelUnavailable: a part
    is missing; the message names every place that was searched."""
    finder = _Finder(request, remote)
    weights = finder.weights()
    by_path = request.ckpt or _looks_like_location(request.model)
    return ModelFiles(
        name=f"{weights.parent.name}/{weights.name}" if by_path else request.model,
        weights=weights,
        vocab=finder.vocab(weights),
        config=finder.config(weights),
        vocoder=finder.vocoder(weights),
        card=next(filter(_is_card, sorted(weights.parent.iterdir())), None),
    )


def _looks_like_location(text: str) -> bool:
    return "/" in text or text.endswith((".safetensors", ".pt")) or text.startswith(".")


class _Finder:
    def __init__(self, request: ModelRequest, remote: Remote | None) -> None:
        self.request = request
        self.remote = remote

    def weights(self) -> Path:
        request = self.request
        if request.ckpt:
            return _pick_weights(self._local(request.ckpt, "F5_CKPT", companion=CARD))
        if _looks_like_location(request.model):
            return _pick_weights(self._local(request.model, "F5_MODEL", companion=CARD))
        if request.model == DEMO:
            return _pick_weights(DEMO_DIRECTORY)
        directories = [root / request.model for root in request.local_roots]
        for directory in directories:
            if directory.is_dir():
                return _pick_weights(directory)
        if published := hub.PUBLISHED.get(request.model):
            return self._from_hub(published.repo, published.file, setting="F5_CKPT")
        raise ModelUnavailable(
            f"No model named {request.model!r} in {', '.join(map(str, directories))}.",
            f"{self._meant()}Known to the hub: {', '.join(hub.PUBLISHED)}; or set F5_MODEL to a "
            "path.",
        )

    def _meant(self) -> str:
        """The name most like the one that is not known, for the message; "" if none is."""
        roots = (root for root in self.request.local_roots if root.is_dir())
        there = [each.name for root in roots for each in sorted(root.iterdir()) if each.is_dir()]
        near = nearest(self.request.model, [*there, *hub.PUBLISHED, DEMO])
        return f"Did you mean {near}? " if near else ""

    def config(self, weights: Path) -> Path:
        if self.request.config:
            return self._local(self.request.config, "F5_CONFIG")
        found = [*weights.parent.glob("*.yaml"), *weights.parent.glob("*.yml")]
        beside = [path for path in found if not _is_card(path)]
        if len(beside) == 1:
            return beside[0]
        for name in (self.request.model, weights.parent.name):
            if name in PUBLISHED_CONFIGS:
                return package_file(f"configs/{name}.yaml")
        log.warning("no model config beside %s; assuming %s", weights, DEFAULT_NAME)
        return package_file(f"configs/{DEFAULT_NAME}.yaml")

    def vocab(self, weights: Path) -> Path:
        if self.request.vocab:
            return self._local(self.request.vocab, "F5_VOCAB")
        beside = weights.with_name("vocab.txt")
        return beside if beside.is_file() else package_file("infer/examples/vocab.txt")

    def vocoder(self, weights: Path) -> Path | None:
        wanted = self.request.vocoder
        if wanted == GRIFFIN_LIM:
            return None
        if wanted and _looks_like_location(wanted):
            return self._local(wanted, "F5_VOCODER")
        candidates = [weights.parent / "vocos"]
        candidates += [root / (wanted or VOCOS_NAME) for root in self.request.local_roots]
        for directory in candidates:
            if (directory / "pytorch_model.bin").is_file():
                return directory
        try:
            config = self._from_hub(hub.VOCOS_REPO, "config.yaml", setting="F5_VOCODER")
            self._from_hub(hub.VOCOS_REPO, "pytorch_model.bin", setting="F5_VOCODER")
        except ModelUnavailable as error:
            without = f"{error.hint} F5_VOCODER={GRIFFIN_LIM} does without one, in poor sound."
            raise ModelUnavailable(error.message, without) from error
        return config.parent

    def _from_hub(
        self, repo: str, filename: str, *, setting: str, companion: str | None = None
    ) -> Path:
        return hub.fetch(
            repo,
            filename,
            token=self.request.hf_token,
            extra_cache=self.request.volume_dir / "huggingface-cache" / "hub",
            setting=setting,
            companion=companion,
        )

    def _local(self, location: str, setting: str, *, companion: str | None = None) -> Path:
        """A local file or directory for any kind of location. A single file is downloaded with its
        `companion`, if that lies beside it."""
        if location.startswith("hf://"):
            repo, filename = hub.split_location(location, setting)
            return self._from_hub(repo, filename, setting=setting, companion=companion)
        if location.startswith("s3://"):
            return self._from_bucket(location, setting, companion)
        path = Path(location).expanduser()
        if not path.exists():
            raise ModelUnavailable(f"{setting}={location} does not exist.", "Check the path.")
        return path

    def _from_bucket(self, uri: str, setting: str, companion: str | None) -> Path:
        if self.remote is None:
            raise ModelUnavailable(
                f"{setting}={uri} needs S3.", "Configure the bucket's endpoint and key."
            )
        single = bool(Path(uri).suffix)
        base = uri.rsplit("/", 1)[0] + "/" if single else uri.rstrip("/") + "/"
        digest = hashlib.sha256(base.encode()).hexdigest()[:12]
        target = self.request.models_dir / "from-s3" / digest
        local = target / _relative(uri, base) if single else target
        if single and local.is_file():
            return local
        uris = [uri] if single else self.remote.list(uri)
        if not uris:
            raise ModelUnavailable(f"{setting}={uri} holds no objects.", "Check the prefix.")
        if single and companion is not None:
            uris += self._listed(base + companion)
        for item in uris:
            path = target / _relative(item, base)
            if not path.is_file():
                path.parent.mkdir(parents=True, exist_ok=True)
                self.remote.download(item, path)
        return local

    def _listed(self, uri: str) -> list[str]:
        """`uri` if it is there; to a key that may not list, nothing is."""
        assert self.remote is not None
        try:
            return [item for item in self.remote.list(uri) if item == uri]
        except StorageDenied:
            log.warning("%s is not looked for: the key may not list the bucket", uri)
            return []


def _is_card(path: Path) -> bool:
    return path.name.casefold() in (CARD, CARD.replace("yaml", "yml"))


def _relative(uri: str, base: str) -> str:
    relative = uri.removeprefix(base)
    if relative.startswith("/") or ".." in relative.split("/"):
        raise ModelUnavailable(f"The object name {uri} leaves its prefix.", "Rename the object.")
    return relative


def _pick_weights(path: Path) -> Path:
    """The weights file of a directory: safetensors before .pt, the highest step first."""
    if path.is_file():
        return path
    for pattern in ("model_*.safetensors", "*.safetensors", "model_*.pt", "*.pt"):
        found = sorted(path.glob(pattern), key=_step, reverse=True)
        if found:
            return found[0]
    raise ModelUnavailable(
        f"{path} holds no *.safetensors or *.pt checkpoint.", "Set F5_CKPT to the weights file."
    )


def _step(path: Path) -> tuple[int, str]:
    numbers = re.findall(r"\d+", path.stem)
    return (int(numbers[-1]) if numbers else -1, path.name)
