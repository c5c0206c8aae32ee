"""CONFIG.md is what the code reads."""

from __future__ import annotations

import re

from tools.docs.config import CONFIG, updated
from tools.docs.errors import kinds
from worker.settings.load import Settings, all_variables


def test_the_table_of_variables_is_up_to_date() -> None:
    text = CONFIG.read_text("utf-8")
    assert updated(text) == text, "run `make config-doc`"


def test_every_recipe_is_a_valid_environment() -> None:
    """Each code block of recipes loads without error or warning; `...` stands for a secret."""
    recipes = CONFIG.read_text("utf-8").split("## Recipes")[1].split("## Least")[0]
    blocks = re.findall(r"```env\n(.*?)```", recipes, re.DOTALL)
    assert blocks and len(blocks) == recipes.count("```") / 2
    for block in blocks:
        lines = [line.split(" #")[0] for line in block.splitlines() if "=" in line]
        pairs = [line.strip().split("=", 1) for line in lines if not line.startswith("#")]
        assert pairs, block
        settings = Settings.load(dict(pairs))
        assert settings.warnings == (), block


def test_variables_named_in_the_text_exist() -> None:
    """Except those a sentence ends with "are not read", which are boto3's, and codes of errors."""
    text = CONFIG.read_text("utf-8").split("## All variables")[0]
    text = re.sub(r"(?:`AWS_USE_\w+`\s*(?:and\s*)?)+are not read", "", text)
    known = {name for env in all_variables() for name in env.names}
    named = set(re.findall(r"`((?:S3|F5|STORAGE|AWS|VOICES|OUTPUT)_[A-Z0-9_]+)", text))
    assert named
    assert named <= known | {kind.code for kind in kinds()}
