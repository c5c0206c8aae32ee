"""The groups of settings that are not storage, one per owner. CONFIG.md is made from these."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from engine.config import Attention, Dtype, EngineConfig, Join
from engine.weights.locate import ModelRequest
from worker.settings.env import Env, Group

_DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


def _dtype(value: str) -> str:
    return _DTYPES.get(value.lower(), value.lower())


class ModelConfig(Group):
    """Which model, where its files are, how it runs: the fields of the engine's own dataclasses."""

    model: Annotated[
        str,
        Env(
            "F5_MODEL",
            "Model to speak with: `demo` (comes with the code: small, synthetic voices), a "
            "published name (`F5TTS_v1_Base`, `F5TTS_Base`, `F5TTS_v1_Small`, `F5TTS_Small`), "
            "a directory, a weights file, `s3://bucket/prefix/` or `hf://owner/repo/path`",
            "F5TTS_v1_Base",
        ),
    ] = ModelRequest.model
    ckpt: Annotated[
        str | None,
        Env(
            "F5_CKPT",
            "Weights (`.safetensors` or `.pt`), instead of F5_MODEL's",
            "/m/a.safetensors",
        ),
    ] = ModelRequest.ckpt
    vocab: Annotated[
        str | None, Env("F5_VOCAB", "`vocab.txt`, instead of the model's own", "/m/vocab.txt")
    ] = ModelRequest.vocab
    config: Annotated[
        str | None,
        Env("F5_CONFIG", "Architecture YAML of a custom model, in f5-tts's format", "/m/a.yaml"),
    ] = ModelRequest.config
    vocoder: Annotated[
        str | None,
        Env(
            "F5_VOCODER",
            "Directory of a Vocos (`config.yaml`, `pytorch_model.bin`), or `griffin-lim`",
            "/m/vocos-mel-24khz",
        ),
    ] = ModelRequest.vocoder
    models_dir: Annotated[
        Path,
        Env("F5_MODELS_DIR", "Directory of models and downloads; `/models` in the image", "/m"),
    ] = ModelRequest.models_dir
    volume_dir: Annotated[
        Path, Env("F5_VOLUME_DIR", "RunPod network volume, searched for models", "/runpod-volume")
    ] = ModelRequest.volume_dir
    use_ema: Annotated[
        bool, Env("F5_USE_EMA", "Take the averaged weights of a `.pt` checkpoint", "false")
    ] = EngineConfig.use_ema
    device: Annotated[
        str,
        Field(pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$"),
        Env("F5_DEVICE", "`auto`, `cpu`, `cuda`, `cuda:1`, `mps`", "cuda"),
    ] = EngineConfig.device
    dtype: Annotated[
        Dtype,
        BeforeValidator(_dtype),
        Env(
            "F5_DTYPE",
            "`auto`, `float32`, `bfloat16`, `float16` (or `fp32`, `bf16`, `fp16`)",
            "bf16",
        ),
    ] = EngineConfig.dtype
    threads: Annotated[
        int,
        Field(ge=0, le=512),
        Env("F5_THREADS", "CPU threads of the model; 0: PyTorch's own", "4"),
    ] = EngineConfig.threads
    max_batch_frames: Annotated[
        int,
        Field(ge=0),
        Env("F5_MAX_BATCH_FRAMES", "Mel frames one pass may hold; 0: from free memory", "16384"),
    ] = EngineConfig.max_batch_frames
    attention: Annotated[
        Attention,
        Env(
            "F5_ATTENTION",
            "`varlen` (FlashAttention, all chunks in one launch), `sdpa` (PyTorch's, one chunk "
            "length at a time), `matmul` (scores written out: for CPUs); `auto` picks",
            "sdpa",
        ),
    ] = EngineConfig.attention
    join: Annotated[
        Join,
        Env(
            "F5_JOIN",
            "When waiting chunks are admitted to the pass: at the next `step`, or when the "
            "`batch` is done; `auto` is the former on a GPU, the latter on a CPU",
            "batch",
        ),
    ] = EngineConfig.join
    warm_up: Annotated[
        bool, Env("F5_WARMUP", "Run the model once before the first job is taken", "false")
    ] = EngineConfig.warm_up
    hf_token: Annotated[
        str | None,
        Env(
            "HF_TOKEN",
            "Hugging Face token for private models (the hub's library also reads `HF_HOME`)",
            "hf_...",
            ("HUGGING_FACE_HUB_TOKEN",),
            True,
        ),
    ] = ModelRequest.hf_token


class VoiceConfig(Group):
    """Reference voices: where they come from and how large they may be."""

    default_voice: Annotated[
        str, Env("DEFAULT_VOICE", "Voice of a job that names none", "Dorota")
    ] = "demo"
    prefix: Annotated[str, Env("VOICES_PREFIX", "Prefix of voice keys", "v/")] = "voices/"
    max_seconds: Annotated[
        float,
        Field(gt=0, le=36_000, allow_inf_nan=False),
        Env(
            "MAX_VOICE_SECONDS",
            "Longest voice file accepted, seconds; whatever it is, decoding takes at most 200 MiB "
            "(two files at once, 100 MiB each) beside the files themselves",
            "300",
        ),
    ] = 600.0
    max_bytes: Annotated[
        int,
        Field(ge=1024),
        Env(
            "MAX_VOICE_BYTES",
            "Largest voice file accepted, bytes; "
            "each voice that waits to be decoded holds its file",
            "10000000",
        ),
    ] = 52_428_800
    cache_mb: Annotated[
        int, Field(ge=0), Env("VOICE_CACHE_MB", "Memory for prepared voices, MiB; 0: none", "512")
    ] = 256
    cache_ttl_s: Annotated[
        float,
        Field(ge=0, allow_inf_nan=False),
        Env(
            "VOICE_CACHE_TTL_S",
            "Seconds a cached voice is used before storage is asked for changes",
            "300",
        ),
    ] = 60.0
    allow_http: Annotated[
        bool, Env("ALLOW_HTTP_VOICES", "Accept voice URLs without TLS", "true")
    ] = False
    allow_private_urls: Annotated[
        bool,
        Env(
            "ALLOW_PRIVATE_URLS",
            "Accept voice URLs of private networks (unsafe outside tests)",
            "true",
        ),
    ] = False

    buckets: Annotated[
        str,
        Env(
            "VOICE_BUCKETS",
            "Buckets a job's `s3://` voice may lie in beside the worker's own, separated by "
            "commas; `*`: any that the credentials can read",
            "studio-voices,archive",
        ),
    ] = ""

    def may_read(self, bucket: str, own: str | None) -> bool:
        """Whether a job may name a voice in `bucket`; `own` is the worker's."""
        named = {name.strip() for name in self.buckets.split(",")}
        return bucket == own or bucket in named or "*" in named


class JobConfig(Group):
    """Limits and defaults of jobs."""

    platform_url: Annotated[
        str | None, Env("RUNPOD_WEBHOOK_GET_JOB", "Set by RunPod: where the SDK fetches jobs")
    ] = None
    max_text_chars: Annotated[
        int, Field(ge=1), Env("MAX_TEXT_CHARS", "Longest text of a job, characters", "5000")
    ] = 20_000
    max_voices: Annotated[
        int,
        Field(ge=1, le=1_000),
        Env("MAX_JOB_VOICES", "Most different voices in the script of one job", "64"),
    ] = 32
    max_concurrency: Annotated[
        int,
        Field(ge=1, le=256),
        Env("MAX_CONCURRENCY", "Most jobs one worker runs at once; memory may allow fewer", "8"),
    ] = 32
    timeout_s: Annotated[
        float,
        Field(gt=0, allow_inf_nan=False),
        Env("JOB_TIMEOUT_S", "Time budget of one job, retries included, seconds", "3600"),
    ] = 600.0
    drain_grace_s: Annotated[
        float,
        Field(ge=0, allow_inf_nan=False),
        Env("DRAIN_GRACE_S", "Time running jobs get to finish after SIGTERM, seconds", "60"),
    ] = 20.0
    progress_interval_s: Annotated[
        float,
        Field(ge=0, le=600, allow_inf_nan=False),
        Env("PROGRESS_INTERVAL_S", "Time between progress updates, seconds; 0: none", "10"),
    ] = 3.0
    resume: Annotated[
        bool,
        Env(
            "RESUME",
            "Answer a redelivered job from its stored answer, and continue an interrupted one "
            "from its stored chunks (on RunPod only: local runs share their ids)",
            "false",
        ),
    ] = True
    inline_audio_max_bytes: Annotated[
        int,
        Field(ge=0, le=14_000_000),
        Env(
            "INLINE_AUDIO_MAX_BYTES",
            "Largest audio returned as base64, bytes; the platform's limits (10 MB, 20 MB for "
            "/runsync) still apply",
            "2000000",
        ),
    ] = 14_000_000
    output_prefix: Annotated[
        str, Env("OUTPUT_PREFIX", "Prefix of audio keys where OUTPUT_KEY is unset", "audio/")
    ] = "output/"
    timings_prefix: Annotated[
        str, Env("TIMINGS_PREFIX", "Prefix of timing file keys", "subtitles/")
    ] = "timings/"
    results_prefix: Annotated[
        str, Env("RESULTS_PREFIX", "Prefix of job answer keys", "answers/")
    ] = "results/"
    parts_prefix: Annotated[
        str, Env("PARTS_PREFIX", "Prefix of the keys of an unfinished job's chunks", "tmp/parts/")
    ] = "parts/"
    stream_prefix: Annotated[
        str, Env("STREAM_PREFIX", "Prefix of streamed chunk keys", "chunks/")
    ] = "stream/"
    output_key: Annotated[
        str | None,
        Env(
            "OUTPUT_KEY",
            "Key template of audio: `{job_id}`, `{date}`, `{voice}`, `{user_id}`, `{session}`, "
            "`{ext}`; unset: OUTPUT_PREFIX + `{job_id}.{ext}`",
            "{user_id}/{date}/{job_id}.{ext}",
        ),
    ] = None
    cleanup_days: Annotated[
        int,
        Field(ge=1, le=36_500),
        Env("CLEANUP_DAYS", "Age at which the `cleanup` operation deletes, days", "7"),
    ] = 30

    @property
    def on_platform(self) -> bool:
        """False for a local run of one job."""
        return self.platform_url is not None

    @property
    def resumes(self) -> bool:
        """Platform ids are unique; every local run is `local_test`."""
        return self.resume and self.on_platform

    @property
    def output_template(self) -> str:
        """The key template of a job that brings none of its own."""
        return self.output_key or f"{self.output_prefix}{{job_id}}.{{ext}}"

    @property
    def output_beginning(self) -> str:
        """What all keys of `output_template` start with."""
        return self.output_template.partition("{")[0]


class LogConfig(Group):
    """What is logged and how it looks."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(str.upper),
        Env("LOG_LEVEL", "`DEBUG`, `INFO`, `WARNING`, `ERROR`", "DEBUG"),
    ] = "INFO"
    format: Annotated[
        Literal["json", "text"],
        BeforeValidator(str.lower),
        Env("LOG_FORMAT", "`json` for machines, `text` for people", "text"),
    ] = "json"
    sdk_level: Annotated[
        Literal["NOTSET", "TRACE", "DEBUG", "INFO", "WARN", "ERROR"],
        BeforeValidator(str.upper),
        Env(
            "RUNPOD_LOG_LEVEL",
            "Level of the RunPod SDK's own log; at `DEBUG` it holds jobs' whole inputs and outputs",
            "DEBUG",
            ("RUNPOD_DEBUG_LEVEL",),
        ),
    ] = "INFO"
