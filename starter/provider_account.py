"""The provider account of the settings, opened for bots or for calendars."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from minutekeeper.config import Settings
from minutekeeper.providers.base import Provider
from minutekeeper.providers.calendar_base import CalendarProvider
from minutekeeper.providers.factory import open_calendars, open_providers
from minutekeeper.providers.registry import Providers
from starter.errors import MeetingInputError

_Opened = TypeVar("_Opened", Providers, CalendarProvider)


@asynccontextmanager
async def open_calendar_account(settings: Settings) -> AsyncIterator[CalendarProvider]:
    """Closes the connections at the end. Raises MeetingInputError for an invalid API key."""
    provider = _open(open_calendars, settings)
    try:
        yield provider
    finally:
        await provider.aclose()


@asynccontextmanager
async def open_bot_account(settings: Settings) -> AsyncIterator[Provider]:
    """Closes the connections at the end. Raises MeetingInputError for an invalid API key."""
    providers = _open(open_providers, settings)
    try:
        yield providers.get()
    finally:
        await providers.aclose()


def _open(open_: Callable[[Settings], _Opened], settings: Settings) -> _Opened:
    if not settings.meetingbaas_api_key.get_secret_value().strip():
        raise MeetingInputError("MEETINGBAAS_API_KEY", "is not set; the provider needs it")
    try:
        return open_(settings)
    except ValueError as error:
        raise MeetingInputError("MEETINGBAAS_API_KEY", str(error)) from None
