"""The calendars of all providers that a process is set up for."""

import asyncio
from collections.abc import Iterator, Sequence

from minutekeeper.providers.base import UnknownProviderError
from minutekeeper.providers.calendar_base import AccessCheck, CalendarProvider, ConnectedCalendar
from minutekeeper.providers.calendar_ids import provider_of_calendar


class CalendarProviders:
    """Leads from a calendar to its provider. The first provider is the default for calendars that are connected."""

    def __init__(self, providers: Sequence[CalendarProvider]) -> None:
        self._by_name = {provider.name: provider for provider in providers}
        self._default = providers[0].name

    def __iter__(self) -> Iterator[CalendarProvider]:
        return iter(self._by_name.values())

    def get(self, name: str = "") -> CalendarProvider:
        """The provider of this name, the default if it is empty. Raises UnknownProviderError."""
        provider = self._by_name.get(name or self._default)
        if provider is None:
            known = ", ".join(self._by_name)
            raise UnknownProviderError(f"calendars of {name!r} are not set up here; there are: {known}")
        return provider

    def find(self, name: str) -> CalendarProvider | None:
        """The provider of exactly this name."""
        return self._by_name.get(name)

    def of(self, calendar_id: str) -> CalendarProvider:
        """The provider of a calendar. Raises UnknownProviderError."""
        return self.get(provider_of_calendar(calendar_id))

    async def calendars(self) -> list[ConnectedCalendar]:
        """The calendars of all providers. Raises the ProviderError of one that does not answer."""
        lists = await asyncio.gather(*(provider.calendars() for provider in self))
        return [calendar for each in lists for calendar in each]

    async def check_access(self) -> AccessCheck:
        """Which calendars of all providers can be read. Raises the ProviderError of one that does not answer."""
        checks = [await provider.check_access() for provider in self]
        return AccessCheck(
            tuple(name for check in checks for name in check.readable),
            tuple(failure for check in checks for failure in check.failures),
        )

    async def aclose(self) -> None:
        """Closes the connections of all of them."""
        for provider in self:
            await provider.aclose()
