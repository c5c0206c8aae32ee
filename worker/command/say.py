"""`say`: texts to sound files of this machine, each text by a job of its own, all at once."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from errors import InvalidInput, Unexpected, WorkerError, show
from worker.app import App
from worker.command.common import RUN_WITH_LOG, missing_file, one_line
from worker.command.places import (
    check_places,
    format_of,
    places,
    spare_the_text,
    spare_the_voice,
    unwritable,
)
from worker.command.show import Step
from worker.files.find import find_timings
from worker.files.jobfiles import JobFiles
from worker.platform.leave import interrupts_wait, told_to_end_as_by_ctrl_c
from worker.platform.local import AFTER_S, with_lent_voices
from worker.settings.load import Settings
from worker.voices.lent import path_meant

_FOLDER = "f5worker-say-"  # in the system's folder for temporary files
_PATIENCE_S = 30 * 86_400.0  # who waits at a desk sees how far it is, and may end it


@dataclass(frozen=True)
class Wish:
    """What is to be said. `fields`: of the job, by name; those that are None were not given.
    `output`: a file or a folder, None for a free name in this folder."""

    texts: tuple[str, ...]
    fields: Mapping[str, Any]
    output: Path | None = None
    subtitles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """A file that was made, the subtitles beside it, and its job's answer."""

    path: Path
    subtitles: tuple[Path, ...]
    answer: Mapping[str, Any]

    def as_rows(self, voice: str | None) -> list[tuple[str, str]]:
        """(name, detail) for people; `voice` as it was typed."""
        answer, metrics = self.answer, self.answer["metrics"]
        rate = f"{answer['sample_rate']} Hz"
        rows = [("Made", f"{self.path} ({answer['duration']:.1f} s, {rate}, {answer['format']})")]
        rows += [("", str(each)) for each in self.subtitles]
        name = str(answer["voice"])
        rows += [
            ("Voice", name if voice in (None, name) else f"{name}, from {voice}"),
            ("Took", f"{metrics['total_s']:.1f} s, {metrics['nfe_step']} steps"),
            ("Seed", f"{answer['seed']} (--seed {answer['seed']} gives the same again)"),
        ]
        return rows

    def as_output(self) -> dict[str, Any]:
        """For scripts: the job's answer, with what lies where."""
        shown = ("text", "voice", "duration", "sample_rate", "format", "seed", "segments")
        answer = {name: self.answer[name] for name in (*shown, "metrics", "warnings")}
        return {"file": str(self.path), "subtitles": [*map(str, self.subtitles)], **answer}


def said(wish: Wish, settings: Settings, step: Step) -> tuple[list[Made], list[str]]:
    """What was made of `wish`, and a line on each text of which nothing was; `step` is told how
    far it is.

    Raises:
        WorkerError: nothing can be made: a file or a folder that is named cannot be used.
    """
    paths = places(wish.output, len(wish.texts))
    fields = {name: value for name, value in wish.fields.items() if value is not None}
    voice = str(fields.get("voice", ""))
    # Before anything heavy is loaded.
    spare_the_voice(path_meant(voice), paths, wish.subtitles)
    spare_the_text(paths, wish.subtitles)
    check_places(paths)
    # Not in the worker's storage: a command that is killed leaves nothing there.
    with (
        told_to_end_as_by_ctrl_c(),
        tempfile.TemporaryDirectory(prefix=_FOLDER, ignore_cleanup_errors=True) as folder,
    ):
        app = App(patient(settings), results=Path(folder))
        try:
            return _said(app, wish, fields, paths, step)
        finally:
            app.end_storage()  # the model may still be loading; nobody waits for it


def patient(settings: Settings) -> Settings:
    """With time for a book, unless JOB_TIMEOUT_S says how long."""
    if "timeout_s" in settings.jobs.model_fields_set:
        return settings
    return replace(settings, jobs=settings.jobs.model_copy(update={"timeout_s": _PATIENCE_S}))


def _said(
    app: App, wish: Wish, fields: Mapping[str, Any], paths: Sequence[Path], step: Step
) -> tuple[list[Made], list[str]]:
    with interrupts_wait():
        from worker.jobs.runner import JobRunner

    lent = with_lent_voices({"input": fields}, app.voices)["input"]
    runner = JobRunner(app)
    try:
        answers = asyncio.run(_answers(runner, _jobs(wish, lent, paths), step))
    finally:
        runner.close(AFTER_S)
    made, problems = [], []
    for number, (path, (job_id, answer)) in enumerate(zip(paths, answers.items(), strict=True)):
        if "error" in answer:
            which = f"Text {number + 1}: " if len(paths) > 1 else ""
            problems.append(which + _of_a_shell(answer, str(fields.get("voice", ""))))
        else:
            notes = [*answer["warnings"], *_named_file(wish.texts[number])]
            try:
                made.append(_taken_out(app, job_id, {**answer, "warnings": notes}, path))
            except WorkerError as error:  # the other sounds are there all the same
                problems.append(f"{error.message} {error.hint}")
    return made, problems


def _named_file(text: str) -> Iterator[str]:
    """A note where a text is a file's name: whoever types one may mean what it holds."""
    with suppress(OSError, ValueError):  # too long for a name, or with a NUL
        if Path(text).suffix and Path(text).is_file():
            yield f"{show(text)} is a file; its name was spoken. For what it holds: say < FILE"


def _jobs(wish: Wish, fields: Mapping[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    run = uuid.uuid4().hex[:12]
    own = {
        "use_s3": False,
        "output_format": format_of(paths[0]),
        "output_key": "say/{job_id}.{ext}",  # whatever OUTPUT_KEY says
        "timing_format": list(wish.subtitles) or None,
    }
    return {
        f"say-{run}-{number}": {**fields, **own, "text": text}
        for number, text in enumerate(wish.texts)
    }


async def _answers(runner: Any, jobs: Mapping[str, Any], step: Step) -> dict[str, dict[str, Any]]:
    """Each job's answer; all run at once."""
    told = _Told(len(jobs), step)
    tasks = {
        job_id: asyncio.create_task(
            runner.handle({"id": job_id, "input": fields}, _Listener(job_id, told))
        )
        for job_id, fields in jobs.items()
    }
    return {job_id: await task for job_id, task in tasks.items()}


class _Told:
    """Adds up how far the jobs are."""

    def __init__(self, jobs: int, step: Step) -> None:
        self._jobs, self._step = jobs, step
        self._updates: dict[str, Mapping[str, Any]] = {}

    def tell(self, job_id: str, update: Mapping[str, Any]) -> None:
        self._updates[job_id] = update
        of_all = self._updates.values()
        done = sum(each["chunks_done"] for each in of_all)
        total = sum(each["chunks"] for each in of_all) + self._jobs - len(of_all)
        left = max((each["seconds_left"] or 0 for each in of_all), default=0)
        self._step(done, total, f"Speaking: {done} of {total} parts, about {left:.0f} s left")


class _Listener:
    """Hears one job's reports."""

    streams = False

    def __init__(self, job_id: str, told: _Told) -> None:
        self._job_id, self._told = job_id, told

    def progress(self, update: dict[str, Any]) -> None:
        self._told.tell(self._job_id, update)

    def chunk(self, chunk: dict[str, Any]) -> None: ...


def _taken_out(app: App, job_id: str, answer: Mapping[str, Any], path: Path) -> Made:
    """A job's files, where they are wanted."""
    files = JobFiles(app.local, app.settings, job_id)
    _write(path, app.local.get(answer["s3_key"], max_bytes=answer["bytes"]))
    subtitles = []
    for form, key in find_timings(files, {"timing_formats": [*answer["timing_files"]]}).items():
        subtitles.append(path.with_suffix(f".{form}"))
        _write(subtitles[-1], app.local.get(key))
    return Made(path, tuple(subtitles), answer)


def _write(path: Path, data: bytes) -> None:
    """The file, whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as exc:
        raise unwritable(path, exc) from exc
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def texts_of(given: Sequence[str]) -> tuple[str, ...]:
    """The texts given, `-` or none for standard input. Raises InvalidInput: there is none."""
    if given and "-" not in given:
        return tuple(given)
    if not given and sys.stdin.isatty():
        raise InvalidInput("There is no text.", 'Give one: say "Good morning!"')
    try:
        piped = sys.stdin.read().removeprefix("\ufeff")  # a byte order mark
        piped.encode()  # where the locale has letters for whatever bytes there are
    except ValueError as exc:
        raise InvalidInput("Standard input is no UTF-8 text.", "Save it as UTF-8.") from exc
    if not piped.strip():
        raise InvalidInput("Standard input holds no text.", 'Give one: say "Good morning!"')
    return tuple(piped if text == "-" else text for text in given or ("-",))


def _of_a_shell(answer: Mapping[str, Any], voice: str) -> str:
    """A failed job's error in one line, where `voice` was typed."""
    said, code = str(answer["error"]), str(answer["error_code"])
    if code == Unexpected.code:
        said = said.removesuffix(str(answer["hint"])) + RUN_WITH_LOG
    return missing_file(one_line(said), code, voice)


def rows_of(made: Sequence[Made], voice: str | None) -> list[tuple[str, str]]:
    """(name, detail) of all that was made with `voice` as it was typed, each note once."""
    rows = [row for each in made for row in each.as_rows(voice)]
    notes = dict.fromkeys(one_line(note) for each in made for note in each.answer["warnings"])
    return rows + [("Note", note) for note in notes]
