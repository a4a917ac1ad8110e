"""Redacts texts of the provider for error messages, logs and workflow histories."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from minutekeeper.meetings.webhook_urls import account_webhook_path

MAX_LENGTH = 500
"""The longest redacted text, in characters."""

_MAX_READ = 20_000
"""Characters that are processed, so that a delivery of many megabytes does not block the process."""

_URL = re.compile(
    r"""([a-z][a-z0-9+.-]{0,20}:(?:\\?/){2})(?:[^\s/\\?#"'<>]*@)?"""
    r"""((?:\[[0-9a-f:.]+\]|[^\s/\\?#"'<>:]*)(?::\d{1,5}(?![^\s/\\?#"'<>]))?)[^\s"'<>]*""",
    re.IGNORECASE,
)
"""Scheme, login, host with its port, and the rest; a password with a slash in it is no port."""

_BOT_ADDRESS = re.compile("(" + account_webhook_path("[a-z0-9-]+") + r""")/[^\s"'<>]+""")
_SIGNED_PARAMETER = re.compile(r"""(X-(?:Amz|Goog)-[A-Za-z-]{1,40})=[^\s&"'<>]+""", re.IGNORECASE)
_NAMED_SECRET = re.compile(
    r"""((?:api[_-]?key|signature|secret|token|password|credential|\bsig|\bkey)["']?\s?(?:=|:(?=\s?["']?\S{12}))\s?["']?)"""
    r"""[^\s"'&,;<>]+""",
    re.IGNORECASE,
)
"""What is given a name like these; behind a colon only if it is too long to be a word of the explanation."""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the secrets, with URLs cut down to their host, in one line of at most MAX_LENGTH characters.

    Paths and queries of URLs go because they carry signatures, passwords of meetings and webhook tokens. So
    does what a text itself calls a key, a signature or the like, and control sequences for terminals.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
    text = _URL.sub(r"\1\2/…", text[:_MAX_READ])
    text = _BOT_ADDRESS.sub(r"\1/…", text)
    text = _SIGNED_PARAMETER.sub(r"\1=…", text)
    text = _NAMED_SECRET.sub(r"\1…", text)
    text = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"
