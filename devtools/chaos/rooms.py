"""Links to meetings: made for a plan, spelled in other ways, and read as the room that all spellings lead to."""

from random import Random
from urllib.parse import urlsplit

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def letters(rng: Random, count: int) -> str:
    return "".join(rng.choices(_LETTERS, k=count))


def new_link(rng: Random) -> str:
    return f"https://meet.google.com/{letters(rng, 3)}-{letters(rng, 4)}-{letters(rng, 3)}"


def respelled(rng: Random, link: str) -> str:
    """Another spelling of the same link, as mails and browsers make them."""
    host, _, code = link.rpartition("/")
    spellings = (
        f"{link}?authuser={rng.randint(1, 3)}",
        f"{link}?hs=122&pli=1",
        f"{host}/{code.upper()}",
        f"{link}/",
    )
    return rng.choice(spellings)


def room_of(link: str) -> str:
    """The room that a link leads to: its host and path in lower case. Links of Google Meet carry nothing else."""
    parts = urlsplit(link)
    return f"{parts.netloc}{parts.path.rstrip('/')}".lower()
