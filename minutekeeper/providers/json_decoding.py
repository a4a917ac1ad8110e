"""Decodes untrusted JSON into values that can be compared, printed, stored and encoded again."""

import json
import re
from typing import Any

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


_FEWEST_BYTES_FOR_A_PART = 6
"""A transcript of one-letter words, the densest one, has eight."""

_HARMLESS_PARTS = 50_000


class UnwieldyJsonError(ValueError):
    """The JSON cannot be handled: too many parts, too deep, or numbers that are too long."""


def reject_json_bombs(body: bytes) -> None:
    """Raises ValueError for JSON of so many small parts that its objects would take a hundred times its size."""
    parts = sum(body.count(mark) for mark in (b",", b"[", b"{"))
    if parts > max(_HARMLESS_PARTS, len(body) // _FEWEST_BYTES_FOR_A_PART):
        raise UnwieldyJsonError("it has too many parts for its length")


def decode_json(body: bytes) -> Any:
    """Reads a JSON document; NaN and infinity become null, halves of surrogate pairs a question mark.

    Raises ValueError for what is not JSON, and UnwieldyJsonError for what nests too deeply or has numbers too long
    to handle.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        document = json.loads(text, parse_constant=lambda _: None)
        if _ESCAPED_SURROGATE.search(text):
            # Complete pairs are joined by now; a half cannot be encoded again.
            whole = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
            document = json.loads(whole, parse_constant=lambda _: None)
    except RecursionError:
        raise UnwieldyJsonError("it nests too deeply") from None
    except json.JSONDecodeError:
        raise
    except ValueError:
        raise UnwieldyJsonError("it has a number with too many digits") from None
    return document
