"""What any HTTP client without credentials gets for a URL of an object."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from errors import ConfigError, StorageUnavailable

TIMEOUT_S = 15.0


def fetch(url: str, size: int, ca_bundle: Path | None = None) -> tuple[int, bytes]:
    """Status and up to `size` + 1 bytes. The URL, which may be signed, is never part of an error.
    `ca_bundle`: certificates of a private authority, trusted beside the system's. Raises
    StorageUnavailable: it cannot be opened; ConfigError: its certificate is not known."""
    import ssl  # here: 20 ms that only the check needs
    import urllib.error
    import urllib.request

    context = ssl.create_default_context()
    if ca_bundle is not None:
        with suppress(OSError):  # the client says what is wrong with it
            context.load_verify_locations(cafile=ca_bundle)
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S, context=context) as answer:
            return answer.status or 200, answer.read(size + 1)
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read(size + 1)
    except OSError as exc:
        reason = getattr(exc, "reason", exc)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise ConfigError(
                "The URL cannot be opened: its certificate is of an authority that is not known "
                f"here ({reason.verify_message}).",
                "Set S3_CA_BUNDLE to the authority's file; others who open such URLs need it too.",
            ) from None
        raise StorageUnavailable(
            f"The URL cannot be opened ({type(reason).__name__}).",
            "Check that this machine can reach the endpoint.",
        ) from None
