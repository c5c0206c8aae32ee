"""Is all well? Storage step by step, what it is like, and the model."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Literal

from errors import ConfigError, Unhealthy, WorkerError
from s3_utils import Storage, StorageConfig, examine, open_storage, run_check
from worker.app import App
from worker.operations.base import Answer, Operation
from worker.settings.load import Settings

_WHAT_NOW = "Correct it, then ask `doctor` again."


class Doctor(Operation):
    """Tries storage step by step, says what it is like, and describes the model."""

    endpoint: Literal["doctor"]

    def run(self, app: App, caller: str) -> Answer:
        answer = check_up(app.storage, app.settings)
        look_at_default_voice(app, answer)
        return judged(answer | {"model": describe_model(app)})


def check_up(store: Storage | StorageConfig, settings: Settings) -> Answer:
    """`storage`: its settings, `steps` (does it work?) and `findings` (what is it like?). `store`:
    an open one, or a configuration, of which one is opened."""
    steps = run_check(store)
    try:
        if isinstance(store, StorageConfig):  # who asks does not wait for it to become well
            store = open_storage(replace(store, max_attempts=2))
    except ConfigError:  # the first step says why
        described, findings = {}, []
    else:
        stored = any(step.step == "upload" and step.ok for step in steps)
        described = store.describe()
        findings = examine(store, url_kind=settings.urls.kind, may_store=stored)
    return {
        "storage": {
            **described,
            "steps": [asdict(step) for step in steps],
            "findings": [asdict(finding) for finding in findings],
        }
    }


def storage_works(answer: Answer) -> bool:
    """Whether each step was run and went well."""
    return all(step["ok"] for step in answer["storage"]["steps"])


def look_at_default_voice(app: App, answer: Answer) -> None:
    """Adds to the findings whether the voice of jobs that name none is there, where storage works;
    nothing of one that is not looked for."""
    if not storage_works(answer):
        return
    level, detail = "ok", app.settings.voices.default_voice
    try:
        fault = app.default_voice_fault()
    except WorkerError as error:
        level, detail = "unknown", error.message
    else:
        if fault is None:
            return
        if fault:
            level, detail = "warning", fault
    found = {"name": "default voice", "level": level, "detail": detail}
    answer["storage"]["findings"].append(found)


def describe_model(app: App) -> Answer:
    """The loaded model, waited for; `error` if it cannot be loaded."""
    try:
        engine = app.engine.result()
    except WorkerError as error:
        return {"error": error.message, "hint": error.hint}
    return {
        "model": engine.model,
        "device": engine.device,
        "dtype": engine.dtype,
        "load_s": round(engine.load_s, 3),
    }


def judged(answer: Answer) -> Answer:
    """With `healthy`. A check that fails is a job that fails, for scripts."""
    storage = answer["storage"]
    failed = [(s["step"], s["detail"]) for s in storage["steps"] if s["ok"] is False]
    failed += [(f["name"], f["detail"]) for f in storage["findings"] if f["level"] == "failed"]
    if "error" in (model := answer.get("model", {})):
        failed.append(("model", model["error"]))
    answer["healthy"] = not failed
    if failed:
        (name, detail), *others = failed
        also = ", ".join(name for name, _ in others)
        more = f" Also failed: {also}." if also else ""
        answer |= Unhealthy(f"{name}: {detail}{more}", _WHAT_NOW).as_output()
    return answer


def as_lines(answer: Answer) -> list[tuple[str, str, str]]:
    """(mark, name, detail) of everything that was found, for people; marks: ok, warning, FAILED,
    unknown, not run."""
    storage = answer["storage"]
    rows = [
        ("not run" if s["ok"] is None else "ok" if s["ok"] else "FAILED", s["step"], s["detail"])
        for s in storage["steps"]
    ]
    for f in storage["findings"]:
        rows.append(("FAILED" if f["level"] == "failed" else f["level"], f["name"], f["detail"]))
    if model := answer.get("model"):
        bad = "error" in model
        text = ", ".join(f"{name}={value}" for name, value in model.items())
        text = f"{model['error']} {model['hint']}" if bad else text
        rows.append(("FAILED" if bad else "ok", "model", text))
    return rows
