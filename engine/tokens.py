"""Text to tokens and chunks, exactly as f5-tts does it (tested against it).

A token list is what `f5_tts.model.utils.convert_char_to_pinyin` returns: single characters, and
pinyin syllables with tone numbers for Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from errors import ModelUnavailable

# f5-tts's own replacements of characters outside its vocabulary.
_TRANSLATION = str.maketrans({";": ",", "“": '"', "”": '"', "‘": "'", "’": "'"})
_SENTENCE_END = re.compile(r"(?<=[;:,.!?])\s+|(?<=[；：，。！？])")
_LONGEST_S = 22  # of reference and new speech together, as f5-tts plans it
_SHORTEST_LIMIT = 16  # bytes; a reference of nearly that length would ask for empty chunks
_NO_SPACE_AFTER = " :'\""


def read_vocab(path: Path) -> dict[str, int]:
    """Token to index, one token per line (f5-tts `get_tokenizer(..., "custom")`).

    Like f5-tts, the last character of every line is dropped, also where the final line has no
    line break: the published vocab.txt depends on it.

    Raises:
        ModelUnavailable: the file cannot be read or is empty.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            vocab = {line[:-1]: index for index, line in enumerate(lines)}
    except (OSError, UnicodeDecodeError) as exc:
        raise ModelUnavailable(
            f"The vocabulary {path} cannot be read: {exc}.", "Set F5_VOCAB."
        ) from exc
    if not vocab:
        raise ModelUnavailable(f"The vocabulary {path} is empty.", "Set F5_VOCAB.")
    return vocab


def token_ids(tokens: list[str], vocab: Mapping[str, int]) -> list[int]:
    """Indices of `tokens`; unknown tokens become 0 (the space), as in f5-tts."""
    return [vocab.get(token, 0) for token in tokens]


def knows(vocab: Mapping[str, int]) -> Callable[[str], bool]:
    """Says of a character whether each of its tokens is in `vocab`."""

    def known(character: str) -> bool:
        return all(token in vocab for token in tokenize(character))

    return lru_cache(maxsize=1 << 16)(known)


def spaced(ref_text: str) -> str:
    """f5-tts puts a blank after a reference's text that ends in a one-byte character."""
    return ref_text + " " if len(ref_text[-1].encode()) == 1 else ref_text


def tokenize(text: str) -> list[str]:
    """Characters and pinyin syllables of `text` (f5-tts `convert_char_to_pinyin`)."""
    import rjieba

    tokens: list[str] = []
    for segment in rjieba.cut(text.translate(_TRANSLATION)):
        n_bytes = len(segment.encode())
        if n_bytes == len(segment):
            _append_ascii(tokens, segment)
        elif n_bytes == 3 * len(segment):
            _append_east_asian(tokens, segment)
        else:
            _append_mixed(tokens, segment)
    return tokens


def _append_ascii(tokens: list[str], segment: str) -> None:
    if tokens and len(segment) > 1 and tokens[-1] not in _NO_SPACE_AFTER:
        tokens.append(" ")
    tokens.extend(segment)


def _append_east_asian(tokens: list[str], segment: str) -> None:
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(segment, style=Style.TONE3, tone_sandhi=True)
    if len(syllables) != len(segment):
        # pypinyin gives a run of other scripts (kana, hangul) as one item; f5-tts fails on it.
        syllables = lazy_pinyin(segment, style=Style.TONE3, tone_sandhi=True, errors=_characters)  # type: ignore[arg-type]
    for character, syllable in zip(segment, syllables, strict=True):
        if _is_chinese(character):
            tokens.append(" ")
        tokens.append(syllable)


def _characters(run: str) -> list[str]:
    return list(run)


def _append_mixed(tokens: list[str], segment: str) -> None:
    from pypinyin import Style, lazy_pinyin

    for character in segment:
        if _is_chinese(character):
            tokens.append(" ")
            tokens.extend(lazy_pinyin(character, style=Style.TONE3, tone_sandhi=True))
        else:
            tokens.append(character)


def _is_chinese(character: str) -> bool:
    return "\u3100" <= character <= "\u9fff"


def max_chunk_bytes(ref_text: str, ref_seconds: float, speed: float) -> int:
    """Bytes of text that fill the time left beside the reference (f5-tts `infer_process`)."""
    return int(len(ref_text.encode()) / ref_seconds * (_LONGEST_S - ref_seconds) * speed)


def chunk_text(text: str, max_bytes: int) -> list[str]:
    """Sentences of `text` packed into chunks of at most `max_bytes` UTF-8 bytes where possible.

    Follows f5-tts `chunk_text`, in which a clause longer than the limit stays whole. Only a clause
    of more than twice the limit is cut (at spaces, else anywhere): f5-tts would hand the model
    more seconds than it was trained on, and past 8,192 frames fail.
    """
    chunks: list[str] = []
    current = ""
    clauses = (clause for clause in _SENTENCE_END.split(text) if clause)
    for sentence in (part for clause in clauses for part in _cut_long(clause, max_bytes)):
        piece = sentence + " " if len(sentence[-1].encode()) == 1 else sentence
        if len(current.encode()) + len(sentence.encode()) <= max_bytes:
            current += piece
            continue
        if current:
            chunks.append(current.strip())
        current = piece
    if current:
        chunks.append(current.strip())
    return chunks


def _cut_long(clause: str, max_bytes: int) -> list[str]:
    if len(clause.encode()) <= 2 * max(max_bytes, _SHORTEST_LIMIT):
        return [clause]
    limit = max(max_bytes, _SHORTEST_LIMIT)
    parts: list[str] = []
    current = ""
    for word in re.findall(r"\S+\s*|\s+", clause):
        for piece in _cut_word(word, limit):
            if current and len(current.encode()) + len(piece.encode()) > limit:
                parts.append(current.strip())
                current = ""
            current += piece
    return [part for part in [*parts, current.strip()] if part]


def _cut_word(word: str, limit: int) -> list[str]:
    if len(word.encode()) <= limit:
        return [word]
    step = max(1, limit // 4)  # a character is at most 4 bytes
    return [word[start : start + step] for start in range(0, len(word), step)]
