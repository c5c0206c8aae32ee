"""Seeded English sentences to be spoken: from documentation, from templates, from random words.

Documentation sentences come from the docstrings of the Python library and of pinned packages, so
nothing has to be downloaded. Whether a sentence may be trained on is decided by a hash of its
words: held-out ones can never enter the training set, whatever the seed.
"""

from __future__ import annotations

import hashlib
import random
import re
import sysconfig
from collections import Counter
from functools import cache
from pathlib import Path

from training.data.phrases import everyday

SHORTEST, LONGEST = 15, 110  # characters of a documentation sentence
_PACKAGES = ("torch", "numpy", "scipy", "networkx", "f5_tts")
_HELD_OUT_SHARE = 0.05
_DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_ALLOWED = re.compile(r"[A-Z](?:[A-Za-z]|[ ,'-](?![-,]))*[.?!]")
_WORD = re.compile(r"[A-Za-z']+")
_VOWEL = re.compile(r"[aeiouyAEIOUY]")


def is_held_out(text: str) -> bool:
    """Whether `text` is kept from training: the same answer for any case and punctuation."""
    words = " ".join(_WORD.findall(text.lower()))
    return hashlib.sha256(words.encode()).digest()[0] < 256 * _HELD_OUT_SHARE


def training(n: int, seed: int) -> list[str]:
    """`n` different sentences for training: 45 % documentation, 30 % everyday, 25 % words."""
    return _mixture(n, seed, held_out_wanted=False)


def held_out(n: int, seed: int) -> list[str]:
    """`n` different sentences that no training set made by `training` can contain."""
    return _mixture(n, seed, held_out_wanted=True)


def _mixture(n: int, seed: int, *, held_out_wanted: bool) -> list[str]:
    rng = random.Random(f"{seed}-{held_out_wanted}")
    docs = [s for s in documentation() if is_held_out(s) == held_out_wanted]
    rng.shuffle(docs)
    chosen: dict[str, None] = {}
    while len(chosen) < n:
        kind = rng.random()
        if kind < 0.45 and docs:
            text = docs.pop()
        elif kind < 0.75:
            text = everyday(rng)
        else:
            text = random_words(rng)
        if is_held_out(text) == held_out_wanted:
            chosen[text] = None
    return list(chosen)


def random_words(rng: random.Random) -> str:
    """Three to twelve dictionary words with a comma here and there: "Amber notice, the rule."."""
    words = rng.choices(dictionary(), k=rng.randint(3, 12))
    for i in range(len(words) - 1):
        if rng.random() < 0.08:
            words[i] += ","
    text = " ".join(words)
    return text[0].upper() + text[1:] + rng.choices(".?!", weights=(8, 1, 1))[0]


@cache
def documentation() -> tuple[str, ...]:
    """All usable sentences of the docstrings, without repetition, in a fixed order."""
    found: set[str] = set()
    for path in _sources():
        try:
            source = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for docstring in _DOCSTRING.findall(source):
            for paragraph in docstring.split("\n\n"):
                pieces = _SENTENCE_END.split(" ".join(paragraph.split()))
                found.update(piece for piece in pieces if _usable(piece))
    return tuple(sorted(found))


@cache
def dictionary() -> tuple[str, ...]:
    """Lower-case words of three letters or more that documentation uses, each at least twice."""
    counts = Counter(
        word for sentence in documentation() for word in re.findall(r"\b[a-z]{3,12}\b", sentence)
    )
    return tuple(sorted(word for word, count in counts.items() if count >= 2))


def _sources() -> list[Path]:
    stdlib, packages = Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))
    files = [p for p in stdlib.rglob("*.py") if "site-packages" not in p.parts]
    for name in _PACKAGES:
        files += (packages / name).rglob("*.py")
    return sorted(files)


def _usable(text: str) -> bool:
    if not SHORTEST <= len(text) <= LONGEST or not _ALLOWED.fullmatch(text):
        return False
    words = _WORD.findall(text)
    return len(words) >= 3 and all(_pronounceable(word) for word in words)


def _pronounceable(word: str) -> bool:
    """Not an abbreviation, an identifier or CamelCase, which espeak-ng would spell out."""
    if word in ("a", "A", "I", "s", "t", "O"):
        return True
    return word[1:].islower() and len(word) <= 14 and bool(_VOWEL.search(word))
