"""JSON from outside made harmless: what comes out can be compared, printed, stored and sent on."""

import json
import re
from typing import Any

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def decode_json(body: bytes) -> Any:
    """Reads a JSON document; NaN and infinity become null, halves of surrogate pairs a question mark.

    Raises ValueError for what is not JSON, and for what nests too deeply or has numbers too long to handle.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        document = json.loads(text, parse_constant=lambda _: None)
        if _ESCAPED_SURROGATE.search(text):
            # Whole pairs were joined by now; a half cannot be encoded by anything that comes after us.
            whole = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
            document = json.loads(whole, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    return document
