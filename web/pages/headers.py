"""The headers that every page, fragment, file and redirect of the pages has."""

from aiohttp import hdrs, web


def content_policy(media_origin: str = "") -> str:
    """What a page may load: nothing from elsewhere, except for media by links into the bucket at `media_origin`."""
    media = f"'self' {media_origin}".rstrip()
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"media-src {media}; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def add_security_headers(response: web.StreamResponse, policy: str) -> None:
    """Adds the headers; only a response without data of people says itself how it may be kept."""
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    if "public" not in response.headers.get(hdrs.CACHE_CONTROL, ""):
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
