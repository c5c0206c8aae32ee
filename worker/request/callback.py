"""`callback_url`: where a job's answer is posted when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from pydantic import PlainValidator, ValidationInfo

from worker.request.fields import refuse_if, settings_of
from worker.settings.callbacks import CallbackConfig
from worker.settings.load import Settings
from worker.web.address import is_private_literal, url_fault

FIELD = "callback_url"


def callback_fault(url: Any, config: CallbackConfig) -> str | None:
    """What is wrong with a callback's URL, as far as it can be seen; None if nothing. It is not
    repeated: it may hold a secret."""
    if not isinstance(url, str):
        return "must be an https URL"
    if fault := url_fault(url):
        return fault
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is malformed"
    if parts.scheme.lower() not in ("https", "http"):
        return "must be an https URL"
    if parts.scheme.lower() == "http" and not config.allow_http:
        return "must use https (CALLBACK_ALLOW_HTTP permits http)"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password; put a token into its query instead"
    if not config.allow_private and is_private_literal(host):
        return "leads to an address that is not public"
    return None


def callback_of(raw: object, settings: Settings) -> str | None:
    """The callback of a speech job that may be wrong otherwise; None if it names none to use."""
    if not isinstance(raw, Mapping) or raw.get("endpoint") not in (None, "tts"):
        return None
    url = raw.get(FIELD)
    url = url.strip() if isinstance(url, str) else url
    return url if url and callback_fault(url, settings.callbacks) is None else None


def _callback(value: Any, info: ValidationInfo) -> str:
    url = value.strip() if isinstance(value, str) else value
    refuse_if(callback_fault(url, settings_of(info).callbacks))
    return str(url)


CallbackUrl: TypeAlias = Annotated[str, PlainValidator(_callback)]
