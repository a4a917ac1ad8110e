"""Pages that say one thing: an error, or how to go on."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from web.pages.templates import PageFrame, render_page


class PageButton(NamedTuple):
    """The button below a message: a link, or a form with these fields if it `sends`."""

    words: str
    address: str
    sends: bool = False
    fields: Mapping[str, str] = {}


def message_page(
    title: str, sentences: Iterable[str], frame: PageFrame | None = None, step: PageButton | None = None
) -> str:
    """A page with a title, a few sentences and perhaps a button."""
    values = {
        "title": title,
        "sentences": list(sentences),
        "words": step.words if step else "",
        "action": step.address if step and step.sends else "",
        "link": step.address if step and not step.sends else "",
        "fields": step.fields if step else {},
    }
    return render_page("message.html", frame or PageFrame(here=""), values)
