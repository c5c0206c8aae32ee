"""What .runpod/hub.json and hub-http.json hold, from the worker's settings: the Hub's listings and
deploy forms.

Format: https://docs.runpod.io/hub/publishing-guide (runpod/docs a900806, 2026-08-20).
"""

from __future__ import annotations

import json
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from tools.hub.form import (
    HTTP_INPUTS,
    HTTP_VALUES,
    IMAGE_DEFAULTS,
    INPUTS,
    PRESETS,
    SECRET,
    FormInput,
)
from worker.settings.env import Env, variables
from worker.settings.load import GROUPS

# torch 2.13.0 of PyPI is built for CUDA 13.0 (its wheel requires cuda-toolkit==13.0.3), which needs
# a driver of release 580 or later; 13.0 is also the highest version RunPod's API names. The list is
# of what is allowed, not a least version: later ones have to be added (docs/image.md).
CUDA_VERSIONS = ["13.0"]
# Pools of 16 GB and more: the published model has 336 million parameters (1.4 GB in fp32).
GPU_POOLS = "ADA_24,AMPERE_24,AMPERE_16"


def listing() -> dict[str, Any]:
    """The whole file as JSON types."""
    return {
        "title": "F5-TTS with S3",
        "description": (
            "Voice cloning text-to-speech with F5-TTS: many jobs in one GPU pass, voices and "
            "results in any S3-compatible bucket (AWS, Backblaze B2, R2, MinIO, Wasabi, Spaces) "
            "or on a volume, word timings (SRT, VTT, ASS). The official weights are CC-BY-NC-4.0: "
            "no commercial use."
        ),
        "type": "serverless",
        "category": "audio",
        "iconUrl": "https://dummyimage.com/100x100/0b3d5c/fff&text=F5",
        "config": {
            "runsOn": "GPU",
            "containerDiskInGb": 20,
            "gpuCount": 1,
            "gpuIds": GPU_POOLS,
            "allowedCudaVersions": CUDA_VERSIONS,
            "presets": [
                {"name": name, "defaults": dict(defaults)} for name, defaults in PRESETS.items()
            ],
            "env": [entry(form) for form in INPUTS],
        },
    }


def http_listing() -> dict[str, Any]:
    """The second listing: the same image behind a load balancer, speaking HTTP (docs/http.md)."""
    whole = listing()
    config = whole["config"]
    fixed = [{"key": key, "value": value} for key, value in HTTP_VALUES.items()]
    asked = [each for each in config["env"] if each["key"] not in HTTP_VALUES]
    more = [entry(form) for form in HTTP_INPUTS]
    return {
        **whole,
        "title": "F5-TTS over HTTP, OpenAI-compatible",
        "description": (
            "OpenAI's text-to-speech interface with voices of your own: F5-TTS streams speech "
            "while it is made, from many requests in one GPU pass; voices in any S3-compatible "
            "bucket. The official weights are CC-BY-NC-4.0: no commercial use."
        ),
        "config": {**config, "endpointType": "LB", "env": [*fixed, *more, *asked]},
    }


def entry(form: FormInput) -> dict[str, Any]:
    """One form field: the variable's type, limits, default and description.

    Raises:
        KeyError: no setting reads `form.key` (as its own name, not an alias).
    """
    env, info = _settings()[form.key]
    kind = _type_of(info)
    field: dict[str, Any] = {
        "name": form.label,
        "type": kind,
        "description": env.doc.replace("`", "") + (SECRET if env.secret else ""),
    }
    if options := _literals(info):
        field["options"] = [{"label": option, "value": option} for option in options]
    if kind == "number":
        field |= _bounds(info)
    default = IMAGE_DEFAULTS.get(form.key, info.default)
    if default is not None and not form.no_default:
        field["default"] = _shown(default)
    if kind == "boolean":
        field |= {"trueValue": "true", "falseValue": "false"}
    field["advanced"] = form.advanced
    return {"key": env.name, "input": field}


def text(content: dict[str, Any]) -> str:
    """A listing as its file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _settings() -> dict[str, tuple[Env, FieldInfo]]:
    return {
        env.name: (env, group.model_fields[name])
        for group in GROUPS.values()
        for name, env in variables(group).items()
    }


def _plain(info: FieldInfo) -> Any:
    """The field's type without `| None`."""
    kinds = [kind for kind in get_args(info.annotation) if kind is not type(None)]
    if type(None) in get_args(info.annotation) and len(kinds) == 1:
        return kinds[0]
    return info.annotation


def _type_of(info: FieldInfo) -> str:
    kind = _plain(info)
    if kind is bool:
        return "boolean"
    return "number" if kind in (int, float) else "string"


def _literals(info: FieldInfo) -> tuple[str, ...]:
    kind = _plain(info)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _bounds(info: FieldInfo) -> dict[str, float]:
    """`min` and `max` where the setting has them and allows the value itself."""
    found: dict[str, float] = {}
    for item in info.metadata:
        if getattr(item, "ge", None) is not None:
            found["min"] = item.ge
        if getattr(item, "le", None) is not None:
            found["max"] = item.le
    return found


def _shown(default: object) -> str | bool | int | float:
    if isinstance(default, float) and default.is_integer():
        return int(default)
    return default if isinstance(default, bool | int | float) else str(default)
