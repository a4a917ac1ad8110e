"""Calendar V1: decides by preferences which meetings get a bot, and sends it.

Guesses: of the four kinds (external, internal, recurring, hosted by others) one that is wanted is enough, because
the published way to record everything is external and internal together; each filter that is on has to hold.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import ValidationError
from yarl import URL

from devtools.simulator.calendars.accounts import ApiDisabledError, NoSuchCalendarError
from devtools.simulator.calendars.grants import GrantRefusedError
from devtools.simulator.calendars.wire import Credentials
from devtools.simulator.recall.calendars.event_bots import BotKeeper
from devtools.simulator.recall.calendars.service import RecallCalendars
from devtools.simulator.recall.calendars.v1_models import OAuthState, V1Platform
from devtools.simulator.recall.calendars.v1_state import CalendarUser, Connection, V1Meeting
from devtools.simulator.recall.calendars.v1_tokens import CalendarTokens, InvalidTokenError
from devtools.simulator.recall.errors import ApiError
from devtools.simulator.recall.models import BotConfig
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.recall.state import Bot, CalendarLink
from devtools.simulator.state import now

_PATH = "/api/v1/calendar/"
_NO_TOKEN = "refresh_token missing from OAuth response"  # noqa: S105 - what the service says


class OAuthError(Exception):
    """The user could not be connected; the text is what the caller is told."""


class CalendarsV1:
    """All users of Calendar V1. `calendars` has what is at Google and Microsoft, and hears of changes there."""

    def __init__(self, settings: RecallSettings, calendars: RecallCalendars, keeper: BotKeeper) -> None:
        self.tokens = CalendarTokens(settings.calendar_token_lifetime)
        self.users: dict[str, CalendarUser] = {}
        self._settings = settings
        self._calendars = calendars
        self._keeper = keeper
        calendars.listen(self._hear)

    def user(self, external_id: str) -> CalendarUser:
        """The user of this id, who is made if there is none."""
        return self.users.setdefault(external_id, CalendarUser(external_id))

    def connect(self, state: OAuthState, platform: V1Platform, answer: Mapping[str, str]) -> CalendarUser:
        """Redeem a code and connect the user's calendar in place of an earlier one. Raises OAuthError."""
        if "error" in answer:
            raise OAuthError(answer["error"])
        try:
            user = self.user(self.tokens.read(state.recall_calendar_auth_token))
        except InvalidTokenError as error:
            raise OAuthError(str(error)) from None
        credentials = self._redeem(state, platform, answer.get("code", ""))
        try:
            raw = self._calendars.world.pick(credentials, None)
        except (GrantRefusedError, ApiDisabledError, NoSuchCalendarError) as error:
            raise OAuthError(str(error)) from None
        self.disconnect(user, platform)
        user.connections.append(Connection(platform, credentials, raw))
        self.refresh(user)
        return user

    def disconnect(self, user: CalendarUser, platform: V1Platform | None = None) -> None:
        """Give up one kind of calendar, or all, with their meetings and bots."""
        for connection in user.connections:
            if connection.connected and platform in (None, connection.platform):
                connection.connected = False
                for key, meeting in list(user.meetings.items()):
                    if meeting.connection is connection:
                        self._withdraw(meeting)
                        del user.meetings[key]

    def remove(self, user: CalendarUser) -> None:
        """Forget all connections of the user."""
        self.disconnect(user)
        user.connections.clear()

    def refresh(self, user: CalendarUser) -> None:
        """Look at the user's calendars, and decide anew about every meeting."""
        seen = set()
        for connection in user.connections:
            if not connection.connected:
                continue
            with suppress(GrantRefusedError, ApiDisabledError, NoSuchCalendarError):
                connection.raw = self._calendars.world.pick(connection.credentials, None)
            for event in self._calendars.world.events_of(connection.raw.id):
                key = (connection.uuid, event.id)
                seen.add(key)
                meeting = user.meetings.setdefault(key, V1Meeting(user, connection, event))
                is_moved = (meeting.event.start, meeting.event.link) != (event.start, event.link)
                meeting.event = event
                if is_moved:
                    self._withdraw(meeting)
        for key, meeting in list(user.meetings.items()):
            if key not in seen:
                self._withdraw(meeting)
                del user.meetings[key]
                continue
            meeting.will_record, meeting.reason = _decide(meeting)
            if meeting.will_record:
                self._send(meeting)
            else:
                self._withdraw(meeting)

    def find(self, user: CalendarUser, identifier: str) -> V1Meeting | None:
        return next((one for one in user.meetings.values() if str(one.uuid) == identifier), None)

    def _hear(self, raw_ids: set[str]) -> None:
        for user in self.users.values():
            if any(connection.connected and connection.raw.id in raw_ids for connection in user.connections):
                self.refresh(user)

    def _redeem(self, state: OAuthState, platform: V1Platform, code: str) -> Credentials:
        settings = self._settings
        is_google = platform == "google"
        client_id = settings.google_client_id if is_google else settings.microsoft_client_id
        secret = settings.google_client_secret if is_google else settings.microsoft_client_secret
        redirect_url = state.google_oauth_redirect_url if is_google else state.ms_oauth_redirect_url
        if not redirect_url:
            name = "google_oauth_redirect_url" if is_google else "ms_oauth_redirect_url"
            raise OAuthError(f"{name} is missing from the state")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_url,
            "client_id": client_id,
            "client_secret": secret,
        }
        try:
            tokens = self._calendars.authorizations.redeem("Google" if is_google else "Microsoft", form)
        except GrantRefusedError as error:
            # Microsoft's refusal of the app is told as the lack of a token.
            raise OAuthError(str(error) if is_google else _NO_TOKEN) from None
        if "refresh_token" not in tokens:
            raise OAuthError(_NO_TOKEN)
        return Credentials(
            platform="Google" if is_google else "Microsoft",
            oauth_client_id=client_id,
            oauth_client_secret=secret,
            oauth_refresh_token=str(tokens["refresh_token"]),
        )

    def _send(self, meeting: V1Meeting) -> None:
        """One bot for all users of a platform who have the meeting; nothing if there is one already."""
        if meeting.bot and not meeting.bot.deleted_at:
            return
        bot = self._shared(meeting) or self._new(meeting)
        if bot is None:
            return
        meeting.bot = bot
        user, event = meeting.user, meeting.event
        bot.calendar_meetings.append(
            CalendarLink(meeting.uuid, event.start, event.end, user.uuid, user.external_id)
        )

    def _new(self, meeting: V1Meeting) -> Bot | None:
        """None if no bot of the pool is free; the next look tries again."""
        join_at = meeting.event.start - timedelta(seconds=self._settings.real(self._settings.calendar_v1_lead))
        name = meeting.user.preferences.bot_name
        config = BotConfig(
            meeting_url=meeting.link,
            join_at=join_at if join_at > now() else None,
            bot_name=name or "Meeting Notetaker",
        )
        with suppress(ApiError):
            return self._keeper.send_bot(config, _PATH, by_calendar=True)
        return None

    def _shared(self, meeting: V1Meeting) -> Bot | None:
        wanted = (meeting.connection.platform, meeting.link, meeting.event.start)
        for user in self.users.values():
            for other in user.meetings.values():
                bot = other.bot
                is_same = (other.connection.platform, other.link, other.event.start) == wanted
                if bot and is_same and not bot.left_at and not bot.deleted_at:
                    return bot
        return None

    def _withdraw(self, meeting: V1Meeting) -> None:
        """Let the meeting's bot go; nothing tells of it. One that is on its way, or another's, stays."""
        bot = meeting.bot
        if bot is None or bot.phase(self._settings) != "scheduled":
            return
        meeting.bot = None
        bot.calendar_meetings = [link for link in bot.calendar_meetings if link.meeting_id != meeting.uuid]
        if not bot.calendar_meetings and not bot.deleted_at:
            self._keeper.delete(bot)


def read_state(text: str) -> OAuthState:
    """What the state says; an empty one if it cannot be read."""
    try:
        return OAuthState.model_validate_json(text)
    except ValidationError:
        return OAuthState()


def with_error(url: str, error: str) -> str:
    """The caller's own address, query kept, with what went wrong. The name of the parameter is a guess."""
    return str(URL(url).update_query({"error": error}))


def is_web_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _decide(meeting: V1Meeting) -> tuple[bool, str]:
    """Whether the meeting gets a bot, and why or why not."""
    event, wishes = meeting.event, meeting.user.preferences
    if not meeting.link or event.cancelled or event.all_day or event.end <= now():
        return False, "not_recordable"
    if meeting.override is not None:
        return meeting.override, "override_should_record"
    kinds = {
        "record_external": meeting.is_external,
        "record_internal": not meeting.is_external,
        "record_recurring": bool(event.series),
        "record_non_host": not meeting.is_hosted_by_me,
    }
    reasons = [name for name, fits in kinds.items() if fits and getattr(wishes, name)]
    is_confirmed = meeting.is_hosted_by_me or event.response_of(meeting.email) == "accepted"
    if (wishes.record_confirmed and not is_confirmed) or (wishes.record_only_host and not meeting.is_hosted_by_me):
        return False, "filtered"
    return bool(reasons), reasons[0] if reasons else "no_preference_fits"
