"""The provider's account, for calendars or for bots, and errors of provider and store in words for people."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from artifacts.errors import StoreError
from providers.base import ProviderError
from providers.calendars import CalendarProvider
from providers.meetingbaas.client import MeetingBaasClient
from runtime.provider import open_calendars, secrets_of
from runtime.settings import Settings
from starter.errors import MeetingInputError, ProviderRefusedError, StoreTroubleError

_Opened = TypeVar("_Opened")


@asynccontextmanager
async def opened_account(settings: Settings) -> AsyncIterator[CalendarProvider]:
    """The account of the settings; closed at the end. Raises MeetingInputError for a key that cannot be one."""
    provider = _with_key(open_calendars, settings)
    try:
        yield provider
    finally:
        await provider.aclose()


@asynccontextmanager
async def opened_bots(settings: Settings) -> AsyncIterator[MeetingBaasClient]:
    """The bots of the same account, as above."""
    client = _with_key(_bots, settings)
    try:
        yield client
    finally:
        await client.aclose()


def _with_key(open_: Callable[[Settings], _Opened], settings: Settings) -> _Opened:
    if not settings.meetingbaas_api_key.get_secret_value().strip():
        raise MeetingInputError("MEETINGBAAS_API_KEY", "is not set; the provider is asked with it")
    try:
        return open_(settings)
    except ValueError as error:
        raise MeetingInputError("MEETINGBAAS_API_KEY", str(error)) from None


def _bots(settings: Settings) -> MeetingBaasClient:
    key = settings.meetingbaas_api_key.get_secret_value()
    return MeetingBaasClient(settings.meetingbaas_base_url, key, secrets=secrets_of(settings))


@contextmanager
def plainly() -> Iterator[None]:
    """Turns errors of provider and store into ProviderRefusedError and StoreTroubleError."""
    try:
        yield
    except ProviderError as error:
        raise ProviderRefusedError(str(error)) from None
    except StoreError as error:
        raise StoreTroubleError(str(error)) from None
