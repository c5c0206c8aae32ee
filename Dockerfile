# syntax=docker/dockerfile:1
# F5-TTS worker for RunPod serverless. Build with the official weights baked in (no download at
# start, the fastest cold start), or without (they come from a volume, S3 or the hub at start):
#   docker build -t f5-worker .
#   docker build -t f5-worker --build-arg F5_MODEL= .
# With a recogniser for TRANSCRIBER and ASR=faster-whisper:
#   docker build -t f5-worker --build-arg WHISPER_MODEL=Systran/faster-whisper-small .
# torch's wheels bring their own CUDA libraries, so the image needs no CUDA base of its own; the
# NVIDIA driver comes from the host. PyPI's are for CUDA 13.0; for drivers from CUDA 12.6 on:
#   docker build -t f5-worker --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu126 .
# Voices from any recording (m4a, webm, film) need FFmpeg, whose wheel holds GPL libraries; without:
#   docker build -t f5-worker --build-arg PARTS= .
FROM python:3.11.13-slim-bookworm AS environment
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.txt constraints.txt ./
COPY requirements/nodeps.txt requirements/decode.txt requirements/text.txt requirements/listen.txt requirements/align.txt requirements/
COPY tools/install.sh tools/install.sh
ARG TORCH_INDEX=
ARG PARTS=decode
RUN PYTHON=python3.11 PARTS="$PARTS" TORCH_INDEX="$TORCH_INDEX" tools/install.sh /opt/venv
# A recogniser for voices without words, by its name on the hub; empty: none.
ARG WHISPER_MODEL=
COPY requirements/listen-whisper.txt requirements/listen-whisper.txt
RUN [ -z "$WHISPER_MODEL" ] || /opt/venv/bin/pip install -r requirements/listen-whisper.txt

# Weights in a stage of their own: changing the code does not download or copy them again.
FROM environment AS weights
ARG F5_MODEL=F5TTS_v1_Base
COPY tools/fetch_weights.py tools/fetch_weights.py
COPY engine engine
COPY errors.py ./
RUN --mount=type=secret,id=hf_token,required=false \
    /opt/venv/bin/python -m tools.fetch_weights --model "$F5_MODEL" --to /models \
        --token-file /run/secrets/hf_token --whisper "$WHISPER_MODEL"

FROM python:3.11.13-slim-bookworm
LABEL org.opencontainers.image.title="F5-TTS serverless worker" \
      org.opencontainers.image.licenses="MIT (code); CC-BY-NC-4.0 (official F5-TTS weights); GPL-2.0-or-later (x264 and x265 in PyAV, unless PARTS is empty)"
RUN useradd --create-home --uid 10001 worker && mkdir -p /app /models /data \
    && chown worker:worker /app /models /data
ARG F5_MODEL=F5TTS_v1_Base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    F5_MODEL=${F5_MODEL:-F5TTS_v1_Base} \
    F5_MODELS_DIR=/models \
    ASR_MODEL=/models/faster-whisper \
    LOCAL_STORAGE_DIR=/data \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=environment /opt/venv /opt/venv
COPY --from=weights --chown=worker:worker /models /models
WORKDIR /app
COPY --chown=worker:worker . .
USER 10001
# With F5_SERVE=http the same command serves HTTP (docs/http.md); PORT says where.
EXPOSE 8000
# No HEALTHCHECK: RunPod ignores it. Health is the worker's own: the model loads before the first
# job is taken (a fitness check; failure ends the process with code 1), then the SDK pings.
CMD ["python", "-u", "handler.py"]
