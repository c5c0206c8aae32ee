"""The environment: every name of earlier systems, one clear error for what is wrong."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from engine.config import EngineConfig
from engine.weights.locate import ModelRequest
from errors import ConfigError
from s3_utils import StorageConfig
from worker.settings.env import Group, fill
from worker.settings.groups import ModelConfig
from worker.settings.load import Settings, all_variables
from worker.settings.storage import StorageEnv

# Env files of earlier systems, as their users have them.
ANCESTOR = {
    "S3_BUCKET": "voices-b2",
    "AWS_ACCESS_KEY_ID": "004key",
    "AWS_SECRET_ACCESS_KEY": "K004secret",
    "AWS_ENDPOINT_URL": "https://s3.us-west-004.backblazeb2.com",
}
ARTIFACT_STORE = {
    "STORAGE_MODE": "hybrid",
    "S3_ENDPOINT": "https://s3.us-west-004.backblazeb2.com",
    "S3_REGION": "us-west-004",
    "S3_BUCKET": "artifacts",
    "S3_KEY_ID": "004key",
    "S3_APPLICATION_KEY": "K004secret",
}
PRESIGNED_SERVICE = {
    "USE_S3_STORAGE": "true",
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "eu-central-1",
    "S3_BUCKET_NAME": "tts-audio",
    "S3_PRESIGNED_URL_EXPIRY": "7200",
}
MEDIA_PLATFORM = {
    "STORAGE_TYPE": "S3",
    "STORAGE_S3_BUCKET": "media",
    "STORAGE_S3_REGION": "eu-west-1",
    "STORAGE_S3_ACCESS_KEY_ID": "AKIA",
    "STORAGE_S3_SECRET_ACCESS_KEY": "secret",
    "STORAGE_S3_ENDPOINT_URL": "http://minio:9000",
    "STORAGE_S3_MAX_SIZE_GB": "2",
}
COURSE_MATERIALS = {
    "S3_ENDPOINT": "https://s3.us-west-004.backblazeb2.com",
    "S3_ACCESS_KEY": "004key",
    "S3_SECRET_KEY": "K004secret",
    "S3_BUCKET": "courses",
    "S3_REGION": "us-west-004",
}


@pytest.mark.parametrize(
    ("environ", "mode", "bucket", "key_id", "prefix"),
    [
        (ANCESTOR, "s3", "voices-b2", "004key", ""),
        (ARTIFACT_STORE, "hybrid", "artifacts", "004key", ""),
        (PRESIGNED_SERVICE, "hybrid", "tts-audio", "AKIA", ""),
        (MEDIA_PLATFORM, "s3", "media", "AKIA", "storage"),
        (COURSE_MATERIALS, "s3", "courses", "004key", ""),
    ],
)
def test_env_files_of_earlier_systems_work_unchanged(
    environ: dict[str, str], mode: str, bucket: str, key_id: str, prefix: str
) -> None:
    settings = Settings.load(environ)
    storage = settings.storage
    assert (storage.mode, storage.bucket, storage.access_key_id) == (mode, bucket, key_id)
    assert storage.prefix == prefix
    assert storage.secret_access_key
    assert settings.warnings == ()


def test_presigned_service_keeps_its_urls() -> None:
    urls = Settings.load(PRESIGNED_SERVICE).urls
    assert (urls.kind, urls.expires_s) == ("presigned", 7200)


def test_quota_in_gib() -> None:
    assert Settings.load(MEDIA_PLATFORM).storage.max_bytes == 2 << 30


def test_nothing_set_is_local_storage_with_the_demo_model() -> None:
    settings = Settings.load({})
    assert settings.storage.mode == "local"
    assert settings.model.model == "demo"


def test_key_and_secret_come_from_one_pair() -> None:
    """The first row wins, and half a pair is never completed from another."""
    settings = Settings.load(
        {**COURSE_MATERIALS, "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "aws"}
    )
    assert settings.storage.access_key_id == "AKIA"
    assert settings.storage.secret_access_key == "aws"
    assert any("AWS_ACCESS_KEY_ID and S3_ACCESS_KEY differ" in w for w in settings.warnings)
    with pytest.raises(ConfigError, match="AWS_SECRET_ACCESS_KEY, which belongs to it, is not"):
        Settings.load({"S3_BUCKET": "b", "AWS_ACCESS_KEY_ID": "AKIA", "S3_SECRET_KEY": "x"})


def test_names_match_in_any_case_and_empty_means_unset() -> None:
    settings = Settings.load({"s3_bucket": "low", "AWS_ACCESS_KEY_ID": " ", "F5_MODEL": ""})
    assert settings.storage.bucket == "low"
    assert settings.storage.access_key_id is None
    assert settings.model.model == "demo"


def test_quotation_marks_that_docker_keeps_are_taken_off_with_a_warning() -> None:
    settings = Settings.load(
        {
            "S3_BUCKET": '"my-voices"',
            "AWS_ENDPOINT_URL": "'http://minio:9000'",
            "AWS_ACCESS_KEY_ID": '"id"',
            "AWS_SECRET_ACCESS_KEY": '"a"b"',
            "DEFAULT_VOICE": '""',
            "NOT_OURS": '"x"',
        }
    )
    storage = settings.storage
    assert (storage.bucket, storage.endpoint_url) == ("my-voices", "http://minio:9000")
    assert (storage.access_key_id, storage.secret_access_key) == ("id", '"a"b"')
    assert settings.voices.default_voice == "demo"
    told = [said.split()[0] for said in settings.warnings if "quotation marks" in said]
    assert set(told) == {"S3_BUCKET", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "DEFAULT_VOICE"}


def test_every_wrong_variable_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.load(
            {
                "STORAGE_MODE": "cloud",
                "MAX_CONCURRENCY": "many",
                "F5_DTYPE": "int4",
                "S3_CONNECT_TIMEOUT": "nan",
                "OUTPUT_KEY": "../{job_id}",
                "S3_PUBLIC_BASE_URL": "cdn.example.com",
            }
        )
    for name in (
        "STORAGE_MODE",
        "MAX_CONCURRENCY",
        "F5_DTYPE",
        "S3_CONNECT_TIMEOUT",
        "OUTPUT_KEY",
        "S3_PUBLIC_BASE_URL",
    ):
        assert name in caught.value.message


def test_a_misspelt_variable_is_warned_about_with_the_nearest_name() -> None:
    settings = Settings.load({"S3_BUKET": "b", "F5_MODLE": "x", "PATH": "/bin", "HOME": "/"})
    assert len(settings.warnings) == 2
    assert any("S3_BUCKET" in warning for warning in settings.warnings)
    assert any("F5_MODEL" in warning for warning in settings.warnings)


def test_secrets_show_nowhere() -> None:
    settings = Settings.load({**ANCESTOR, "HF_TOKEN": "hf_verysecret"})
    for text in (repr(settings), str(settings.warnings)):
        assert "K004secret" not in text
        assert "hf_verysecret" not in text
    assert set(settings.secrets) >= {"K004secret", "hf_verysecret"}
    with pytest.raises(ConfigError) as caught:
        Settings.load({**ANCESTOR, "AWS_ENDPOINT_URL": "https://me:pw1234@host", "F5_DTYPE": "x"})
    assert "pw1234" not in str(caught.value)


def test_s3_mode_without_a_bucket_is_refused() -> None:
    with pytest.raises(ConfigError, match="no bucket is set"):
        Settings.load({"STORAGE_MODE": "s3"})


def test_no_two_settings_share_a_name() -> None:
    names = [name for env in all_variables() for name in env.names]
    assert len(names) == len(set(names))


# What `storage_config` works out instead of handing it over.
WORKED_OUT = {"mode", "bucket", "access_key_id", "secret_access_key", "session_token", "prefix"}


@pytest.mark.parametrize(
    ("owner", "group", "others"),
    [
        (EngineConfig, ModelConfig, set()),
        (ModelRequest, ModelConfig, set()),
        (StorageConfig, StorageEnv, WORKED_OUT),
    ],
)
def test_settings_have_the_types_and_defaults_of_what_they_fill(
    owner: Any, group: type[Group], others: set[str]
) -> None:
    shared = {item.name for item in fields(owner)} & set(group.model_fields) - others
    assert len(shared) >= 8
    wanted, has = get_type_hints(owner), get_type_hints(group)
    assert {name: has[name] for name in shared} == {name: wanted[name] for name in shared}
    for name in shared:
        assert group.model_fields[name].default == getattr(owner, name), name


def test_every_setting_of_the_model_reaches_the_engine() -> None:
    names = [item.name for kind in (EngineConfig, ModelRequest) for item in fields(kind)]
    assert sorted(names) == sorted(ModelConfig.model_fields)
    model = Settings.load(
        {
            "F5_MODEL": "m", "F5_CKPT": "c", "F5_VOCAB": "v", "F5_CONFIG": "y", "F5_VOCODER": "o",
            "F5_MODELS_DIR": "/m", "F5_VOLUME_DIR": "/v", "HF_TOKEN": "hf_token",
            "F5_DEVICE": "cuda:1", "F5_DTYPE": "bf16", "F5_THREADS": "3", "F5_USE_EMA": "no",
            "F5_MAX_BATCH_FRAMES": "999", "F5_WARMUP": "no", "F5_ATTENTION": "sdpa",
            "F5_JOIN": "step", "F5_KERNELS": "fused", "F5_GRAPHS": "no",
        }
    ).model  # fmt: skip
    assert fill(ModelRequest, model) == ModelRequest(
        model="m", ckpt="c", vocab="v", config="y", vocoder="o", models_dir=Path("/m"),
        volume_dir=Path("/v"), hf_token="hf_token",
    )  # fmt: skip
    assert fill(EngineConfig, model) == EngineConfig(
        device="cuda:1", dtype="bfloat16", threads=3, max_batch_frames=999, use_ema=False,
        warm_up=False, attention="sdpa", join="step", kernels="fused", graphs=False,
    )  # fmt: skip


def test_every_setting_of_storage_reaches_the_store() -> None:
    storage = Settings.load(
        {
            **ANCESTOR, "STORAGE_MODE": "hybrid", "AWS_REGION": "us-west-004",
            "LOCAL_STORAGE_DIR": "/d", "STORAGE_LOCAL_MAX_SIZE_GB": "1", "AWS_SESSION_TOKEN": "t",
            "S3_PREFIX": "p", "STORAGE_S3_MAX_SIZE_GB": "2", "S3_ADDRESSING_STYLE": "PATH",
            "S3_PUBLIC_BASE_URL": "https://cdn.example.com", "S3_MAX_ATTEMPTS": "7",
            "S3_CONNECT_TIMEOUT": "8", "S3_READ_TIMEOUT": "9", "S3_MAX_CONNECTIONS": "10",
            "S3_CA_BUNDLE": "/ca.pem",
        }
    ).storage  # fmt: skip
    assert storage == StorageConfig(
        mode="hybrid", local_dir=Path("/d"), local_max_bytes=1 << 30, bucket="voices-b2",
        endpoint_url=ANCESTOR["AWS_ENDPOINT_URL"], region="us-west-004", access_key_id="004key",
        secret_access_key="K004secret", session_token="t", prefix="p", max_bytes=2 << 30,
        addressing_style="path", public_base_url="https://cdn.example.com", max_attempts=7,
        connect_timeout_s=8.0, read_timeout_s=9.0, max_connections=10, ca_bundle=Path("/ca.pem"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("https://0a1b.r2.cloudflarestorage.com", "presigned"),
        ("https://s3api-eur-is-1.runpod.io", "none"),
    ],
)
def test_urls_are_of_a_kind_the_provider_has(endpoint: str, kind: str) -> None:
    environ = {**ANCESTOR, "AWS_ENDPOINT_URL": endpoint}
    settings = Settings.load(environ)
    assert (settings.urls.kind, settings.urls.otherwise) == ("public", kind)
    assert any(f"{kind} is used" in warning for warning in settings.warnings)
    with pytest.raises(ConfigError, match="S3_URL_KIND=public"):
        Settings.load({**environ, "S3_URL_KIND": "public"})
    cdn = Settings.load({**environ, "S3_PUBLIC_BASE_URL": "https://cdn.example.com"})
    assert (cdn.urls.kind, cdn.warnings) == ("public", ())


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"RESULTS_PREFIX": "timings/"}, "must differ"),
        ({"TIMINGS_PREFIX": "Results/"}, "must differ"),
        ({"RESULTS_PREFIX": "voices/"}, "RESULTS_PREFIX must not lie in voices/"),
        ({"LEXICON_PREFIX": "results/"}, "RESULTS_PREFIX must not lie in results/, where lex"),
        ({"TIMINGS_PREFIX": "voices/srt/"}, "TIMINGS_PREFIX must not lie in voices/"),
        ({"VOICES_PREFIX": "v/", "PARTS_PREFIX": "V/parts/"}, "PARTS_PREFIX must not lie in v/"),
    ],
)
def test_no_two_kinds_of_files_get_the_same_keys(environ: dict[str, str], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        Settings.load(environ)
