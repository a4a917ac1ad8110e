"""Texts of the provider made fit for error messages, logs and workflow histories."""

import re
from collections.abc import Iterable

MAX_LENGTH = 500
"""Characters of foreign text that are worth keeping."""

_MAX_READ = 20_000
"""Characters that are looked at, so that a delivery of many megabytes holds nobody up."""

_URL = re.compile(
    r"""([a-z][a-z0-9+.-]{0,20}:(?:\\?/){2})(?:[^\s/\\?#"'<>]*@)?([^\s/\\?#"'<>]*)[^\s"'<>]*""", re.IGNORECASE
)
_SIGNED_PARAMETER = re.compile(r"""(X-Amz-[A-Za-z-]{1,40})=[^\s&"'<>]+""", re.IGNORECASE)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the secrets, with URLs cut down to their host, in one line of at most MAX_LENGTH characters.

    Paths and queries of URLs go because they carry signatures, passwords of meetings and webhook tokens.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = _URL.sub(r"\1\2/…", text[:_MAX_READ])
    text = _SIGNED_PARAMETER.sub(r"\1=…", text)
    text = " ".join(text.split())
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"
