"""Rotates the credentials of an OAuth app in the calendars that use it, together with their users' tokens."""

import asyncio
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from temporalio.client import Client

from minutekeeper.calendars.health import ACCESS_RENEWED, AccessProblem
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.base import ProviderError
from minutekeeper.providers.calendar_base import CalendarCredentials
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.temporal.calendar_workflows import report_access
from starter.calendars.lookup import CalendarRef, find_calendar
from starter.calendars.summaries import CalendarSummary, list_calendars
from starter.errors import CalendarNotFoundError, MeetingInputError

_MAX_CONCURRENCY = 2


class AppCredentials(BaseModel):
    """An OAuth app's credentials, and the refresh tokens of its users by calendar name."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    platform: CalendarPlatform
    client_id: str = Field(repr=False)
    client_secret: SecretStr
    refresh_tokens: Mapping[str, SecretStr]

    def for_calendar(self, calendar: str) -> CalendarCredentials:
        return CalendarCredentials(
            platform=self.platform,
            client_id=self.client_id,
            client_secret=self.client_secret,
            refresh_token=self.refresh_tokens[calendar],
        )


class CredentialUpdate(BaseModel):
    """A calendar that has the new credentials, or `error` says why not."""

    model_config = ConfigDict(frozen=True)

    calendar: str
    calendar_id: str = ""
    error: str = ""


class CredentialRotation(BaseModel):
    """The updated calendars, and those that still have a problem with their app because no token was given."""

    model_config = ConfigDict(frozen=True)

    updated: tuple[CredentialUpdate, ...]
    remaining: tuple[CalendarSummary, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not self.remaining and not any(each.error for each in self.updated)


async def rotate_credentials(
    temporal: Client, provider: CalendarProviders, app: AppCredentials
) -> CredentialRotation:
    """Updates each calendar that a token is given for, independently of failures of the others.

    Idempotent. Raises RPCError.
    """
    slots = asyncio.Semaphore(_MAX_CONCURRENCY)

    async def update(calendar: str) -> CredentialUpdate:
        async with slots:
            try:
                found = await find_calendar(temporal, provider, calendar)
                await _renew(provider, found, app.for_calendar(calendar))
                await report_access(temporal, found.calendar_id, ACCESS_RENEWED)
            except (ProviderError, CalendarNotFoundError, MeetingInputError) as error:
                return CredentialUpdate(calendar=calendar, error=str(error))
        return CredentialUpdate(calendar=calendar, calendar_id=found.calendar_id)

    updated = tuple(await asyncio.gather(*(update(each) for each in app.refresh_tokens)))
    # The workflows of calendars that were updated just now may still report the problem.
    done = {each.calendar_id for each in updated}
    remaining = [
        each for each in await list_calendars(temporal, provider) if each.problem is AccessProblem.OAUTH_APP
    ]
    return CredentialRotation(
        updated=updated, remaining=tuple(each for each in remaining if each.calendar_id not in done)
    )


async def _renew(provider: CalendarProviders, calendar: CalendarRef, credentials: CalendarCredentials) -> None:
    """Raises MeetingInputError for another user's token, because it would give access to another calendar."""
    account = provider.of(calendar.calendar_id)
    connected = calendar.connected or await account.calendar(calendar.calendar_id)
    raws = {each.raw_id for each in await account.list_available_calendars(credentials)}
    if account.capabilities.picks_calendars and connected.raw_id and connected.raw_id not in raws:
        raise MeetingInputError("refresh_tokens", "this token gives no access to this calendar")
    await account.update_credentials(calendar.calendar_id, credentials)
