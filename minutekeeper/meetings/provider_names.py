"""The names of the providers that bots can come from."""

from difflib import get_close_matches

PROVIDER_NAMES = ("meetingbaas", "meetingbaas-v2", "recall")
"""In the order of preference, unless a setting says another."""

_SIMILAR = 0.85
"""The share of equal letters from which on a name is a typing error."""


def similar_provider(name: str) -> str:
    """The provider whose name was probably meant by an unknown one; empty if none is similar."""
    return next(iter(get_close_matches(name, PROVIDER_NAMES, n=1, cutoff=_SIMILAR)), "")
