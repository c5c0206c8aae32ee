"""`/v1/audio/voices`: the voice library by the verbs of `worker.operations`, in OpenAI's words."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import InvalidInput, show
from worker.http.body import parse_json, read_json
from worker.http.desk import Desk
from worker.http.problems import refusal
from worker.threads import Lane, in_thread
from worker.unique import twice

_FILES = ("audio_sample", "audio", "file")  # OpenAI's name first
_WORDS = ("transcript", "text")  # other names of `ref_text`
_FORM_FLAGS = ("strict", "picture", "replace")
_FORM_JSON = ("consent", "tags")


class VoiceRoutes:
    """Lists, adds, shows, renames and deletes voices."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Response:
        """Names, as OpenAI lists things; `limit` and `after` as `list_voices` has them."""
        job: dict[str, Any] = {"endpoint": "list_voices"}
        query = request.query_params
        if "limit" in query:
            job["limit"] = _number(query["limit"])
        if "after" in query:
            job["after"] = query["after"]
        answer = await self._run(job)
        if "error" in answer:
            return refusal(answer)
        data = [_voice(one["name"], one) for one in answer["voices"]]
        return JSONResponse({"object": "list", "data": data, "has_more": answer["truncated"]})

    async def add(self, request: Request) -> Response:
        """Stores a voice, from a form with the file in it or from JSON with a link or base64."""
        form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
        warnings: list[str] = []
        given = await self._form(request) if form else await read_json(request)
        job = _upload(given, warnings)
        answer = await self._run({"replace": False, **job, "endpoint": "upload"})
        if "error" in answer:
            return refusal(answer)
        said = [*warnings, *answer.pop("warnings")]
        said += self._shadowed(answer["voice_name"])
        del answer["status"], answer["job_id"]
        now = int(datetime.now(UTC).timestamp())
        more = {"created_at": now, "warnings": said}
        return JSONResponse(_voice(answer["voice_name"], {**answer, **more}))

    def _shadowed(self, name: str) -> tuple[str, ...]:
        """A warning where speech over HTTP takes a new voice's name for one of OpenAI's."""
        settings = self._desk.app.settings
        spoken = settings.http.voice_for(name, settings.voices.default_voice)
        if spoken in (None, name):
            return ()
        return (
            f"{name} is one of OpenAI's names: POST /v1/audio/speech speaks it by {spoken}. Use "
            f"another name, or add {name}={name} to OPENAI_VOICES.",
        )

    async def show(self, request: Request) -> Response:
        """A voice's record, files and moods."""
        return await self._one(request, "show_voice")

    async def rename(self, request: Request) -> Response:
        """`{"name": NEW}`."""
        body = await read_json(request)
        if not isinstance(body, dict) or set(body) != {"name"}:
            raise InvalidInput('The body must be {"name": "the new name"}.', "Give that alone.")
        new: dict[str, Any] = {"new_name": body["name"]}
        if isinstance(body["name"], str):
            new = _named(body["name"], "new_name", "new_mood")
        return await self._one(request, "rename_voice", **new)

    async def delete(self, request: Request) -> Response:
        """Deletes a voice; `restore_voice` brings it back."""
        name = request.path_params["name"]
        answer = await self._run({"endpoint": "delete", **_named(name)})
        if "error" in answer:
            return refusal(answer)
        gone = {"id": name, "object": "audio.voice", "deleted": True}
        return JSONResponse({**gone, "warnings": answer["warnings"]})

    async def _one(self, request: Request, endpoint: str, **fields: Any) -> Response:
        answer = await self._run(
            {"endpoint": endpoint, **_named(request.path_params["name"]), **fields}
        )
        if "error" in answer:
            return refusal(answer)
        del answer["status"], answer["job_id"]
        return JSONResponse(_voice(answer["voice_name"], answer))

    async def _run(self, job: Mapping[str, Any]) -> dict[str, Any]:
        return await self._desk.run(self._desk.new_id(), job)

    async def _form(self, request: Request) -> dict[str, Any]:
        most = self._desk.app.settings.http.max_body_bytes
        try:
            async with request.form(max_files=1, max_fields=50, max_part_size=most) as form:
                return await form_fields(form)
        except UnicodeError as exc:  # of the charset that its Content-Type names
            raise InvalidInput("The form's text cannot be read.", "Send it in UTF-8.") from exc


async def form_fields(form: FormData) -> dict[str, Any]:
    """A form's fields as those of a job. Raises InvalidInput: one is given twice, or no JSON; or a
    file is empty, or only its name was sent."""
    given: dict[str, Any] = {}
    for name, value in form.multi_items():
        if name in given:
            raise twice(name)
        if isinstance(value, UploadFile):
            data = await value.read()
            if not data:
                raise InvalidInput(
                    f"Wrong input: {name} is a file without a byte in it.", "Record it again."
                )
            text = await in_thread(Lane.CHECK, base64.b64encode, data)
            given[name] = {"audio_base64": text.decode()}
        elif name in _FILES and "://" not in value and not value.startswith("data:"):
            raise InvalidInput(
                f"Wrong input: {name} is the text {show(value)}, not a file.",
                f"Send the file itself: curl takes `-F {name}=@me.wav`, with an @ before its path.",
            )
        else:
            given[name] = _form_value(name, value)
    return given


def _number(text: str) -> int | str:
    """A whole number where it is one; what is not, or has no end, is refused by its field."""
    return int(text) if text.isdecimal() and len(text) < 20 else text[:100]


def _form_value(name: str, value: str) -> Any:
    """A form has text alone: what is an object or a flag in a job is read here. Raises
    InvalidInput: what begins like an object is no JSON."""
    if name in _FORM_FLAGS and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if name in _FORM_JSON and value.lstrip().startswith(("{", "[")):
        return parse_json(value.encode(errors="replace"), f"Wrong input: {name}")
    return value


def _upload(given: Any, warnings: list[str]) -> dict[str, Any]:
    """The fields of `upload`; its own check refuses what is wrong with them."""
    if not isinstance(given, dict):
        raise InvalidInput(
            f"The body must be an object, not {show(given)}.",
            'Send {"name": "Dorota", "voice": "https://...", "ref_text": "..."} or a form.',
        )
    if "endpoint" in given:
        raise InvalidInput(
            "Wrong input: endpoint is not a known field of a voice.", "POST /v1/jobs takes any job."
        )
    job = dict(given)
    job.pop("type", None) if job.get("type") == "audio_sample" else None
    if isinstance(job.get("name"), str) and "voice_name" not in job:
        named = _named(job.pop("name"))
        if "mood" in named and "mood" in job:
            raise twice("mood")
        job |= named
    elif "name" in job and "voice_name" not in job:
        job["voice_name"] = job.pop("name")
    for name in (*_FILES, "audio_base64"):
        if name in job and "voice" not in job:
            value = job.pop(name)
            job["voice"] = {"audio_base64": value} if name == "audio_base64" else value
    _check_there(job)
    for name in _WORDS:
        if name in job and "ref_text" not in job:
            job["ref_text"] = job.pop(name)
    if isinstance(job.get("consent"), str):
        today = datetime.now(UTC).date().isoformat()
        job["consent"] = {"who": job["consent"], "when": today}
        warnings.append(f"`consent` was read as who agreed, today ({today}).")
    return job


def _check_there(job: Mapping[str, Any]) -> None:
    """Raises InvalidInput: it has no name, or no recording, told in this face's words for them."""
    name = job.get("voice_name")
    if not isinstance(name, str):
        said = "is required" if name is None else f"must be a string, not {show(name)}"
        raise InvalidInput(f"Wrong input: name {said}.", "It is what jobs call the voice.")
    if job.get("voice") is None:
        raise InvalidInput(
            "Wrong input: the recording is missing.",
            "Send its file as audio_sample in a form, or JSON with audio_base64, or voice, a link.",
        )


def _named(name: str, voice: str = "voice_name", mood: str = "mood") -> dict[str, str]:
    """`Dorota/calm` as the two fields that operations have."""
    first, separator, second = name.partition("/")
    return {voice: first, mood: second} if separator else {voice: first}


def _voice(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """A voice as OpenAI's clients read one; `created_at` 0 where it is not known."""
    more = {key: value for key, value in facts.items() if key not in ("name", "voice_name")}
    head = {"id": name, "object": "audio.voice", "name": name, "type": "audio_sample"}
    return {**head, "created_at": 0, **more}
