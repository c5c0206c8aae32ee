"""Files damaged at random, as disks, networks and ill will damage them. A seed gives one file."""

from __future__ import annotations

import random
from collections.abc import Callable

_HEAD = 2_048  # where the structure of most kinds of file stands
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1")


def _bytes(chance: random.Random, data: bytearray, end: int) -> None:
    for _ in range(chance.randint(1, 40)):
        data[chance.randrange(end)] = chance.randrange(256)


def _bits(chance: random.Random, data: bytearray, end: int) -> None:
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(end)] ^= 1 << chance.randrange(8)


def _sizes(chance: random.Random, data: bytearray, end: int) -> None:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(end)
        data[at : at + 4] = chance.choice(_EXTREMES)[:: chance.choice((1, -1))]


def _cut(chance: random.Random, data: bytearray, end: int) -> None:
    del data[chance.randrange(end) :]


def _lost(chance: random.Random, data: bytearray, end: int) -> None:
    at = chance.randrange(end)
    del data[at : at + chance.randint(1, 600)]


def _doubled(chance: random.Random, data: bytearray, end: int) -> None:
    at = chance.randrange(end)
    data[at:at] = data[at : at + chance.randint(1, 4_000)]


def _blank(chance: random.Random, data: bytearray, end: int) -> None:
    at, count = chance.randrange(end), chance.randint(1, 400)
    data[at : at + count] = bytes([chance.choice((0, 255))]) * count


def _strange(chance: random.Random, data: bytearray, end: int) -> None:
    at = chance.randrange(end)
    data[at:at] = chance.randbytes(chance.randint(1, 3_000))


WAYS: tuple[Callable[[random.Random, bytearray, int], None], ...] = (
    *(_bytes, _bits, _sizes, _cut, _lost, _doubled, _blank, _strange),
)


def mutated(whole: bytes, seed: int) -> bytes:
    """`whole` with one to three faults, half of the time in its head."""
    chance = random.Random(seed)
    data = bytearray(whole)
    for _ in range(chance.randint(1, 3)):
        if not data:
            break
        end = min(len(data), _HEAD) if chance.random() < 0.5 else len(data)
        chance.choice(WAYS)(chance, data, end)
    return bytes(data)
