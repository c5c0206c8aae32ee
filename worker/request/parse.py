"""A job's input: what a user may send, under today's and older names, checked once at the door.

`parse` gives a typed request or one InvalidInput that names the bad fields, so that a user fixes
a job in one go. docs/job.md is made of the models; older systems' names are mapped by
`worker.request.aliases`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from errors import InvalidInput, nearest, show
from worker.phrases import here
from worker.request.aliases import Canonical, canonical, meant
from worker.request.clips import CLIP, CLIPS, PLAIN, ClipInput
from worker.request.fields import Strict
from worker.request.speech import SegmentInput, SpeechInput
from worker.settings.load import Settings
from worker.wording import problem

TTS = "tts"
_MAX_NAME = 60  # characters of an unknown field's name that are repeated to the user
_MAX_PROBLEMS = 10  # that are named; the others are counted
_MAX_FIELDS = 200  # of one object; ours has 40
_MAX_ALL_FIELDS = 10_000  # of a whole job: 1,000 segments with every field have 4,000


@dataclass(frozen=True)
class Request:
    """A checked input, and warnings about how it was read."""

    input: Strict
    warnings: tuple[str, ...] = ()


def parse(
    raw: object,
    operations: Mapping[str, type[Strict]],
    settings: Settings,
    written: Mapping[str, str] | None = None,
) -> Request:
    """Checks a job's input. `operations`: the endpoints beside `tts`, by name. `settings`: what is
    allowed. `written`: fields to the names their user knows them by. Raises InvalidInput: naming
    the bad fields at once, ten of them at most."""
    if not isinstance(raw, Mapping):
        raise InvalidInput(
            f"The job's input must be an object, not {show(raw)}.",
            'Send {"input": {"text": "..."}}.',
        )
    _check_size(raw)
    model = _model(raw.get("endpoint"), {TTS: SpeechInput, **operations})
    found = canonical(raw, model)
    found.given.update(written or {})
    problems = [*found.problems, *_not_one(found.values, model.one_of)]
    try:
        parsed = model.model_validate(found.values, context=settings)
    except ValidationError as exc:
        named = islice(_problems(exc, found, model), _MAX_PROBLEMS)
        raise _wrong([*problems, *named], len(problems) + exc.error_count()) from exc
    if problems:
        raise _wrong(problems, len(problems))
    return Request(parsed, tuple(found.warnings))


def _wrong(problems: Sequence[str], count: int) -> InvalidInput:
    """The error naming the first of `count` problems."""
    named = problems[:_MAX_PROBLEMS]
    more = f"; and {count - len(named)} more" if count > len(named) else ""
    said = f"Wrong input: {'; '.join(named)}{more}"
    return InvalidInput(
        said if said.endswith("?") else f"{said}.",
        here("Correct it and send the job again; docs/job.md lists the fields."),
    )


def _check_size(raw: Mapping[str, Any]) -> None:
    """Refuses a job of so many fields that checking each would cost other jobs time. Raises
    InvalidInput: with the count and the limit."""
    fields, objects = 0, [raw]
    while objects:
        one = objects.pop()
        fields += len(one)
        if len(one) > _MAX_FIELDS:
            raise InvalidInput(
                f"The job has an object of {len(one)} fields; at most {_MAX_FIELDS} are allowed.",
                "Leave out what is no field of a job.",
            )
        if fields > _MAX_ALL_FIELDS:
            raise InvalidInput(
                f"The job has over {_MAX_ALL_FIELDS} fields in all.", "Split the job into several."
            )
        for value in one.values():
            inner = value if isinstance(value, list) else [value]
            objects += (each for each in inner if isinstance(each, Mapping))


def _model(endpoint: object, known: Mapping[str, type[Strict]]) -> type[Strict]:
    name = TTS if endpoint is None else endpoint
    if isinstance(name, str) and name in known:
        return known[name]
    near = nearest(name, known) if isinstance(name, str) else None
    hint = f"Did you mean {near}?" if near else f"Known are {', '.join(known)}."
    raise InvalidInput(f"endpoint: {show(endpoint)} is not an endpoint.", hint)


def _not_one(values: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    """Says so unless exactly one of `names` is given."""
    given = [f"`{name}`" for name in names if name in values]
    if len(given) > 1:
        yield f"give {' or '.join(given)}, not {'both' if len(given) == 2 else 'all of them'}"
    if names and not given:
        first, *others = (f"`{name}`" for name in names)
        yield f"{first} is required (or {' or '.join(others)})"


def _problems(exc: ValidationError, found: Canonical, model: type[Strict]) -> Iterator[str]:
    for error in exc.errors(include_url=False):
        loc, guess = _loc(error), ""
        if error["type"] == "extra_forbidden":
            guess = meant(str(loc[-1]), _beside(error, model).model_fields)
        place = _place(loc, found) or "the name of a field"
        yield f"{place} {problem(error)}{guess}"


def _beside(error: ErrorDetails, model: type[Strict]) -> type[Strict]:
    """The model of which an unknown field was given."""
    if {CLIP, CLIPS}.intersection(error["loc"][1:-1]):
        return ClipInput
    return SegmentInput if len(error["loc"]) > 1 else model


def _loc(error: ErrorDetails) -> tuple[int | str, ...]:
    """Where it is; what is wrong with one text of a script is told of all `segments` together."""
    place = error["loc"]
    # An unknown field is named by its user, and may be called as one of the marks is.
    end = len(place) - (error["type"] == "extra_forbidden")
    marks = {at for at in range(1, end) if place[at] in (PLAIN, CLIP, CLIPS)}
    if marks:
        return tuple(piece for at, piece in enumerate(place) if at not in marks)
    if error["type"] == "script" and error["loc"][-1] == "segments":
        return (*error["loc"], int(error["ctx"]["number"]), "text")
    return error["loc"]


def _place(loc: tuple[int | str, ...], found: Canonical) -> str:
    """The field as the user wrote it: `segments[0].speed`, `local_voice`."""
    text = ""
    for i, piece in enumerate(loc):
        if isinstance(piece, int):
            text += f"[{piece}]"
        else:
            name = found.given.get(piece, piece) if i == 0 else piece
            shown = name if name.isprintable() and len(name) <= _MAX_NAME else show(name)
            text += f".{shown}" if text else shown
    return text
