"""Older names of job fields, so that users of earlier systems keep their jobs.

A name is mapped only where the new one is a field of the endpoint's model, so `voice_file_url`
means the file to store in `upload` and the reference voice in `tts`. Null means "not given",
except where null is a value of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from errors import nearest, show

# Old name to new, in order of precedence where several are given: the first row wins.
ALIASES: Mapping[str, str] = {
    "gen_text": "text",
    "local_voice": "voice",
    "voice_file": "voice",
    "ref_audio": "voice",
    "ref_audio_url": "voice",
    "voice_url": "voice",
    "voice_reference_url": "voice",
    "voice_file_url": "voice",
    "ref_audio_base64": "voice",
    "reference_text": "ref_text",
    "return_timestamps": "return_word_timings",
    "presigned_url_expiry": "url_expires",
    "type": "kind",
}
_BASE64 = "ref_audio_base64"
_OPTIONS = ("create_subtitles", "subtitle_format")
_IGNORED = {
    "timing_method": "`timing_method` is ignored: times are estimated from the chunks' own lengths."
}
_NULL_MEANS_SOMETHING = {"sway_sampling_coef"}


@dataclass
class Canonical:
    """An input under today's names. `given` maps them to the names the user wrote."""

    values: dict[str, Any] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def put(self, name: str, value: Any, written: str) -> None:
        """Sets a field; a second name with another value is a problem, not a guess."""
        if name in self.values and self.values[name] != value:
            self.problems.append(f"{self.given[name]} and {written} differ; give one of them")
            return
        if name not in self.values:
            self.values[name], self.given[name] = value, written


def canonical(raw: Mapping[Any, Any], model: type[BaseModel]) -> Canonical:
    """`raw` under the names of `model`; unknown names are left for the model to refuse."""
    found = Canonical()
    fields = model.model_fields
    pending = {str(name): value for name, value in raw.items()}
    for name in [n for n in pending if n in fields]:
        _take(found, name, pending.pop(name), name)
    for old, new in ALIASES.items():
        if old in pending and new in fields:
            value = pending.pop(old)
            if old == _BASE64 and value is not None:
                value = {"audio_base64": value}
            _take(found, new, value, old)
    if "options" in pending and "return_word_timings" in fields:
        _take_options(found, pending.pop("options"))
    for name, note in _IGNORED.items():
        if name in pending and "timing_format" in fields:
            del pending[name]
            found.warnings.append(note)
    for name, value in pending.items():
        found.put(name, value, name)
    return found


def meant(name: str, known: Iterable[str]) -> str:
    """What follows the message that `name` is not known: the nearest that is."""
    near = nearest(name, known)
    return f" (did you mean {near}?)" if near else ""


def _take(found: Canonical, name: str, value: Any, written: str) -> None:
    if value is not None or name in _NULL_MEANS_SOMETHING:
        found.put(name, value, written)


def _take_options(found: Canonical, options: Any) -> None:
    if options is None:
        return
    if not isinstance(options, Mapping):
        found.problems.append(f"options must be an object, not {show(options)}")
        return
    for name in options:
        if name not in _OPTIONS:
            shown = show(str(name))[1:-1]
            text = f"options.{shown} is not a known field{meant(str(name), _OPTIONS)}"
            found.problems.append(text)
    wanted, fmt = options.get("create_subtitles"), options.get("subtitle_format")
    if wanted is True:
        _take(found, "timing_format", fmt or "srt", "options.subtitle_format")
    elif wanted is None or wanted is False:
        _take(found, "return_word_timings", wanted, "options.create_subtitles")
        _take(found, "timing_format", fmt, "options.subtitle_format")
    else:
        found.problems.append(f"options.create_subtitles must be true or false, not {show(wanted)}")
