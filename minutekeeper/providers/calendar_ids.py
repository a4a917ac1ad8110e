"""The ids of calendars here: each leads to its provider, so that those of two providers cannot be confused.

The ids of Meeting BaaS v1 are its own; those of every other provider begin with its name.
"""

UNPREFIXED = "meetingbaas"
"""The provider whose calendars have the ids that it gave them."""

_PREFIXED = ("meetingbaas-v2", "recall")


def own_calendar_id(provider: str, id_at_provider: str) -> str:
    """The id by which a calendar is known here; empty for an empty one."""
    return f"{provider}-{id_at_provider}" if provider in _PREFIXED and id_at_provider else id_at_provider


def provider_of_calendar(calendar_id: str) -> str:
    """The name of the provider that has the calendar of this id."""
    return next((name for name in _PREFIXED if calendar_id.startswith(f"{name}-")), UNPREFIXED)


def provider_name(calendar_id: str) -> str:
    """The provider's name as the workflow of a calendar carries it: empty for Meeting BaaS v1."""
    name = provider_of_calendar(calendar_id)
    return "" if name == UNPREFIXED else name


_USER_MARK = "recall-v1-"
"""Users of Recall.ai's Calendar V1 have no calendar of their own id, and no workflow: Recall.ai decides there."""


def calendar_of_user(user: str) -> str:
    """The id here of the calendars that a user has in Recall.ai's Calendar V1; empty for an empty one."""
    return f"{_USER_MARK}{user}" if user else ""


def user_of_calendar(calendar_id: str) -> str:
    """The user whose calendars these are; empty for a calendar of any other kind."""
    return calendar_id.removeprefix(_USER_MARK) if calendar_id.startswith(_USER_MARK) else ""


def id_at_provider(calendar_id: str) -> str:
    """The id that the provider itself gave to the calendar."""
    provider = provider_of_calendar(calendar_id)
    return calendar_id if provider == UNPREFIXED else calendar_id.removeprefix(f"{provider}-")
