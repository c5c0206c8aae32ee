"""The HTTP face: where it listens, who may ask, how much, and OpenAI's names."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from worker.settings.env import Group, Lower, setting

QUALITIES = ("draft", "balanced", "best")
# OpenAI's built-in voices, by its documentation of November 2026.
OPENAI_VOICES = (
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx"),
    *("sage", "shimmer", "verse"),
)


def _items(text: str) -> tuple[str, ...]:
    return tuple(item for each in text.split(",") if (item := each.strip()))


def _pairs(text: str) -> dict[str, str]:
    """`a=b,c=d` as a mapping."""
    pairs = (item.partition("=") for item in _items(text))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _models(text: str) -> str:
    for name, quality in _pairs(text).items():
        if not name or quality not in QUALITIES:
            raise ValueError(
                f"must be NAME=QUALITY,...; a quality is one of {', '.join(QUALITIES)}"
            )
    return text


def _voices(text: str) -> str:
    for item in _items(text):
        name, separator, voice = item.partition("=")
        if not name.strip() or (not voice.strip() if separator else name != "*"):
            raise ValueError("must be NAME=VOICE,... and, for all other names of OpenAI's, *")
    return text


def _origins(text: str) -> str:
    for item in _items(text):
        if item != "*" and "://" not in item:
            raise ValueError("must be origins as https://example.com, separated by commas, or *")
    return text


class HttpConfig(Group):
    """The HTTP face, `python -m worker serve`: see docs/http.md."""

    serve: Annotated[Literal["queue", "http"], Lower] = setting("F5_SERVE", "queue", "http")
    """What `handler.py`, the image's command, serves: RunPod's `queue`, or `http` for its
    load-balancing endpoints"""
    host: str | None = setting("HTTP_HOST", None, "0.0.0.0")
    """Address to listen on; unset: 127.0.0.1, with F5_SERVE=http all"""
    port: int = setting("PORT", 8000, "80", ge=0, le=65535)
    """Port to listen on; 0: any free one, named in the log. RunPod sets it for load balancing"""
    health_port: int | None = setting("PORT_HEALTH", None, "8001", ge=1, le=65535)
    """A second port that answers as well, for health checks; RunPod may set it"""
    api_keys: str = setting("HTTP_API_KEYS", "", "one,another", secret=True)
    """Keys of which a request must bring one, as `Authorization: Bearer KEY` or `X-API-Key: KEY`,
    separated by commas; none: only this machine may ask"""
    open: bool = setting("HTTP_WITHOUT_KEY", False, "true")
    """Listen to other machines without a key: behind a gateway that checks one, as RunPod's load
    balancer"""
    allowed_hosts: str = setting("HTTP_HOSTS", "", "tts.example.com,tts.lan:8000")
    """Host names that requests without a key may be sent to, beside this machine's own,
    separated by commas; with HTTP_WITHOUT_KEY none means any"""
    cors_origins: Annotated[str, AfterValidator(_origins)] = setting(
        "HTTP_CORS_ORIGINS", "", "https://app.example.com"
    )
    """Web pages that may ask from a browser, separated by commas; `*`: any, only with a key"""
    max_body_bytes: int = setting("HTTP_MAX_BODY_BYTES", 30_000_000, "75000000", ge=1024)
    """Largest body of a request, bytes; RunPod's load balancer takes 30 MB"""
    max_connections: int = setting("HTTP_MAX_CONNECTIONS", 1_000, "200", ge=1, le=100_000)
    """Most open connections; further ones are closed at once"""
    max_waiting: int = setting("HTTP_MAX_WAITING", 256, "32", ge=0, le=10_000)
    """Most texts that wait while MAX_CONCURRENCY others are spoken; further ones get 503"""
    client_timeout_s: float = setting("HTTP_CLIENT_TIMEOUT_S", 30.0, "10", gt=0, le=3_600)
    """How long a client may take for its request's head, for the next piece of its body, or to
    take a piece of an answer, seconds"""
    jobs_kept: int = setting("HTTP_JOBS_KEPT", 1_000, "100", ge=1, le=100_000)
    """Ended jobs of `/v1/jobs` whose answers are kept, in memory; beside them as many texts"""
    openai_models: Annotated[str, AfterValidator(_models)] = setting(
        "OPENAI_MODELS", "tts-1=balanced,tts-1-hd=best,gpt-4o-mini-tts=best", "tts-1=draft"
    )
    """Model names of OpenAI's that are taken, each with the quality it stands for"""
    openai_voices: Annotated[str, AfterValidator(_voices)] = setting(
        "OPENAI_VOICES", "*", "alloy=Dorota,onyx=Piotr,*=Anna"
    )
    """Voices that OpenAI's voice names stand for; `*` for all that are not listed: DEFAULT_VOICE,
    or the voice after `*=`"""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, none of them empty."""
        return _items(self.api_keys)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names of HTTP_HOSTS, in lower case."""
        return _items(self.allowed_hosts.lower())

    @property
    def origins(self) -> tuple[str, ...]:
        """Origins of HTTP_CORS_ORIGINS, in lower case."""
        return tuple(origin.rstrip("/") for origin in _items(self.cors_origins.lower()))

    @property
    def models(self) -> dict[str, str]:
        """Model name to quality."""
        return _pairs(self.openai_models)

    def voice_for(self, name: str, default: str) -> str | None:
        """The voice that one of OpenAI's names stands for, None where it stands for itself."""
        pairs = _pairs(self.openai_voices)
        if name != "*" and name in pairs:
            return pairs[name]
        if name in OPENAI_VOICES and "*" in pairs:
            return pairs["*"] or default
        return None
