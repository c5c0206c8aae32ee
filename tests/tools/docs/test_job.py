"""docs/job.md has every field that a job may have, as the models have it."""

from __future__ import annotations

import pytest

from tools.docs.job import DOC, fields_table, generated, main, meanings, shape
from worker.operations.table import OPERATIONS
from worker.request.speech import SegmentInput, SpeechInput


def test_the_page_is_what_the_models_say(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--check"])
    assert generated() in DOC.read_text("utf-8")


def test_every_field_says_what_it_means() -> None:
    assert meanings(SpeechInput).keys() == SpeechInput.model_fields.keys() - {"endpoint"}
    assert meanings(SegmentInput).keys() == SegmentInput.model_fields.keys()


def test_every_field_and_endpoint_has_a_line() -> None:
    table = fields_table(SpeechInput, ("text",))
    for name in SpeechInput.model_fields.keys() - {"endpoint"}:
        assert table.count(f"\n| `{name}` |") == 1
    for name, model in OPERATIONS.items():
        [line] = [line for line in generated().split("\n") if line.startswith(f"| `{name}` | ")]
        for field in model.model_fields.keys() - {"endpoint"}:
            assert f"`{field}`" in line


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("speed", "number 0.3 to 2"),
        ("target_rms", "number above 0 to 1"),
        ("seed", "whole number"),
        ("quality", "`draft`, `balanced` or `best`"),
        ("voice", "text, object or list"),
        ("stream", "`true` or `false`"),
        ("timing_format", "`srt`, `vtt`, `ass`, `csv`, `json` or a list of them"),
    ],
)
def test_what_a_field_may_be_is_said_in_words(name: str, said: str) -> None:
    assert shape(SpeechInput.model_fields[name]) == said
