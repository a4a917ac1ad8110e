"""Chance without a state: the same parts give the same outcome in every process and in any order."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def fraction(*parts: object) -> float:
    """A number in [0, 1). The parts count by their `repr`: texts, numbers and tuples of them."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2**53


def pick(weighted: Sequence[tuple[int, T]], *parts: object) -> T:
    """One of the things, each as likely as its weight says. There must be one."""
    point = fraction(*parts) * sum(weight for weight, _ in weighted)
    for weight, thing in weighted:
        point -= weight
        if point < 0:
            return thing
    return weighted[-1][1]
