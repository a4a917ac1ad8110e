"""The provider account of the settings, opened for bots or for calendars."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from minutekeeper.config import Settings
from minutekeeper.providers.base import Provider
from minutekeeper.providers.calendar_factory import open_calendars
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.providers.factory import open_providers
from starter.errors import MeetingInputError


@asynccontextmanager
async def open_calendar_account(settings: Settings) -> AsyncIterator[CalendarProviders]:
    """The calendars of all providers that have a key; closes the connections at the end.

    Raises MeetingInputError if there is no key, or an invalid one.
    """
    if not settings.configured_providers:
        raise MeetingInputError("MEETINGBAAS_API_KEY", "is not set; the provider needs it")
    try:
        providers = open_calendars(settings)
    except ValueError as error:
        name, _, problem = str(error).partition(" ")
        is_named = name.isupper()
        raise MeetingInputError(
            name if is_named else "MEETINGBAAS_API_KEY", problem if is_named else str(error)
        ) from None
    try:
        yield providers
    finally:
        await providers.aclose()


@asynccontextmanager
async def open_bot_account(settings: Settings, name: str = "") -> AsyncIterator[Provider]:
    """The provider of this name, or the default one; closes its connections at the end.

    Raises MeetingInputError for an invalid API key.
    """
    if not settings.configured_providers:
        raise MeetingInputError("MEETINGBAAS_API_KEY", "is not set; the provider needs it")
    try:
        providers = open_providers(settings)
    except ValueError as error:
        raise MeetingInputError("MEETINGBAAS_API_KEY", str(error)) from None
    try:
        yield providers.get(name)
    finally:
        await providers.aclose()
