"""The pages that people see: plain HTML, no script, nothing from elsewhere, every text from outside escaped."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 38rem; padding: 2rem 1.25rem; font: 1.125rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
li { margin: .3rem 0; overflow-wrap: anywhere; }
p { overflow-wrap: anywhere; }
fieldset { border: 1px solid; border-radius: .4rem; padding: .75rem 1rem; margin: 1rem 0; }
label { display: block; padding: .4rem 0; }
button { font: inherit; padding: .65rem 1.4rem; border: 0; border-radius: .4rem; background: #1a56c4; color: #fff; }
button:focus-visible, input:focus-visible, a:focus-visible { outline: 3px solid #e08a00; outline-offset: 2px; }
.notice { border-left: .35rem solid #e08a00; padding: .1rem 1rem; }
.code { font-size: .95rem; }
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


class Choice(NamedTuple):
    """One of several: what is sent, and what people read."""

    value: str
    label: str
    is_chosen: bool


def page(title: str, body: str, *, status: int = 200, form_leads_to: Iterable[str] = ()) -> web.Response:
    """`form_leads_to` are addresses to which the answer to a form may redirect: browsers follow to no other."""
    html = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )
    targets = " ".join(["'self'", *sorted({_origin(address) for address in form_leads_to if address})])
    policy = (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action {targets}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    headers = _HEADERS | {"Content-Security-Policy": policy}
    return web.Response(status=status, text=html, content_type="text/html", charset="utf-8", headers=headers)


def elsewhere(address: str) -> web.Response:
    """Sends the browser on, with a GET and without telling where it comes from."""
    return web.Response(status=303, headers=_HEADERS | {"Location": address})


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def notice(text: str) -> str:
    """Something that must not be overlooked."""
    return f'<p class="notice"><strong>Please note:</strong> {escape(text)}</p>'


def steps(heading: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    listed = "\n".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<h2>{escape(heading)}</h2>\n<ul>\n{listed}\n</ul>"


def code(name: str) -> str:
    return f'<p class="code">Code: <code>{escape(name)}</code></p>'


def form(button: str, fields: str = "") -> str:
    """Is sent to the page's own address."""
    return f'<form method="post">\n{fields}\n<button type="submit">{escape(button)}</button>\n</form>'


def hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def choices(question: str, name: str, options: Iterable[Choice]) -> str:
    lines = [
        f'<label><input type="radio" name="{escape(name)}" value="{escape(option.value)}" required'
        f"{' checked' if option.is_chosen else ''}> {escape(option.label)}</label>"
        for option in options
    ]
    return f"<fieldset>\n<legend>{escape(question)}</legend>\n{chr(10).join(lines)}\n</fieldset>"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
