"""The groups of settings that are not storage, one per owner. CONFIG.md is made from these."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator

from engine.config import Attention, Dtype, EngineConfig, Join, Kernels
from engine.weights.locate import ModelRequest
from worker.settings.env import Group, Lower, Upper, setting

_DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


def _dtype(value: str) -> str:
    return _DTYPES.get(value.lower(), value.lower())


class ModelConfig(Group):
    """Which model, where its files are, how it runs: the fields of the engine's own dataclasses."""

    model: str = setting("F5_MODEL", ModelRequest.model, "F5TTS_v1_Base")
    """Model to speak with: `demo` (comes with the code: small, synthetic voices), a published name
    (`F5TTS_v1_Base`, `F5TTS_Base`, `F5TTS_v1_Small`, `F5TTS_Small`), a directory, a weights file,
    `s3://bucket/prefix/` or `hf://owner/repo/path`; `F5TTS_v1_Base` in the image"""
    ckpt: str | None = setting("F5_CKPT", ModelRequest.ckpt, "/m/a.safetensors")
    """Weights (`.safetensors` or `.pt`), instead of F5_MODEL's"""
    vocab: str | None = setting("F5_VOCAB", ModelRequest.vocab, "/m/vocab.txt")
    """`vocab.txt`, instead of the model's own"""
    config: str | None = setting("F5_CONFIG", ModelRequest.config, "/m/a.yaml")
    """Architecture YAML of a custom model, in f5-tts's format"""
    vocoder: str | None = setting("F5_VOCODER", ModelRequest.vocoder, "/m/vocos-mel-24khz")
    """Directory of a Vocos (`config.yaml`, `pytorch_model.bin`), or `griffin-lim`"""
    models_dir: Path = setting("F5_MODELS_DIR", ModelRequest.models_dir, "/m")
    """Directory of models and downloads; `/models` in the image"""
    volume_dir: Path = setting("F5_VOLUME_DIR", ModelRequest.volume_dir, "/runpod-volume")
    """RunPod network volume, searched for models"""
    use_ema: bool = setting("F5_USE_EMA", EngineConfig.use_ema, "false")
    """Take the averaged weights of a `.pt` checkpoint"""
    device: str = setting(
        "F5_DEVICE", EngineConfig.device, "cuda", pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$"
    )
    """`auto`, `cpu`, `cuda`, `cuda:1`, `mps`"""
    dtype: Annotated[Dtype, BeforeValidator(_dtype)] = setting(
        "F5_DTYPE", EngineConfig.dtype, "bf16"
    )
    """`float32`, `bfloat16`, `float16` (or `fp32`, `bf16`, `fp16`), `int8` (CPUs only: the large
    products in 8 bits, the rest in fp32); `auto`: fp16 on a GPU, on a CPU bf16 where that is faster
    than fp32 (AMD with AVX512-BF16, Intel with AMX), else int8, else fp32. What overflows fp16 goes
    on in bf16 (GPUs before Ampere: fp32), with a warning"""
    threads: int = setting("F5_THREADS", EngineConfig.threads, "4", ge=0, le=512)
    """CPU threads of the model; 0: PyTorch's own"""
    max_batch_frames: int = setting(
        "F5_MAX_BATCH_FRAMES", EngineConfig.max_batch_frames, "16384", ge=0
    )
    """Mel frames one pass may hold; 0: 2,560 on a CPU, on a GPU as few as keep it busy, found when
    the worker starts, and no more than its free memory holds"""
    attention: Attention = setting("F5_ATTENTION", EngineConfig.attention, "sdpa")
    """`varlen` (FlashAttention, all chunks in one launch), `sdpa` (PyTorch's, one chunk length at a
    time), `matmul` (scores written out: for CPUs); `auto` picks"""
    kernels: Kernels = setting("F5_KERNELS", EngineConfig.kernels, "torch")
    """What computes norms, gates and rotary on a GPU: `torch`, PyTorch's kernels, or `fused`, two
    of this worker's own, compiled at start and taken if they give PyTorch's result; `auto` is the
    latter"""
    graphs: bool = setting("F5_GRAPHS", EngineConfig.graphs, "false")
    """Launch a step of a small pass at once on a GPU (CUDA graphs): for cards so fast that the host
    cannot keep up"""
    join: Join = setting("F5_JOIN", EngineConfig.join, "batch")
    """When waiting chunks are admitted to the pass: at the next `step`, or when the `batch` is
    done; `auto` is the former on a GPU, the latter on a CPU"""
    warm_up: bool = setting("F5_WARMUP", EngineConfig.warm_up, "false")
    """Run the model once before the first job is taken; on a GPU also steps of growing size, to
    find how long a pass should be (else 16,384 frames)"""
    hf_token: str | None = setting(
        "HF_TOKEN HUGGING_FACE_HUB_TOKEN", ModelRequest.hf_token, "hf_...", secret=True
    )
    """Hugging Face token for private models (the hub's library also reads `HF_HOME`)"""


class VoiceConfig(Group):
    """Reference voices: where they come from and how large they may be."""

    default_voice: str = setting("DEFAULT_VOICE", "demo", "Dorota")
    """Voice of a job that names none"""
    prefix: str = setting("VOICES_PREFIX", "voices/", "v/")
    """Prefix of voice keys"""
    max_seconds: float = setting("MAX_VOICE_SECONDS", 600.0, "300", gt=0, le=36_000)
    """Longest voice file accepted, seconds; whatever it is, decoding takes at most 200 MiB (two
    files at once, 100 MiB each) beside the files themselves"""
    max_bytes: int = setting("MAX_VOICE_BYTES", 52_428_800, "10000000", ge=1024)
    """Largest voice file accepted, bytes; each voice that waits to be decoded holds its file"""
    cache_mb: int = setting("VOICE_CACHE_MB", 256, "512", ge=0)
    """Memory for prepared voices, MiB; 0: none"""
    cache_ttl_s: float = setting("VOICE_CACHE_TTL_S", 60.0, "300", ge=0)
    """Seconds a cached voice is used before storage is asked for changes"""
    allow_http: bool = setting("ALLOW_HTTP_VOICES", False, "true")
    """Accept voice URLs without TLS"""
    allow_private_urls: bool = setting("ALLOW_PRIVATE_URLS", False, "true")
    """Accept voice URLs of private networks (unsafe outside tests)"""
    buckets: str = setting("VOICE_BUCKETS", "", "studio-voices,archive")
    """Buckets a job's `s3://` voice may lie in beside the worker's own, separated by commas; `*`:
    any that the credentials can read"""

    require_consent: bool = setting("REQUIRE_CONSENT", False, "true")
    """Speak only with voices whose record names a consent, and those that come with the worker:
    uploads must bring `consent`, and audio or links in jobs are refused"""
    restore_days: float = setting("VOICE_RESTORE_DAYS", 7.0, "30", ge=0, le=3_650)
    """Days for which a deleted voice can be restored; 0: it is gone at once"""

    def may_read(self, bucket: str, own: str | None) -> bool:
        """Whether a job may name a voice in `bucket`; `own` is the worker's."""
        named = {name.strip() for name in self.buckets.split(",")}
        return bucket == own or bucket in named or "*" in named


class JobConfig(Group):
    """Limits and defaults of jobs."""

    platform_url: str | None = setting("RUNPOD_WEBHOOK_GET_JOB", None)
    """Set by RunPod: where the SDK fetches jobs"""
    max_text_chars: int = setting("MAX_TEXT_CHARS", 20_000, "5000", ge=1)
    """Longest text of a job, characters"""
    max_voices: int = setting("MAX_JOB_VOICES", 32, "64", ge=1, le=1_000)
    """Most different voices in the script of one job"""
    max_concurrency: int = setting("MAX_CONCURRENCY", 0, "8", ge=0, le=256)
    """Most jobs one worker runs at once; 0: 32, on a CPU 2"""
    timeout_s: float = setting("JOB_TIMEOUT_S", 600.0, "3600", gt=0)
    """Time budget of one job, retries included, seconds"""
    drain_grace_s: float = setting("DRAIN_GRACE_S", 20.0, "60", ge=0)
    """Time running jobs get to finish after SIGTERM, seconds; then those cut off have five more to
    store their chunks, and the worker ends"""
    progress_interval_s: float = setting("PROGRESS_INTERVAL_S", 3.0, "10", ge=0, le=600)
    """Time between progress updates, seconds; 0: none"""
    resume: bool = setting("RESUME", True, "false")
    """Answer a redelivered job from its stored answer, and continue an interrupted one from its
    stored chunks (on RunPod only: local runs share their ids)"""
    inline_audio_max_bytes: int = setting(
        "INLINE_AUDIO_MAX_BYTES", 14_000_000, "2000000", ge=0, le=14_000_000
    )
    """Largest audio returned as base64, bytes; the platform's limits (10 MB, 20 MB for /runsync)
    still apply"""
    output_prefix: str = setting("OUTPUT_PREFIX", "output/", "audio/")
    """Prefix of audio keys where OUTPUT_KEY is unset"""
    timings_prefix: str = setting("TIMINGS_PREFIX", "timings/", "subtitles/")
    """Prefix of timing file keys"""
    results_prefix: str = setting("RESULTS_PREFIX", "results/", "answers/")
    """Prefix of job answer keys"""
    parts_prefix: str = setting("PARTS_PREFIX", "parts/", "tmp/parts/")
    """Prefix of the keys of an unfinished job's chunks"""
    stream_prefix: str = setting("STREAM_PREFIX", "stream/", "chunks/")
    """Prefix of streamed chunk keys"""
    callbacks_prefix: str = setting("CALLBACKS_PREFIX", "callbacks/", "undelivered/")
    """Prefix of the keys of callbacks that nobody took yet"""
    output_key: str | None = setting("OUTPUT_KEY", None, "{user_id}/{date}/{job_id}.{ext}")
    """Key template of audio: `{job_id}`, `{date}`, `{voice}`, `{user_id}`, `{session}`,
    `{index}`, `{ext}`; unset: OUTPUT_PREFIX + `{job_id}.{ext}`"""
    cleanup_days: int = setting("CLEANUP_DAYS", 30, "7", ge=1, le=36_500)
    """Age at which the `cleanup` operation deletes, days"""

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

    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Upper] = setting(
        "LOG_LEVEL", "INFO", "DEBUG"
    )
    """`DEBUG`, `INFO`, `WARNING`, `ERROR`"""
    format: Annotated[Literal["json", "text"], Lower] = setting("LOG_FORMAT", "json", "text")
    """`json` for machines, `text` for people"""
    sdk_level: Annotated[Literal["NOTSET", "TRACE", "DEBUG", "INFO", "WARN", "ERROR"], Upper] = (
        setting("RUNPOD_LOG_LEVEL RUNPOD_DEBUG_LEVEL", "INFO", "DEBUG")
    )
    """Level of the RunPod SDK's own log; at `DEBUG` it holds jobs' whole inputs and outputs"""
