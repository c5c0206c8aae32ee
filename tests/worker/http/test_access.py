"""Who may ask the HTTP face: keys, and no page of another web site."""

from __future__ import annotations

import pytest

from errors import ConfigError, KeyRefused, OriginRefused
from worker.http.access import Access, check_exposure, is_this_machine
from worker.settings.http import HttpConfig
from worker.settings.load import Settings

LOCAL = {"host": "127.0.0.1:8000"}


def config(**environ: str) -> HttpConfig:
    return Settings.load(environ).http


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_this_machine_may_ask_without_a_key(host: str) -> None:
    Access(config()).check({"host": host})
    Access(config()).check({"host": host, "origin": f"http://{host.lower()}"})


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:8000"},  # DNS rebinding
        {"host": "localhost.evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "[::1"},
        {},
        {**LOCAL, "origin": "https://evil.example"},
        {**LOCAL, "origin": "null"},
        {**LOCAL, "origin": "http://127.0.0.1:9"},
        {**LOCAL, "origin": "http://127.0.0.1:8000.evil.example"},
        {**LOCAL, "sec-fetch-site": "cross-site"},
        {**LOCAL, "sec-fetch-site": "same-site"},
    ],
)
def test_no_page_of_another_site_drives_a_local_worker(headers: dict[str, str]) -> None:
    with pytest.raises(OriginRefused):
        Access(config()).check(headers)


def test_a_link_may_open_the_page() -> None:
    Access(config()).check({**LOCAL, "sec-fetch-site": "cross-site"}, opens_page=True)


def test_named_hosts_and_origins_may() -> None:
    access = Access(
        config(HTTP_HOSTS="tts.lan", HTTP_CORS_ORIGINS="https://app.example/, http://b.example")
    )
    access.check({"host": "TTS.lan:8000", "origin": "https://app.example"})
    with pytest.raises(OriginRefused):
        access.check({"host": "tts.lan", "origin": "https://app.example:444"})


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer second-key"},
        {"authorization": "bearer  first-key"},
        {"x-api-key": "second-key", "authorization": "Bearer of-a-gateway"},
    ],
)
def test_any_key_opens_whatever_the_origin(headers: dict[str, str]) -> None:
    access = Access(config(HTTP_API_KEYS="first-key, second-key"))
    access.check({"host": "anything", "origin": "https://x.example", **headers})


def test_a_key_may_hold_any_letters() -> None:
    sent = "schlüssel".encode().decode("latin-1")  # as a client's bytes are read
    Access(config(HTTP_API_KEYS="schlüssel")).check({"x-api-key": sent})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Basic first-key"},
        {"authorization": "Bearer "},
        {"authorization": "first-key"},
        {"x-api-key": "first-ke"},
        {"x-api-key": "first-key, second-key"},
        {"x-api-key": "\udcff\xe9"},
    ],
)
def test_without_a_key_nothing_opens(headers: dict[str, str]) -> None:
    with pytest.raises(KeyRefused) as refused:
        Access(config(HTTP_API_KEYS="first-key,second-key,")).check({**LOCAL, **headers})
    assert "first-key" not in str(refused.value)


def test_other_machines_need_a_key_or_an_explicit_setting() -> None:
    check_exposure(config(), "127.0.0.1")
    check_exposure(config(HTTP_API_KEYS="k"), "0.0.0.0")
    check_exposure(config(HTTP_WITHOUT_KEY="true"), "0.0.0.0")
    with pytest.raises(ConfigError, match="no key"):
        check_exposure(config(), "0.0.0.0")
    with pytest.raises(ConfigError, match="any web page"):
        check_exposure(config(HTTP_CORS_ORIGINS="*"), "127.0.0.1")


def test_keys_are_secrets() -> None:
    settings = Settings.load({"HTTP_API_KEYS": "first-key,second-key"})
    assert {"first-key", "second-key"} <= set(settings.secrets)
    assert "first-key" not in repr(settings)


def test_names_of_this_machine() -> None:
    assert all(map(is_this_machine, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_this_machine, ("0.0.0.0", "::", "10.0.0.1", "example.com", "")))
