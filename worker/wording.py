"""One wording for every wrong value, shared by the environment and the job schema.

`problem` turns one pydantic error into a phrase that says what is allowed and what was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from errors import show

# pydantic error type to wording; `{...}` are the error's own context values.
_WORDING = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a string",
    "string_unicode": "has half a surrogate pair, which is no text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have {min_length} or more items",
    "too_long": "must have at most {max_length} items",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_pattern_mismatch": "does not have the right form",
    "value_error": "{error}",
    "script": "{said}",
}
_NO_VALUE = {
    "missing",
    "value_error",
    "script",
    "string_too_long",
    "extra_forbidden",
    "too_long",
    "string_unicode",
}


def problem(error: Mapping[str, Any], *, secret: bool = False) -> str:
    """The phrase for one item of `ValidationError.errors()`; a secret's value is left out."""
    kind = error["type"]
    wording = _WORDING.get(kind)
    text = wording.format(**error.get("ctx", {})) if wording else str(error["msg"])
    if kind in _NO_VALUE or secret:
        return text
    return f"{text}, not {show(error['input'])}"
