"""Tokens, vocabulary and chunks are f5-tts's, character for character."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.tokens import chunk_text, max_chunk_bytes, read_vocab, token_ids, tokenize
from engine.weights.config import package_file
from errors import ModelUnavailable
from standins.oracle import f5
from tests.examples import examples

VOCAB = package_file("infer/examples/vocab.txt")
# Scripts that f5-tts's own tokeniser survives.
f5_text = st.text(
    st.sampled_from("abc XYZ012.,;:!?'\"“”‘’-()éüñ我们去银行今天重庆，。！？\n\tßдж😀"), max_size=80
)


@given(f5_text)
@settings(max_examples=examples(300), deadline=None)
def test_tokens_are_those_of_f5_tts(text: str) -> None:
    assert tokenize(text) == f5().utils.convert_char_to_pinyin([text])[0]


@pytest.mark.parametrize("text", ["こんにちは世界", "안녕하세요, hello", "あ我い", "ﾊﾛｰ"])
def test_scripts_on_which_f5_tts_fails_are_tokenised_all_the_same(text: str) -> None:
    tokens = tokenize(text)
    assert [t for t in "".join(tokens) if t in text.replace(" ", "")]


def test_the_vocabulary_is_read_as_f5_tts_reads_it() -> None:
    char_map, size = f5().utils.get_tokenizer(str(VOCAB), "custom")
    vocab = read_vocab(VOCAB)
    assert vocab == char_map
    assert len(vocab) == size


def test_unknown_characters_become_the_space() -> None:
    vocab = read_vocab(VOCAB)
    assert token_ids(["a", "\U0001f600", " "], vocab) == [vocab["a"], 0, 0]


@given(f5_text, st.integers(1, 60))
@settings(max_examples=examples(300), deadline=None)
def test_chunks_are_those_of_f5_tts_where_no_clause_is_far_over_the_limit(
    text: str, limit: int
) -> None:
    limit = max(limit, 1 + max((len(p.encode()) for p in text.split()), default=0))
    expected = f5().infer.chunk_text(text, max_chars=limit)
    if all(len(chunk.encode()) <= 2 * limit for chunk in expected):
        assert chunk_text(text, limit) == expected


@given(st.text(min_size=1, max_size=400), st.integers(-5, 50))
@settings(max_examples=examples(300), deadline=None)
def test_chunking_loses_no_character_and_bounds_every_chunk(text: str, limit: int) -> None:
    chunks = chunk_text(text, limit)
    assert "".join("".join(chunks).split()) == "".join(text.split())
    assert all(len(c.encode()) <= 4 * max(limit, 16) for c in chunks)


def test_a_clause_without_punctuation_is_cut_at_spaces() -> None:
    chunks = chunk_text("word " * 100, 50)
    assert len(chunks) > 5
    assert all(c.replace("word", "").strip() == "" and len(c) <= 50 for c in chunks)


def test_the_limit_follows_the_reference_and_the_speed() -> None:
    assert max_chunk_bytes("x" * 50, 5.0, 1.0) == 170
    assert max_chunk_bytes("x" * 50, 5.0, 2.0) == 340


def test_a_missing_vocabulary_says_which_variable_to_set(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"none\.txt cannot be read") as caught:
        read_vocab(tmp_path / "none.txt")
    assert caught.value.hint == "Set F5_VOCAB."
