"""The calendars of the provider's account, and the errors of provider and store in words for people."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from artifacts.errors import StoreError
from providers.base import ProviderError
from providers.calendars import CalendarProvider
from runtime.provider import open_calendars
from runtime.settings import Settings
from starter.errors import MeetingInputError, ProviderRefusedError, StoreTroubleError


@asynccontextmanager
async def opened_account(settings: Settings) -> AsyncIterator[CalendarProvider]:
    """The account of the settings; closed at the end. Raises MeetingInputError for a key that cannot be one."""
    if not settings.meetingbaas_api_key.get_secret_value().strip():
        raise MeetingInputError("MEETINGBAAS_API_KEY", "is not set; calendars lie at the provider")
    try:
        provider = open_calendars(settings)
    except ValueError as error:
        raise MeetingInputError("MEETINGBAAS_API_KEY", str(error)) from None
    try:
        yield provider
    finally:
        await provider.aclose()


@contextmanager
def plainly() -> Iterator[None]:
    """Turns errors of provider and store into ProviderRefusedError and StoreTroubleError."""
    try:
        yield
    except ProviderError as error:
        raise ProviderRefusedError(str(error)) from None
    except StoreError as error:
        raise StoreTroubleError(str(error)) from None
