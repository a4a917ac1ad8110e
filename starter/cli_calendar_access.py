"""Commands `calendar …` about access: connect links, disconnecting users, app credentials, and the doctor."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli_calendar_policies import print_left_out
from starter.cli_options import CalendarProviderName, Forget, Json, PlatformOption, PolicyFile, run_async

if TYPE_CHECKING:
    from minutekeeper.calendars.user_connection import UserConnection
    from minutekeeper.config import Settings
    from starter.calendars.credential_rotation import CredentialRotation
    from starter.calendars.doctor import CalendarReport

app = typer.Typer()

User = Annotated[
    str, typer.Argument(metavar="USER", help="The user, under the name you know them by.", show_default=False)
]
UserPlatform = Annotated[
    PlatformOption, typer.Option("--platform", help="The calendar's platform.", show_default=False)
]

_OPTION_NAMES = {
    "user": "USER",
    "provider": "--provider",
    "success_url": "--success-url",
    "error_url": "--error-url",
}
_DISCONNECT_REASON = "The user's calendar was disconnected."
_MAX_NAMED = 5


@app.command(name="connect-link")
@run_async
async def calendar_connect_link(  # noqa: PLR0913 - one argument for each option
    user: User,
    platform: UserPlatform,
    *,
    provider: CalendarProviderName = "",
    policy: PolicyFile = None,
    success_url: Annotated[
        str, typer.Option(metavar="URL", help="Where the browser goes afterwards.", show_default=False)
    ] = "",
    error_url: Annotated[
        str,
        typer.Option(metavar="URL", help="Where it goes with error=CODE if that fails.", show_default=False),
    ] = "",
    as_json: Json = False,
) -> int:
    """Create a link for a user to connect a calendar.

    It is valid for 24 hours. A policy is stored, and holds if the calendar had none before.
    """
    from datetime import UTC, datetime

    from pydantic import ValidationError

    from minutekeeper.calendars.connect_link import connect_url, new_link
    from starter.errors import MeetingInputError
    from starter.inputs import signing_settings
    from starter.output import print_line, print_link, sanitize, write_json
    from starter.times import format_local

    configured = signing_settings(address=True)
    try:
        link = new_link(
            user,
            platform.value,
            datetime.now(UTC),
            provider=provider,
            success_url=success_url,
            error_url=error_url,
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])
        problem = first["msg"].removeprefix("Value error, ")
        raise MeetingInputError(_OPTION_NAMES.get(name, name), problem) from None
    if policy:
        link = link.model_copy(update={"policy_id": await _stored_policy(configured, policy)})
    url = connect_url(configured.bridge_public_url, configured.bridge_secret.get_secret_value(), link)
    if as_json:
        write_json({"url": url, "user": user, "platform": platform.value, "expires_at": link.expires_at})
        return 0
    print_link(url)
    expiry = format_local(link.expires_at)
    print_line(f"Valid until {expiry}, for {sanitize(user)} only: anyone who has it can use it.", "dim")
    return 0


@app.command(name="disconnect-user")
@run_async
async def calendar_disconnect_user(
    user: User, platform: UserPlatform, *, forget: Forget = False, as_json: Json = False
) -> int:
    """Disconnect a user's calendar and its meetings."""
    from minutekeeper.calendars.user_connection import REVOKING
    from minutekeeper.providers.base import ProviderError
    from minutekeeper.storage.errors import StoreError
    from minutekeeper.storage.store import ArtifactStore
    from minutekeeper.storage.user_connections import ConcurrentUpdateError, UserConnectionStore
    from starter.errors import MeetingError
    from starter.inputs import settings
    from starter.output import print_line, sanitize, write_json

    configured = settings()
    try:
        connections = UserConnectionStore(ArtifactStore(configured.artifacts_url))
        known = await connections.read(user, platform.value)
        if not known.calendar_id:
            raise MeetingError(f"{sanitize(user)} has no {platform.value} calendar connected.")
        await _disconnect(configured, known, forget=forget)
        await connections.write(known.disconnected())
    except (StoreError, ProviderError) as error:
        raise MeetingError(str(error)) from None
    except ConcurrentUpdateError:
        raise MeetingError("The user is connecting a calendar at the moment; check, and try again.") from None
    revoke_at = REVOKING[platform.value]
    if as_json:
        addresses = " or ".join(f"{address} ({kind})" for kind, address in revoke_at.items())
        write_json({"calendar_id": known.calendar_id, "user": user, "revoke_at": addresses})
        return 0
    print_line(f"Disconnected {sanitize(known.title)}. Its meetings are being cancelled.", "green")
    print_line("The user's consent itself stays until they revoke it:")
    for kind, address in revoke_at.items():
        print_line(f"  {kind}: {address}")
    return 0


@app.command(name="update-credentials")
@run_async
async def calendar_update_credentials(
    *,
    credentials: Annotated[
        Path | None,
        typer.Option(
            "--credentials",
            metavar="FILE",
            help="JSON with platform, client_id, client_secret, and refresh_tokens: the users' tokens by the names "
            "of their calendars.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Rotate the credentials of an OAuth app.

    Exit status 1: a calendar of the app is left without them.
    """
    from starter.calendars.client import CalendarClient
    from starter.calendars.credentials import load_app_credentials
    from starter.output import write_json

    app_credentials = load_app_credentials(credentials)
    async with CalendarClient.opened() as client:
        rotation = await client.rotate_credentials(app_credentials)
    if as_json:
        write_json(rotation)
    else:
        _print_rotation(rotation)
    return 0 if rotation.is_complete else 1


@app.command(name="doctor")
@run_async
async def calendar_doctor(*, as_json: Json = False) -> int:
    """Check that all calendars can be read.

    Exit status 0: all are healthy.
    """
    from starter.calendars.client import CalendarClient
    from starter.output import write_json

    async with CalendarClient.opened() as client:
        report = await client.doctor()
    if as_json:
        calendars = [
            each.calendar.model_dump(mode="json")
            | {"link": each.link, "missing": each.missing, "suggested_fix": each.suggested_fix}
            | {"left_out": [event.model_dump(mode="json") for event in each.left_out]}
            for each in report.calendars
        ]
        checks = report.access_checks.model_dump(mode="json") if report.access_checks else None
        write_json({"calendars": calendars, "checks": checks, "error": report.error})
    else:
        _print_report(report)
    return 1 if report.needs_attention else 0


async def _stored_policy(settings: "Settings", path: Path) -> str:
    """Stores a policy file for the bridge; returns its id. Raises MeetingError."""
    from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
    from minutekeeper.storage.errors import StoreError
    from minutekeeper.storage.store import ArtifactStore
    from starter.calendars.preview import read_policy
    from starter.errors import StorageError

    policy = read_policy(path, "--policy")
    try:
        return await CalendarPreferencesStore(ArtifactStore(settings.artifacts_url)).add_policy(policy)
    except StoreError as error:
        raise StorageError(str(error)) from None


async def _disconnect(settings: "Settings", known: "UserConnection", *, forget: bool) -> None:
    """Tells the calendar's workflow to cancel its meetings and delete it; without one, does the rest of it."""
    from functools import partial

    from minutekeeper.calendars.messages import DisconnectRequest
    from minutekeeper.providers.calendar_base import ConnectedCalendar, identity_of
    from minutekeeper.providers.calendar_factory import open_calendars
    from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
    from minutekeeper.storage.objections import ObjectionStore
    from minutekeeper.storage.store import ArtifactStore
    from minutekeeper.temporal.calendar_workflows import report_changes, request_disconnect
    from starter.client import MeetingClient
    from starter.error_translation import translate_temporal_errors

    temporal, store = (await MeetingClient.connect()).temporal, ArtifactStore(settings.artifacts_url)
    request = DisconnectRequest(reason=_DISCONNECT_REASON, forget=forget)
    with translate_temporal_errors(temporal):
        if await request_disconnect(temporal, known.calendar_id, request):
            return
        objections = ObjectionStore(store)
        await objections.withdraw_all(known.calendar_id, partial(report_changes, temporal))
    calendars = open_calendars(settings)
    try:
        await calendars.of(known.calendar_id).delete_calendar(known.calendar_id)
    finally:
        await calendars.aclose()
    if forget:
        calendar = ConnectedCalendar(calendar_id=known.calendar_id, email=known.email, raw_id=known.raw_id)
        if identity := identity_of(known.platform, calendar, None):
            await CalendarPreferencesStore(store).forget(identity)


def _print_rotation(rotation: "CredentialRotation") -> None:
    from starter.output import print_line, sanitize

    for each in rotation.updated:
        name = sanitize(each.calendar)
        if each.error:
            print_line(f"Calendar {name} was not updated: {sanitize(each.error)}", "red")
        else:
            print_line(f"Calendar {name} has the new credentials. Missed changes are read now.", "green")
    for calendar in rotation.remaining:
        print_line(f"No token was given for calendar {sanitize(calendar.owner or calendar.calendar_id)}.", "red")
    if rotation.remaining:
        print_line("Add their tokens, or have their users connect again: `minutekeeper calendar connect-link`.")


def _print_report(report: "CalendarReport") -> None:
    from starter.calendars import tables
    from starter.output import display, print_line, sanitize
    from starter.times import format_local

    if not report.calendars:
        print_line("No calendars.")
        return
    display(tables.summaries([each.calendar for each in report.calendars]))
    _print_problems(report)
    for each in report.calendars:
        if each.left_out:
            print_line(f"\n{sanitize(each.calendar.owner or each.calendar.calendar_id)}")
            print_left_out(each.left_out)
    if report.error:
        print_line(f"\n{sanitize(report.error)}", "bold red")
    elif report.access_checks and report.access_checks.last_check_at:
        print_line(f"\nAccess was last checked {format_local(report.access_checks.last_check_at)}.", "dim")
    if not report.needs_attention:
        print_line("All calendars are healthy.", "green")


def _print_problems(report: "CalendarReport") -> None:
    from starter.output import amount, print_line, sanitize
    from starter.times import format_local

    for each in report.calendars:
        calendar = each.calendar
        if not each.needs_attention:
            continue
        problem = calendar.error or f"{amount(len(each.missing), 'booked meeting')} missing in Temporal"
        print_line(f"\n{sanitize(calendar.owner or calendar.calendar_id)}: {sanitize(problem)}", "bold red")
        if calendar.problem_since:
            print_line(f"Since     {format_local(calendar.problem_since)}")
        print_line(
            f"Last read {format_local(calendar.last_reconciled_at) if calendar.last_reconciled_at else 'never'}"
        )
        if each.missing:
            more = ", …" if len(each.missing) > _MAX_NAMED else ""
            print_line(f"Missing   {sanitize(', '.join(each.missing[:_MAX_NAMED]))}{more}")
        print_line(f"To do     {sanitize(each.suggested_fix)}")
        if each.link:
            print_line(f"Link      {each.link}")
