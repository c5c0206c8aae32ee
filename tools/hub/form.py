"""What the RunPod Hub's deploy form asks for: a choice of the worker's own variables.

Names, limits, options, defaults and descriptions come from the settings (`tools.hub.listing` joins
them); here is only what a form adds: a label, what is shown first, and what the image sets
differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# The image's own values (Dockerfile, ENV), which a deployed form starts from.
IMAGE_DEFAULTS: Mapping[str, str] = {
    "F5_MODEL": "F5TTS_v1_Base",
    "LOCAL_STORAGE_DIR": "/data",
}

SECRET = ". Better a RunPod secret: {{ RUNPOD_SECRET_name }}."


@dataclass(frozen=True)
class FormInput:
    """One field of the form; `no_default` leaves it empty whatever the setting's default."""

    key: str
    label: str
    advanced: bool = True
    no_default: bool = False


INPUTS: tuple[FormInput, ...] = (
    FormInput("S3_BUCKET", "Bucket", advanced=False),
    FormInput("AWS_ENDPOINT_URL", "S3 endpoint (empty for AWS)", advanced=False),
    FormInput("AWS_REGION", "Region", advanced=False),
    FormInput("AWS_ACCESS_KEY_ID", "Access key id", advanced=False),
    FormInput("AWS_SECRET_ACCESS_KEY", "Secret access key", advanced=False),
    FormInput("DEFAULT_VOICE", "Default voice", advanced=False),
    FormInput("S3_URL_KIND", "Kind of result URLs"),
    FormInput("STORAGE_MODE", "Storage mode"),
    FormInput("LOCAL_STORAGE_DIR", "Directory of local storage"),
    FormInput("S3_PREFIX", "Prefix of all keys"),
    FormInput("S3_PUBLIC_BASE_URL", "Base of public URLs"),
    # A value here, even 3600, makes URLs presigned where S3_URL_KIND is unset: leave it empty.
    FormInput("S3_PRESIGNED_URL_EXPIRY", "Life of presigned URLs (seconds)", no_default=True),
    FormInput("VOICES_PREFIX", "Prefix of voices"),
    FormInput("OUTPUT_KEY", "Key of results"),
    FormInput("F5_MODEL", "Model"),
    FormInput("F5_CKPT", "Weights of a fine-tuned model"),
    FormInput("F5_VOCAB", "Vocabulary of a fine-tuned model"),
    FormInput("F5_CONFIG", "Architecture of a fine-tuned model"),
    FormInput("F5_DTYPE", "Number format"),
    FormInput("HF_TOKEN", "Hugging Face token"),
    FormInput("MAX_CONCURRENCY", "Jobs at once per worker"),
    FormInput("MAX_TEXT_CHARS", "Longest text (characters)"),
    FormInput("JOB_TIMEOUT_S", "Time budget of a job (seconds)"),
    FormInput("CLEANUP_DAYS", "Age for cleanup (days)"),
    FormInput("LOG_LEVEL", "Log level"),
    FormInput("LOG_FORMAT", "Log format"),
)

# Of the listing for load balancing: what is set, and what is asked beside the rest.
HTTP_VALUES: Mapping[str, str] = {
    "F5_SERVE": "http",
    "PORT": "8000",
    "PORT_HEALTH": "8000",
    "HTTP_WITHOUT_KEY": "true",  # RunPod's gateway asks for the key of the account
    "JOB_TIMEOUT_S": "300",  # it ends requests after 330
}
HTTP_INPUTS: tuple[FormInput, ...] = (
    FormInput("HTTP_API_KEYS", "Keys of your own (sent as X-API-Key)"),
    FormInput("OPENAI_VOICES", "Voices behind OpenAI's names", advanced=False),
    FormInput("OPENAI_MODELS", "Qualities behind OpenAI's model names"),
    FormInput("HTTP_CORS_ORIGINS", "Web pages that may ask"),
    FormInput("HTTP_MAX_WAITING", "Texts that may wait per worker"),
)

PRESETS: Mapping[str, Mapping[str, str]] = {
    "Official model, Backblaze B2": {
        "F5_MODEL": "F5TTS_v1_Base",
        "S3_BUCKET": "my-voices",
        "AWS_ENDPOINT_URL": "https://s3.us-west-004.backblazeb2.com",
        "S3_URL_KIND": "presigned",
    },
    "Official model, AWS S3": {
        "F5_MODEL": "F5TTS_v1_Base",
        "S3_BUCKET": "my-voices",
        "AWS_REGION": "eu-central-1",
        "S3_URL_KIND": "presigned",
    },
    "Official model, Cloudflare R2": {
        "F5_MODEL": "F5TTS_v1_Base",
        "S3_BUCKET": "my-voices",
        "AWS_ENDPOINT_URL": "https://ACCOUNT_ID.r2.cloudflarestorage.com",
        "S3_URL_KIND": "presigned",
    },
    "Official model, network volume (no S3)": {
        "F5_MODEL": "F5TTS_v1_Base",
        "STORAGE_MODE": "local",
        "LOCAL_STORAGE_DIR": "/runpod-volume/tts",
    },
    "Own fine-tuned model in the bucket": {
        "F5_MODEL": "s3://my-voices/models/my-model/",
        "S3_BUCKET": "my-voices",
        "AWS_ENDPOINT_URL": "https://s3.us-west-004.backblazeb2.com",
        "S3_URL_KIND": "presigned",
    },
    "Demo checkpoint (small, synthetic voices; tries the path)": {
        "F5_MODEL": "demo",
        "STORAGE_MODE": "local",
    },
}
