"""`calendar connect-link` and `calendar disconnect-user`."""

from datetime import UTC, datetime

from pydantic import ValidationError
from temporalio.service import RPCError

from artifacts.connections import ConnectionChangedError, Connections
from artifacts.errors import StoreError
from artifacts.store import ArtifactStore
from meetings.calendars.connection import REVOKING, Connection
from meetings.calendars.keeping import Disconnection
from meetings.connect_link import connect_url, new_link
from meetings.ids import calendar_workflow_id_for
from meetings.names import FAREWELL_SIGNAL
from providers.base import ProviderError
from runtime.provider import open_calendars
from runtime.settings import Settings
from starter.booking import RPC_LIMIT
from starter.client import MeetingsClient
from starter.errors import MeetingError, MeetingInputError
from starter.inputs import settings, signing_settings
from starter.output import plain, say, say_link, write_json
from starter.temporal_errors import in_plain_words, no_such_workflow
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


async def _let_go(ours: Settings, known: Connection) -> None:
    """Its workflow cancels what it had booked and deletes the calendar; one without a workflow is just deleted."""
    temporal = (await MeetingsClient.connect()).temporal
    handle = temporal.get_workflow_handle(calendar_workflow_id_for(known.calendar_id))
    with in_plain_words(temporal):
        try:
            await handle.signal(FAREWELL_SIGNAL, Disconnection(why=_WHY), rpc_timeout=RPC_LIMIT)
        except RPCError as error:
            if not no_such_workflow(error):
                raise
        else:
            return
    calendars = open_calendars(ours)
    try:
        await calendars.delete_calendar(known.calendar_id)
    finally:
        await calendars.aclose()
