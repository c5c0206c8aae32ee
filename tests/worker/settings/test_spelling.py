"""Misspelt names of settings are warned about, and nothing else in an environment is."""

from __future__ import annotations

import re
import string
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from errors import ConfigError
from tests.storage.test_isolation import known_variables
from worker.settings.load import Settings, all_variables
from worker.settings.spelling import meant

KNOWN = [name for env in all_variables() for name in env.names]

# What RunPod, its base images and PyTorch put into a container.
RUNPOD = """
RUNPOD_AI_API_KEY RUNPOD_API_KEY RUNPOD_DEBUG RUNPOD_CPU_COUNT RUNPOD_DC_ID RUNPOD_ENDPOINT_BASE_URL
RUNPOD_ENDPOINT_ID RUNPOD_ENDPOINT_SECRET RUNPOD_GPU_COUNT RUNPOD_GPU_NAME RUNPOD_GPU_SIZE
RUNPOD_INIT_TIMEOUT RUNPOD_JOB_ID RUNPOD_MEM_GB RUNPOD_PING_INTERVAL RUNPOD_POD_HOSTNAME
RUNPOD_POD_ID RUNPOD_PROJECT_ID RUNPOD_PUBLIC_IP RUNPOD_REALTIME_PORT
RUNPOD_REALTIME_CONCURRENCY RUNPOD_TCP_PORT_22 RUNPOD_VOLUME_ID RUNPOD_ALLOW_IP
RUNPOD_WEBHOOK_PING RUNPOD_WEBHOOK_POST_OUTPUT RUNPOD_WEBHOOK_POST_STREAM
RUNPOD_WORKER_ID RUNPOD_SERVERLESS RUNPOD_HTTP_PORT RUNPOD_STOP_TIMEOUT PUBLIC_KEY JUPYTER_PASSWORD
CUDA_VERSION CUDA_HOME CUDA_VISIBLE_DEVICES CUDA_MODULE_LOADING CUDNN_VERSION
NVIDIA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES NVIDIA_REQUIRE_CUDA NVIDIA_PRODUCT_NAME
NVIDIA_CUDA_END_OF_LIFE NVARCH NV_CUDA_CUDART_VERSION NV_CUDA_LIB_VERSION NV_CUDNN_PACKAGE_NAME
NV_LIBNCCL_PACKAGE_VERSION NV_NVTX_VERSION NCCL_VERSION NCCL_DEBUG NCCL_P2P_DISABLE
LD_LIBRARY_PATH LIBRARY_PATH OMP_NUM_THREADS MKL_NUM_THREADS KMP_AFFINITY TORCH_HOME
TORCH_CUDA_ARCH_LIST TORCHINDUCTOR_CACHE_DIR TRITON_CACHE_DIR PYTORCH_CUDA_ALLOC_CONF
PYTORCH_VERSION PYTORCH_ENABLE_MPS_FALLBACK TOKENIZERS_PARALLELISM PYTHONUNBUFFERED
PYTHONDONTWRITEBYTECODE PYTHON_VERSION PYTHONPATH PYTHONHASHSEED PIP_NO_CACHE_DIR PIP_PREFER_BINARY
HF_HOME HF_HUB_CACHE HF_HUB_OFFLINE HF_HUB_ENABLE_HF_TRANSFER HF_HUB_DISABLE_TELEMETRY
HF_TOKEN_PATH HF_ENDPOINT HF_DATASETS_CACHE HUGGINGFACE_HUB_CACHE TRANSFORMERS_CACHE
TRANSFORMERS_OFFLINE TRANSFORMERS_VERBOSITY DEBIAN_FRONTEND MODEL_NAME MODEL_PATH MAX_JOBS
HOSTNAME GPG_KEY TZ
"""
# A developer's machine, its tools and its CI.
DEVELOPER = """
PATH HOME USER LOGNAME SHELL SHLVL PWD OLDPWD LANG LANGUAGE LC_ALL LC_CTYPE TERM TERM_PROGRAM
TERM_PROGRAM_VERSION TERM_SESSION_ID COLORTERM EDITOR VISUAL PAGER LESS LS_COLORS MAIL DISPLAY
WAYLAND_DISPLAY XDG_RUNTIME_DIR XDG_SESSION_ID XDG_SESSION_TYPE XDG_CONFIG_HOME XDG_DATA_DIRS
DBUS_SESSION_BUS_ADDRESS SSH_AUTH_SOCK SSH_AGENT_PID SSH_CLIENT SSH_CONNECTION SSH_TTY TMUX
TMUX_PANE STY WINDOWID VTE_VERSION GNOME_TERMINAL_SCREEN DESKTOP_SESSION TMPDIR TEMP TMP
VIRTUAL_ENV VIRTUAL_ENV_PROMPT CONDA_PREFIX CONDA_DEFAULT_ENV PYENV_ROOT PYENV_VERSION UV_CACHE_DIR
POETRY_HOME PIPX_HOME NVM_DIR NVM_BIN NODE_ENV NODE_PATH NODE_OPTIONS NPM_TOKEN NPM_CONFIG_LOGLEVEL
YARN_CACHE_FOLDER GOPATH GOROOT GOPROXY CARGO_HOME RUSTUP_HOME RUST_LOG RUST_LOG_LEVEL
RUST_BACKTRACE JAVA_HOME MAVEN_OPTS GRADLE_HOME ANDROID_HOME DOCKER_HOST DOCKER_CONFIG
DOCKER_BUILDKIT COMPOSE_PROJECT_NAME KUBECONFIG KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT
KUBERNETES_PORT_443_TCP_ADDR MINIO_SERVICE_HOST S3_SERVICE_HOST S3_SERVICE_PORT_HTTP
S3_PORT_9000_TCP_ADDR STORAGE_PORT STORAGE_SERVICE_PORT GH_TOKEN GH_HOST GITHUB_TOKEN
GITHUB_ACTIONS GITHUB_SHA GITHUB_REF GITHUB_REPOSITORY GITHUB_OUTPUT GITHUB_JOB GITLAB_TOKEN CI
CI_JOB_ID CI_JOB_TOKEN CI_JOB_TIMEOUT CI_PROJECT_DIR RUNNER_OS RUNNER_TEMP CIRCLE_JOB TF_TOKEN
CF_TOKEN DO_TOKEN NPM_CONFIG_LOG_LEVEL VLLM_LOG_LEVEL LANGCHAIN_API_KEY OPENAI_API_KEY
OPENAI_BASE_URL ANTHROPIC_API_KEY GOOGLE_APPLICATION_CREDENTIALS GOOGLE_CLOUD_PROJECT
CLOUDSDK_CONFIG AZURE_STORAGE_ACCOUNT AZURE_STORAGE_KEY AZURE_TENANT_ID DATABASE_URL REDIS_URL
SECRET_KEY PUBLIC_URL BASE_URL API_BASE_URL APP_BASE_URL CDK_DEFAULT_REGION CDK_DEFAULT_ACCOUNT
R2_ACCESS_KEY_ID R2_BUCKET B2_APPLICATION_KEY B2_APPLICATION_KEY_ID MINIO_ROOT_USER
MINIO_ROOT_PASSWORD RCLONE_CONFIG RESTIC_REPOSITORY DEBUG DEBUG_LEVEL VERBOSE PORT HOST CONFIG
LOG_DIR LOG_FILE LOGGING_LEVEL MAX_RETRIES MAX_ATTEMPTS MAX_CONNECTIONS CONNECT_TIMEOUT
READ_TIMEOUT TIMEOUT REQUEST_TIMEOUT WORKERS WEB_CONCURRENCY HTTP_PROXY HTTPS_PROXY NO_PROXY
SSL_CERT_FILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS DATA_DIR OUTPUT_DIR INPUT_DIR
CACHE_DIR MODEL_DIR DEFAULT_MODEL DEFAULT_REGION WANDB_API_KEY WANDB_MODE MLFLOW_TRACKING_URI
PS1 HISTSIZE HISTFILE HISTCONTROL BASH_ENV ZDOTDIR FZF_DEFAULT_OPTS STARSHIP_SHELL BROWSER
ITERM_PROFILE __CF_USER_TEXT_ENCODING XPC_SERVICE_NAME WSL_DISTRO_NAME WSLENV PROCESSOR_ARCHITECTURE
APPDATA LOCALAPPDATA PROGRAMFILES SYSTEMROOT COMSPEC NUMBER_OF_PROCESSORS _
"""


def read_by(*packages: str) -> set[str]:
    """Every variable that these packages mention as one of theirs."""
    pattern = re.compile(r"""["']((?:RUNPOD|HF|HUGGINGFACE|HUGGING_FACE)_[A-Z0-9_]*[A-Z0-9])["']""")
    folders = [next(iter(find_spec(name).submodule_search_locations)) for name in packages]  # type: ignore[union-attr, arg-type]
    files = [path for folder in folders for path in Path(folder).rglob("*.py")]
    return {name for path in files for name in pattern.findall(path.read_text("utf-8"))}


LIBRARIES = {*known_variables(), *read_by("runpod", "huggingface_hub")}
ORDINARY = sorted({*RUNPOD.split(), *DEVELOPER.split(), *LIBRARIES} - set(KNOWN))


def test_nothing_that_is_ordinary_is_taken_for_a_misspelt_setting() -> None:
    assert len(ORDINARY) > 350
    environ = {name: "nonsense" for name in ORDINARY}
    environ |= {"AWS_EC2_METADATA_DISABLED": "true", "http_proxy": "x", "npm_config_cache": "x"}
    assert Settings.load(environ).warnings == ()


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("S3_BUKET", "S3_BUCKET"),
        ("S3BUCKET", "S3_BUCKET"),
        ("AWS_S3_BUCKET", "S3_BUCKET"),
        ("AWS_BUCKET_NAME", "BUCKET_NAME"),
        ("BUCKET_NMAE", "BUCKET_NAME"),
        ("AWS_ACESS_KEY_ID", "AWS_ACCESS_KEY_ID"),
        ("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
        ("AWS_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACESS_KEY", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECERT_ACESS_KEY", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_ENDPOINT", "AWS_ENDPOINT_URL"),
        ("AWS_ENDPONT_URL", "AWS_ENDPOINT_URL"),
        ("ASW_REGION", "AWS_REGION"),
        ("BUCKET_ACCESS_KEY", "BUCKET_ACCESS_KEY_ID"),
        ("BUCKET_ENDPOINT", "BUCKET_ENDPOINT_URL"),
        ("BUCKET_SECRET_KEY", "BUCKET_SECRET_ACCESS_KEY"),
        ("USE_S3_STORGE", "USE_S3_STORAGE"),
        ("LOCAL_STORAGE_DRI", "LOCAL_STORAGE_DIR"),
        ("DEFAULT_VOICES", "DEFAULT_VOICE"),
        ("DEFAUTL_VOICE", "DEFAULT_VOICE"),
        ("DEFAULT-VOICE", "DEFAULT_VOICE"),
        ("VOICE_DEFAULT", "DEFAULT_VOICE"),
        ("VOICE_PREFIX", "VOICES_PREFIX"),
        ("MAX_TEXT_CHAR", "MAX_TEXT_CHARS"),
        ("MAX_CONCURRENT", "MAX_CONCURRENCY"),
        ("JOB_TIMEOUT", "JOB_TIMEOUT_S"),
        ("JOBS_TIMEOUT_S", "JOB_TIMEOUT_S"),
        ("OUTPUT_KYE", "OUTPUT_KEY"),
        ("OUPUT_PREFIX", "OUTPUT_PREFIX"),
        ("TIMING_PREFIX", "TIMINGS_PREFIX"),
        ("CLEANUP_DAY", "CLEANUP_DAYS"),
        ("CLEAN_UP_DAYS", "CLEANUP_DAYS"),
        ("RESUM", "RESUME"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("LOG_LEVLE", "LOG_LEVEL"),
        ("RUNPOD_LOG_LEVL", "RUNPOD_LOG_LEVEL"),
        ("HF_TOKNE", "HF_TOKEN"),
        ("HUGGINGFACE_HUB_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
        ("ALLOW_PRIVATE_URL", "ALLOW_PRIVATE_URLS"),
        ("CDN_BASE_ULR", "CDN_BASE_URL"),
        ("F5_MODLE", "F5_MODEL"),
        ("STORAGE_MOD", "STORAGE_MODE"),
        ("s3_bukcet", "S3_BUCKET"),
    ],
)
def test_a_misspelt_name_of_any_setting_is_warned_about_with_the_nearest(
    typed: str, wanted: str
) -> None:
    [warning] = Settings.load({typed: "x"}).warnings
    assert warning.startswith(f"{typed.upper()} is not a known variable")
    assert warning.endswith(f"Did you mean {wanted}?")


@given(st.sampled_from([name for name in KNOWN if len(name) > 8]), st.data())
def test_every_setting_is_recognised_with_one_slip_in_a_long_word(
    name: str, data: st.DataObject
) -> None:
    words = name.split("_")
    number = data.draw(st.sampled_from([i for i, w in enumerate(words) if len(w) > 3] or [0]))
    word = words[number]
    assume(len(word) > 3)
    at = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from(string.ascii_uppercase))
    slips = {
        "left out": word[:at] + word[at + 1 :],
        "put in": word[:at] + letter + word[at:],
        "another": word[:at] + letter + word[at + 1 :],
        "swapped": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    }
    words[number] = data.draw(st.sampled_from(list(slips.values())))
    typed = "_".join(words)
    assume(typed not in KNOWN)
    assert meant(typed, KNOWN) is not None


def test_an_unknown_name_of_our_own_prefixes_is_warned_about_however_far_it_is() -> None:
    settings = Settings.load({"F5_FAVOURITE_COLOUR": "x", "S3_ZZZZ": "x", "STORAGE_QQQQQ": "x"})
    assert len(settings.warnings) == 3


def test_a_start_that_fails_says_which_variable_may_have_been_meant() -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.load({"STORAGE_MODE": "s3", "S3_BUKET": "voices"})
    assert "no bucket is set" in caught.value.message
    assert "Did you mean S3_BUCKET?" in caught.value.hint
