"""Users of Recall.ai's Calendar V1 for the command line: what is said before something of theirs is lost."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.config import Settings
from minutekeeper.providers.calendar_factory import open_recall_users
from minutekeeper.providers.calendar_users import FILTERS, RECORDING, CalendarUser, CalendarUsers
from starter.error_translation import translate_provider_errors
from starter.errors import MeetingInputError, MeetingRefusedError


class PreferenceChange(BaseModel):
    """The user with the new preferences, and the titles of meetings whose bots Recall.ai has removed since."""

    model_config = ConfigDict(frozen=True)

    user: CalendarUser
    narrowed: tuple[str, ...] = ()
    lost_bots: tuple[str, ...] = ()


class RecallUsers:
    """What an operator does for the users. Every method raises MeetingError."""

    def __init__(self, users: CalendarUsers) -> None:
        self._users = users

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Settings) -> AsyncIterator["RecallUsers"]:
        """Raises MeetingInputError without a key."""
        if not settings.recall_api_key.get_secret_value().strip():
            raise MeetingInputError("RECALL_API_KEY", "is not set; users of Recall.ai's Calendar V1 need it")
        users = open_recall_users(settings)
        try:
            yield cls(users)
        finally:
            await users.aclose()

    async def show(self, user: str) -> CalendarUser:
        with translate_provider_errors():
            return await self._users.user(user)

    async def link(  # noqa: PLR0913 - one argument for each part of the link
        self,
        user: str,
        platform: CalendarPlatform,
        client_id: str,
        *,
        redirect_url: str = "",
        success_url: str = "",
        error_url: str = "",
        replace: bool = False,
    ) -> str:
        """The link that connects a calendar. Raises MeetingRefusedError if it would replace one unasked."""
        with translate_provider_errors():
            connected = (await self._users.user(user)).connected_at(platform)
            if connected is not None and not replace:
                raise MeetingRefusedError(
                    f"{user} has the {platform} calendar {connected or '(address unknown)'} connected. A user has "
                    "one of a kind: a new one removes it, its meetings and their bots. --replace does that."
                )
            return await self._users.consent_url(
                user,
                platform,
                client_id,
                redirect_url=redirect_url,
                success_url=success_url,
                error_url=error_url,
            )

    async def set_preferences(
        self, user: str, changes: Mapping[str, bool | str], *, confirmed: bool
    ) -> PreferenceChange:
        """Changes preferences. Raises MeetingRefusedError if fewer meetings would be recorded unasked."""
        with translate_provider_errors():
            narrowed = (await self._users.user(user)).preferences.narrowed_by(changes)
            if narrowed and not confirmed:
                raise MeetingRefusedError(
                    f"{', '.join(narrowed)}: fewer meetings are recorded, and Recall.ai removes their bots. "
                    "--yes does that."
                )
            before = await self._with_bots(user) if narrowed else {}
            changed = await self._users.set_preferences(user, changes)
            after = await self._with_bots(user) if narrowed else {}
        lost = [title for meeting_id, title in before.items() if meeting_id not in after]
        return PreferenceChange(user=changed, narrowed=tuple(narrowed), lost_bots=tuple(lost))

    async def override(self, user: str, meeting_id: str, *, record: bool | None) -> str:
        """Decides about one meeting; returns whether it is recorded now, and why."""
        with translate_provider_errors():
            meeting = await self._users.override(user, meeting_id, record=record)
        what = "recorded" if meeting.will_record else "not recorded"
        return f"{what} ({meeting.will_record_reason or 'no reason given'})"

    async def disconnect(self, user: str, platform: CalendarPlatform | None) -> None:
        with translate_provider_errors():
            await self._users.disconnect(user, platform)

    async def _with_bots(self, user: str) -> dict[str, str]:
        """The titles of the coming meetings that have a bot, by id."""
        found = self._users.meetings(user, after=datetime.now(UTC))
        return {each.id: each.title or each.id async for each in found if each.bot_id}


def read_preferences(pairs: list[str]) -> dict[str, bool | str]:
    """Preferences of the form NAME=yes or NAME=no, and bot_name=TEXT. Raises MeetingInputError."""
    changes: dict[str, bool | str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if name == "bot_name" and value:
            changes[name] = value
        elif separator and name in {*RECORDING, *FILTERS} and value in {"yes", "no"}:
            changes[name] = value == "yes"
        else:
            known = ", ".join((*RECORDING, *FILTERS))
            raise MeetingInputError("--set", f"{pair!r} must be bot_name=TEXT, or yes or no for one of: {known}")
    return changes
