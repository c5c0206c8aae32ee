"""Results that were meant for S3 never go silently to the worker's own disk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from errors import ConfigError
from storage.s3.providers import PROVIDERS
from tests.storage.test_endpoints import HOSTS
from worker.settings.load import Settings

RUNPOD_KEYS = {"BUCKET_ACCESS_KEY_ID": "a", "BUCKET_SECRET_ACCESS_KEY": "b"}
PAIRS = [
    ("S3_KEY_ID", "S3_APPLICATION_KEY"),
    ("STORAGE_S3_ACCESS_KEY_ID", "STORAGE_S3_SECRET_ACCESS_KEY"),
    ("S3_ACCESS_KEY", "S3_SECRET_KEY"),
    ("BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY"),
]
ENDPOINT_NAMES = [
    "AWS_ENDPOINT_URL",
    "S3_ENDPOINT",
    "S3_ENDPOINT_URL",
    "STORAGE_S3_ENDPOINT_URL",
    "BUCKET_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
]
BARE = [
    "https://s3.us-west-004.backblazeb2.com",
    "https://0a1b.r2.cloudflarestorage.com",
    "https://s3.amazonaws.com",
    "https://fra1.digitaloceanspaces.com",
    "http://minio:9000",
    "https://minio.s3.example.com",
    "s3.example.com",
]
LOCAL = [{"STORAGE_MODE": "local"}, {"USE_S3_STORAGE": "false"}, {"STORAGE_TYPE": "LOCAL"}]
NO_BUCKET = {
    **{f"{name} alone": {name: BARE[0]} for name in ENDPOINT_NAMES},
    **{f"keys and {url}": {**RUNPOD_KEYS, "BUCKET_ENDPOINT_URL": url} for url in BARE},
    **{f"{key} alone": {key: "a", secret: "b"} for key, secret in PAIRS},
    "AWS keys and an endpoint": {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_ENDPOINT_URL": BARE[0],
    },
}


@pytest.mark.parametrize("environ", NO_BUCKET.values(), ids=NO_BUCKET)
def test_an_endpoint_or_keys_without_a_bucket_stop_the_start(environ: dict[str, str]) -> None:
    for text in (environ, {name.lower(): value for name, value in environ.items()}):
        with pytest.raises(ConfigError, match="no bucket is set") as caught:
            Settings.load(text)
        assert caught.value.message.count("bucket is") == 1
        assert "STORAGE_MODE=local" in caught.value.message
        assert any(name in caught.value.message for name in environ)


@pytest.mark.parametrize("environ", NO_BUCKET.values(), ids=NO_BUCKET)
@pytest.mark.parametrize("local", LOCAL)
def test_who_asks_for_local_storage_gets_it_without_a_word(
    environ: dict[str, str], local: dict[str, str]
) -> None:
    settings = Settings.load({**environ, **local})
    assert (settings.storage.mode, settings.warnings) == ("local", ())


@pytest.mark.parametrize("local", [{}, *LOCAL])
def test_keys_of_aws_alone_are_warned_about(local: dict[str, str]) -> None:
    """They may be there for other tools, so they are no reason to stop."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "x"}
    settings = Settings.load({**keys, **local})
    assert settings.storage.mode == "local"
    if local:
        assert settings.warnings == ()
    else:
        [warning] = settings.warnings
        assert "AWS_ACCESS_KEY_ID" in warning and "no bucket" in warning
        assert "AKIA" not in warning


@pytest.mark.parametrize(("host", "name", "region"), HOSTS, ids=[host for host, *_ in HOSTS])
def test_the_bucket_in_a_runpod_endpoint_is_found_at_every_provider(
    host: str, name: str, region: str
) -> None:
    for typed in (f"https://my-voices.{host}", f"https://{host}/my-voices"):
        settings = Settings.load({**RUNPOD_KEYS, "BUCKET_ENDPOINT_URL": typed})
        assert (settings.storage.mode, settings.storage.bucket) == ("s3", "my-voices")
        assert any("my-voices was taken out" in warning for warning in settings.warnings)
    assert name in {row.name for row in PROVIDERS} and region


def test_a_bucket_in_the_path_of_any_endpoint_is_found() -> None:
    storage = Settings.load({**RUNPOD_KEYS, "BUCKET_ENDPOINT_URL": "http://minio:9000/b1"}).storage
    assert (storage.mode, storage.bucket) == ("s3", "b1")


@pytest.mark.parametrize("mode", [{}, {"STORAGE_MODE": "hybrid"}, {"STORAGE_TYPE": "S3"}])
@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({"AWS_ENDPOINT_URL": "https://f004.backblazeb2.com"}, "S3_PUBLIC_BASE_URL"),
        ({"AWS_ENDPOINT_URL": "https://s3.backblazeb2.com", "S3_BUCKET": "b1"}, "region"),
        ({"AWS_ENDPOINT_URL": "ftp://x", "S3_BUCKET": "b1"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "https://b2.s3.amazonaws.com", "S3_BUCKET": "b1"}, "S3_BUCKET=b1"),
        ({"S3_BUCKET": "s3://b1"}, "S3_BUCKET"),
    ],
)
def test_an_endpoint_or_bucket_that_cannot_be_used_stops_the_start_with_the_rest(
    mode: dict[str, str], environ: dict[str, str], word: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.load({**environ, **mode, "F5_DTYPE": "int4"})
    assert word in caught.value.message and "F5_DTYPE" in caught.value.message


def test_what_was_corrected_in_an_endpoint_is_said_at_the_start() -> None:
    environ = {"S3_BUCKET": "b1", "AWS_ENDPOINT_URL": "us-west-004.backblazeb2.com"}
    assert any("corrected" in warning for warning in Settings.load(environ).warnings)


@pytest.mark.parametrize("name", ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
def test_a_switch_of_aws_that_is_not_read_is_named_with_what_to_write(name: str) -> None:
    environ = {"S3_BUCKET": "b1", "AWS_REGION": "us-east-1"}
    [warning] = Settings.load({**environ, name: "true"}).warnings
    assert name in warning and "AWS_ENDPOINT_URL=https://s3" in warning
    assert Settings.load({**environ, name: "false"}).warnings == ()
    assert Settings.load({name: "true"}).warnings == ()


def test_the_end_of_temporary_keys_is_read_with_them() -> None:
    environ = {
        "S3_BUCKET": "b1",
        "AWS_ACCESS_KEY_ID": "ASIA",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_SESSION_TOKEN": "t",
    }
    [warning] = Settings.load(environ).warnings
    assert "AWS_CREDENTIAL_EXPIRATION" in warning
    for text in ("2031-01-31T12:00:00Z", "2031-01-31T13:00:00+01:00", "2031-01-31T12:00:00"):
        settings = Settings.load({**environ, "AWS_CREDENTIAL_EXPIRATION": text})
        assert settings.storage.credentials_end == datetime(2031, 1, 31, 12, tzinfo=UTC)
        assert settings.warnings == ()
    with pytest.raises(ConfigError, match="AWS_CREDENTIAL_EXPIRATION"):
        Settings.load({**environ, "AWS_CREDENTIAL_EXPIRATION": "soon"})


@pytest.mark.parametrize("template", ["out.wav", "audio/{ext}", "a/result.{ext}"])
def test_a_key_template_that_is_the_same_for_every_job_stops_the_start(template: str) -> None:
    with pytest.raises(ConfigError, match="job_id"):
        Settings.load({"OUTPUT_KEY": template})


@pytest.mark.parametrize("template", ["{user_id}/{date}.{ext}", "{voice}.wav", "{session}/{index}"])
def test_a_key_template_without_the_jobs_id_is_warned_about(template: str) -> None:
    [warning] = Settings.load({"OUTPUT_KEY": template}).warnings
    assert template in warning and "{job_id}" in warning


@pytest.mark.parametrize("template", ["{job_id}", "{user_id}/{date}/{job_id}.{ext}"])
def test_a_key_template_with_the_jobs_id_is_taken_as_it_is(template: str) -> None:
    assert Settings.load({"OUTPUT_KEY": template}).warnings == ()


def test_on_the_platform_a_disk_that_goes_with_the_worker_is_warned_of() -> None:
    there = {"RUNPOD_WEBHOOK_GET_JOB": "https://example.com/jobs", "LOCAL_STORAGE_DIR": "/data"}
    (warning,) = Settings.load(there).warnings
    assert "go with it. Set a bucket" in warning
    for meant in ({"LOCAL_STORAGE_DIR": "/runpod-volume/tts"}, {"STORAGE_MODE": "local"}):
        assert Settings.load({**there, **meant}).warnings == ()
    assert Settings.load({"LOCAL_STORAGE_DIR": "/data"}).warnings == ()
