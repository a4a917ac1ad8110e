"""Giving calendars the new credentials of their OAuth app, together with the grants that their users gave it."""

import asyncio
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from temporalio.client import Client

from meetings.calendars.health import ACCESS_RENEWED, AccessProblem
from minutekeeper.temporal.calendar_workflows import report_access
from providers.base import ProviderError
from providers.calendars import CalendarCredentials, CalendarPlatform, CalendarProvider
from starter.calendars.listing import list_calendars
from starter.calendars.naming import Named, find_calendar
from starter.calendars.summaries import CalendarSummary
from starter.errors import CalendarNotFoundError, MeetingInputError

_AT_ONCE = 2


class AppCredentials(BaseModel):
    """An OAuth app's credentials, and the refresh tokens of its users by the names of their calendars."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    platform: CalendarPlatform
    client_id: str = Field(repr=False)
    client_secret: SecretStr
    refresh_tokens: Mapping[str, SecretStr]

    def with_grant(self, calendar: str) -> CalendarCredentials:
        return CalendarCredentials(
            platform=self.platform,
            client_id=self.client_id,
            client_secret=self.client_secret,
            refresh_token=self.refresh_tokens[calendar],
        )


class Updated(BaseModel):
    """A calendar that has the new credentials, or has not, for `trouble`."""

    model_config = ConfigDict(frozen=True)

    calendar: str
    calendar_id: str = ""
    trouble: str = ""


class Repair(BaseModel):
    """What was updated, and which calendars are still held up by their app: no token was given for those."""

    model_config = ConfigDict(frozen=True)

    updated: tuple[Updated, ...]
    left: tuple[CalendarSummary, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not self.left and not any(each.trouble for each in self.updated)


async def update_credentials(temporal: Client, provider: CalendarProvider, app: AppCredentials) -> Repair:
    """Updates the calendars that a token is given for; what one of them is refused for is no trouble of the others.

    It can be repeated. Raises RPCError.
    """
    slots = asyncio.Semaphore(_AT_ONCE)

    async def update(calendar: str) -> Updated:
        async with slots:
            try:
                named = await find_calendar(temporal, provider, calendar)
                await _renew(provider, named, app.with_grant(calendar))
                await _tell(temporal, named)
            except (ProviderError, CalendarNotFoundError, MeetingInputError) as error:
                return Updated(calendar=calendar, trouble=str(error))
        return Updated(calendar=calendar, calendar_id=named.calendar_id)

    updated = tuple(await asyncio.gather(*(update(each) for each in app.refresh_tokens)))
    # Those that were updated just now may not know it yet.
    done = {each.calendar_id for each in updated}
    left = [each for each in await list_calendars(temporal, provider) if each.ailment is AccessProblem.OAUTH_APP]
    return Repair(updated=updated, left=tuple(each for each in left if each.calendar_id not in done))


async def _renew(provider: CalendarProvider, named: Named, credentials: CalendarCredentials) -> None:
    """The token of another user would make it another calendar: that is refused, with a MeetingInputError."""
    connected = named.connected or await provider.calendar(named.calendar_id)
    raws = {each.raw_id for each in await provider.raw_calendars(credentials)}
    if connected.raw_id and connected.raw_id not in raws:
        raise MeetingInputError("refresh_tokens", "this token does not lead to this calendar")
    await provider.update_credentials(named.calendar_id, credentials)


async def _tell(temporal: Client, named: Named) -> None:
    await report_access(temporal, named.calendar_id, ACCESS_RENEWED)
