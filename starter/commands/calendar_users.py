"""`calendar connect-link` and `calendar disconnect-user`."""

from datetime import UTC, datetime

from pydantic import ValidationError

from artifacts.connections import ConnectionChangedError, Connections
from artifacts.errors import StoreError
from artifacts.store import ArtifactStore
from meetings.calendars.connection import REVOKING, UserConnection
from meetings.calendars.keeping import DisconnectRequest
from meetings.connect_link import connect_url, new_link
from minutekeeper.temporal.calendar_workflows import request_disconnect
from providers.base import ProviderError
from runtime.provider import open_calendars
from runtime.settings import Settings
from starter.client import MeetingsClient
from starter.errors import MeetingError, MeetingInputError
from starter.inputs import settings, signing_settings
from starter.output import plain, say, say_link, write_json
from starter.temporal_errors import in_plain_words
from starter.times import for_people

_GIVEN_AS = {"user": "USER", "success_url": "--success-url", "error_url": "--error-url"}
_WHY = "The user's calendar was disconnected."


def connect_link(user: str, platform: str, *, success_url: str, error_url: str, as_json: bool) -> int:
    ours = signing_settings(address=True)
    secret = ours.bridge_secret.get_secret_value()
    try:
        link = new_link(user, platform, datetime.now(UTC), success_url=success_url, error_url=error_url)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])
        raise MeetingInputError(_GIVEN_AS.get(name, name), first["msg"].removeprefix("Value error, ")) from None
    url = connect_url(ours.bridge_public_url, secret, link)
    if as_json:
        write_json({"url": url, "user": user, "platform": platform, "expires_at": link.expires_at})
        return 0
    say_link(url)
    say(f"Good until {for_people(link.expires_at)}, for {plain(user)} alone: whoever has it can use it.", "dim")
    return 0


async def disconnect_user(user: str, platform: str, *, as_json: bool) -> int:
    ours = settings()
    try:
        connections = Connections(ArtifactStore(ours.artifacts_url))
        known = await connections.read(user, platform)
        if not known.calendar_id:
            raise MeetingError(f"{plain(user)} has no {platform} calendar connected.")
        await _let_go(ours, known)
        await connections.write(known.disconnected())
    except (StoreError, ProviderError) as error:
        raise MeetingError(str(error)) from None
    except ConnectionChangedError:
        raise MeetingError("The user is connecting a calendar at this very moment; look, and try again.") from None
    if as_json:
        revoke_at = " or ".join(f"{address} ({kind})" for kind, address in REVOKING[platform].items())
        write_json({"calendar_id": known.calendar_id, "user": user, "revoke_at": revoke_at})
        return 0
    say(f"Disconnected {plain(known.title)}; what it had booked is being cancelled.", "green")
    say("The grant itself stays until the user takes it back:")
    for kind, address in REVOKING[platform].items():
        say(f"  {kind}: {address}")
    return 0


async def _let_go(ours: Settings, known: UserConnection) -> None:
    """Its workflow cancels what it had booked and deletes the calendar; one without a workflow is just deleted."""
    temporal = (await MeetingsClient.connect()).temporal
    with in_plain_words(temporal):
        if await request_disconnect(temporal, known.calendar_id, DisconnectRequest(reason=_WHY)):
            return
    calendars = open_calendars(ours)
    try:
        await calendars.delete_calendar(known.calendar_id)
    finally:
        await calendars.aclose()
