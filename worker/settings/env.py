"""How a group of settings is read from a mapping of environment variables.

A group is a frozen pydantic model; every field is a `setting` with the variable's name and its
aliases, and the text below it is its documentation (CONFIG.md is generated from it). Rules: names
match in any case, an empty value means unset, the first name that is set wins, and two names of one
setting with different values give a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from errors import nearest, show
from worker.settings.spelling import meant
from worker.wording import problem

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# What Kubernetes and Docker set for a service named s3 or storage.
_SERVICE_LINK = re.compile(r"_(SERVICE_(HOST|PORT.*)|PORT(_\d+_(TCP|UDP).*)?)$")
_URL_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")

Lower, Upper = BeforeValidator(str.lower), BeforeValidator(str.upper)


@dataclass(frozen=True)
class Env:
    """One variable under all its `names`, its own first; of several the first that is set wins."""

    names: tuple[str, ...]
    example: str
    secret: bool
    doc: str = ""

    @property
    def name(self) -> str:
        return self.names[0]


def setting(
    names: str, default: Any, example: str = "", *, secret: bool = False, **limits: Any
) -> Any:
    """A field of a group, read from the first of `names`, separated by spaces, that is set;
    `limits` are those of pydantic's `Field`."""
    info = Field(default, **limits)
    info.metadata.append(Env(tuple(names.split()), example, secret))
    return info


class Group(BaseModel):
    """Base of every group of settings; secrets do not show in `repr`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        secrets = {name for name, env in variables(type(self)).items() if env.secret}
        for name, value in super().__repr_args__():
            yield name, "***" if name in secrets and value is not None else value


AnyGroup = TypeVar("AnyGroup", bound=Group)
AnyDataclass = TypeVar("AnyDataclass", bound="DataclassInstance")


def variables(group: type[Group]) -> dict[str, Env]:
    """Field name to variable, in the order of declaration."""
    return {
        name: replace(env, doc=" ".join((info.description or "").split()))
        for name, info in group.model_fields.items()
        for env in info.metadata
        if isinstance(env, Env)
    }


def fill(kind: type[AnyDataclass], group: Group, **given: Any) -> AnyDataclass:
    """A dataclass whose values are those `given`, else those `group` has under the same names."""
    names = {item.name for item in fields(kind)} & type(group).model_fields.keys()
    return kind(**{name: getattr(group, name) for name in names} | given)


@dataclass
class Reader:
    """Reads groups from one environment and collects what is wrong with it."""

    environ: Mapping[str, str]
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)  # those warnings that name what was meant

    def __post_init__(self) -> None:
        folded = {name.upper(): value for name, value in self.environ.items()}
        # An exact upper-case name beats another spelling of it.
        folded |= {name: value for name, value in self.environ.items() if name.isupper()}
        written = {name: value.strip() for name, value in folded.items()}
        plain = {name: _unquoted(value) for name, value in written.items()}
        self._quoted = {name for name in plain if plain[name] != written[name]}
        self._values = {name: value for name, value in plain.items() if value}

    def get(self, *names: str) -> tuple[str, str] | None:
        """(name, value) of the first of `names` that is set."""
        return next(((name, self._values[name]) for name in names if name in self._values), None)

    def value(self, name: str) -> str | None:
        """The value of one variable, None when unset."""
        return self._values.get(name)

    def read(self, group: type[AnyGroup]) -> AnyGroup:
        """The group as the environment has it; wrong values are noted and their default used."""
        values: dict[str, str] = {}
        names: dict[str, str] = {}
        for field_name, env in variables(group).items():
            if found := self.get(*env.names):
                names[field_name], values[field_name] = found
                self._warn_of_clash(env)
        try:
            return group.model_validate(values)
        except ValidationError as exc:
            bad = self._note(group, names, exc)
        return group.model_validate({k: v for k, v in values.items() if k not in bad})

    def _note(self, group: type[Group], names: Mapping[str, str], exc: ValidationError) -> set[str]:
        bad: set[str] = set()
        for error in exc.errors():
            field_name = str(error["loc"][0])
            bad.add(field_name)
            secret = variables(group)[field_name].secret
            value = "***" if secret else mask(show(error["input"]))
            text = problem(error, secret=True)
            if error["type"] == "string_pattern_mismatch":
                text += f" ({variables(group)[field_name].doc})"
            self.problems.append(f"{names[field_name]}={value}: {text}")
        return bad

    def _warn_of_clash(self, env: Env) -> None:
        if env.secret:
            return
        used, *others = [name for name in env.names if name in self._values]
        for other in others:
            if self._values[other] != self._values[used]:
                self.warnings.append(f"{used} and {other} differ; {used} is used.")

    def warn_of_unknown(self, known: Iterable[str], prefixes: tuple[str, ...]) -> None:
        """A warning for every variable that is nearly a known one, whatever its prefix, and for
        every one of our `prefixes` that nothing reads; and for known ones that came in quotes."""
        names = list(known)
        self.warnings += [
            f"{name} came in quotation marks, which were taken off: `docker --env-file` keeps them."
            for name in names
            if name in self._quoted
        ]
        for name in sorted(self._values.keys() - set(names)):
            ours = name.startswith(prefixes) and not _SERVICE_LINK.search(name)
            near = meant(name, names) or (nearest(name, names) if ours else None)
            if near or ours:
                ending = f" Did you mean {near}?" if near else ""
                said = f"{name} is not a known variable and is ignored.{ending}"
                self.warnings.append(said)
                self.guesses += [said] if near else []


def _unquoted(value: str) -> str:
    """`value` without the quotation marks around it, as a shell takes them off and Docker does
    not."""
    inner = value[1:-1]
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return inner.strip() if quoted and value[0] not in inner else value


def mask(text: str) -> str:
    """`text` without a login inside a URL."""
    return _URL_LOGIN.sub("***@", text)
