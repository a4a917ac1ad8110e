"""JSON from outside made harmless: what comes out can be compared, printed, stored and sent on."""

import json
import re
from typing import Any

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


_FEWEST_BYTES_FOR_A_PART = 6
"""The densest transcript, of words with one letter, has eight."""

_HARMLESS_PARTS = 50_000


class UnwieldyJsonError(ValueError):
    """It may well be JSON, but of a kind that cannot be handled."""


def reject_json_bombs(body: bytes) -> None:
    """Raises ValueError for JSON of so many tiny parts that it would take a hundred times its length once read."""
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
            # Whole pairs were joined by now; a half cannot be encoded by anything that comes after us.
            whole = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
            document = json.loads(whole, parse_constant=lambda _: None)
    except RecursionError:
        raise UnwieldyJsonError("it nests too deeply") from None
    except json.JSONDecodeError:
        raise
    except ValueError:
        raise UnwieldyJsonError("it has a number with too many digits") from None
    return document
