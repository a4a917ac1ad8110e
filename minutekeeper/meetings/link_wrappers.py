"""Links inside other links, as mail gateways, chats and redirect pages make them. Nothing is fetched."""

import base64
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

_GOOGLE = re.compile(r"(?:www\.)?google\.(?:com|[a-z]{2}|com?\.[a-z]{2})", re.ASCII)
_SAFELINKS = re.compile(
    r"[a-z0-9-]+\.safelinks\.(?:protection\.(?:outlook\.com|outlook\.de|office365\.us|apps\.mil)"
    r"|o365\.cn|protection\.partner\.outlook\.cn)",
    re.ASCII,
)
_TEAMS_STATICS = re.compile(r"(?:[a-z0-9-]+\.)*(?:cdn\.office\.net|onecdn\.static\.microsoft)", re.ASCII)
_SOPHOS = re.compile(r"(?:[a-z0-9-]+\.)+protection\.sophos\.com", re.ASCII)
_PROOFPOINT = re.compile(r"urldefense(?:\.proofpoint)?\.(?:com|us)", re.ASCII)
_PARAMETERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("slack-redir.net", "/link"): ("url",),
    ("meet.google.com", "/linkredirect"): ("dest",),
    ("accounts.google.com", ""): ("continue",),
    ("l.facebook.com", "/l.php"): ("u",),
    ("www.linkedin.com", "/redir/redirect"): ("url",),
    ("linkprotect.cudasvc.com", "/url"): ("a",),
    ("protect2.fireeye.com", "/v1/url"): ("u",),
    ("protect2.fireeye.com", "/url"): ("u",),
    ("clicktime.symantec.com", ""): ("u",),
    ("link.edgepilot.com", ""): ("u",),
}
"""By host and path (any path where it is empty): the parameters that hold the target, the likeliest first."""

_V3 = re.compile(r"/v3/__(?P<target>.+)__;(?P<letters>[\w-]*)=*!", re.ASCII | re.DOTALL)
_CHECK_POINT = re.compile(r"/v[0-9]+/___(?P<target>.+?)___", re.ASCII)
_RUNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BROKEN_SLASHES = re.compile(r"\A(https?):/+", re.IGNORECASE)


def unwrap_link(text: str) -> str | None:
    """The link that a link of a known wrapper carries, perhaps empty; None for every other link."""
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").removesuffix(".")
    except ValueError:
        return None
    path = parts.path.rstrip("/")
    if names := _parameters(host, path):
        return next((value for name in names if (value := _parameter(parts.query, name))), "")
    if _PROOFPOINT.fullmatch(host):
        return _of_proofpoint(text, path, parts.query)
    return _of_other_gateways(text, host, parts.query)


def _of_other_gateways(text: str, host: str, query: str) -> str | None:
    if _SOPHOS.fullmatch(host):
        return _base64(_parameter(query, "u"))
    if host == "protect.checkpoint.com" and (match := _CHECK_POINT.search(text)):
        return _with_slashes(match["target"])
    if host == "secure-web.cisco.com":
        return unquote(text.rpartition("/")[2])
    return None


def _parameters(host: str, path: str) -> tuple[str, ...]:
    if _GOOGLE.fullmatch(host) and path == "/url":
        return ("q", "url")
    if _SAFELINKS.fullmatch(host) or (_TEAMS_STATICS.fullmatch(host) and "safelinks" in path):
        return ("url",)
    return _PARAMETERS.get((host, path)) or _PARAMETERS.get((host, ""), ())


def _parameter(query: str, name: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return next((unquote(value) for key, _, value in pairs if key == name), "")


def _of_proofpoint(text: str, path: str, query: str) -> str | None:
    if path == "/v1/url":
        return _parameter(query, "u")
    if path == "/v2/url":
        # Here `-` stands for `%` and `_` for `/`.
        coded = next((pair[2:] for pair in query.split("&") if pair.startswith("u=")), "")
        return unquote(coded.replace("-", "%").replace("_", "/"))
    match = _V3.search(text)
    return _with_slashes(_restored(match["target"], _base64(match["letters"]))) if match else None


def _restored(target: str, letters: str) -> str:
    """The third form has `*` for a character that was taken out, `**` and a letter for a run of them."""
    left = iter(letters)

    def put_back(star: re.Match[str]) -> str:
        count = _RUNS.index(star[1]) + 2 if star[1] else 1
        return "".join(next(left, "") for _ in range(count))

    return re.sub(r"\*(?:\*([\w-]))?", put_back, target, flags=re.ASCII)


def _base64(text: str) -> str:
    text = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return ""


def _with_slashes(text: str) -> str:
    """Some proxies make one slash of two."""
    return _BROKEN_SLASHES.sub(r"\1://", text)
