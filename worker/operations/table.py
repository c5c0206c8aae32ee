"""Every endpoint beside `tts`: each operation class of the modules below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from worker.operations import callbacks, doctor, lexicons, objects, records, upkeep, usage, voices
from worker.operations.base import Operation

OPERATIONS: Mapping[str, type[Operation]] = {
    name: model
    for module in (voices, records, lexicons, objects, callbacks, usage, upkeep, doctor)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, Operation)
    for name in get_args(model.model_fields["endpoint"].annotation)
}
