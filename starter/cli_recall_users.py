"""Commands `calendar v1-…` for users of Recall.ai's Calendar V1, where Recall.ai decides what is recorded."""

from typing import Annotated

import typer

from starter.cli_options import Json, PlatformOption, run_async

app = typer.Typer()

RecallUserName = Annotated[
    str, typer.Argument(metavar="USER", help="The user's id at Recall.ai, which never changes.", show_default=False)
]


@app.command(name="v1-user")
@run_async
async def calendar_v1_user(
    user: RecallUserName,
    *,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=yes|no", help="Change a preference; repeat for several.", show_default=False
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Also if fewer meetings are recorded then.")] = False,
    as_json: Json = False,
) -> int:
    """Show a user of Recall.ai's Calendar V1, or change what is recorded of them."""
    from starter.inputs import settings
    from starter.output import print_line, sanitize, write_json
    from starter.recall_users import PreferenceChange, RecallUsers, read_preferences

    async with RecallUsers.opened(settings()) as users:
        if changes:
            done = await users.set_preferences(user, read_preferences(changes), confirmed=yes)
        else:
            done = PreferenceChange(user=await users.show(user))
    if as_json:
        write_json(done)
        return 0
    for each in done.user.connections:
        state = "connected" if each.connected else "not connected any more"
        print_line(f"{sanitize(each.platform)}: {sanitize(each.email)} ({state})")
    if not done.user.connections:
        print_line("No calendar is connected.")
    for name, value in done.user.preferences.model_dump().items():
        shown = sanitize(value) if isinstance(value, str) else "yes" if value else "no"
        print_line(f"{name}: {shown}")
    for title in done.lost_bots:
        print_line(f"No bot any more: {sanitize(title)}", "yellow")
    return 0


@app.command(name="v1-link")
@run_async
async def calendar_v1_link(  # noqa: PLR0913 - one argument for each option
    user: RecallUserName,
    platform: Annotated[PlatformOption, typer.Option("--platform", help="The platform.", show_default=False)],
    *,
    redirect_url: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Your own callback that hands everything on to Recall.ai.", show_default=False
        ),
    ] = "",
    success_url: Annotated[
        str, typer.Option(metavar="URL", help="Where the browser goes afterwards.", show_default=False)
    ] = "",
    error_url: Annotated[
        str, typer.Option(metavar="URL", help="Where it goes if that fails.", show_default=False)
    ] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Replace a calendar of the same platform.")] = False,
    as_json: Json = False,
) -> int:
    """Create a link by which a user connects a calendar to Recall.ai's Calendar V1.

    It is valid for 24 hours and contains a token of the user.
    """
    from minutekeeper.calendars.user_connection import CalendarPlatform
    from starter.errors import MeetingInputError
    from starter.inputs import settings
    from starter.output import print_line, print_link, sanitize, write_json
    from starter.recall_users import RecallUsers

    given = settings()
    is_google = platform is PlatformOption.GOOGLE
    client_id = given.minutekeeper_google_client_id if is_google else given.minutekeeper_microsoft_client_id
    if not client_id:
        raise MeetingInputError(f"MINUTEKEEPER_{platform.name}_CLIENT_ID", "is not set; the link names it")
    async with RecallUsers.opened(given) as users:
        url = await users.link(
            user,
            CalendarPlatform(platform.value),
            client_id,
            redirect_url=redirect_url,
            success_url=success_url,
            error_url=error_url,
            replace=replace,
        )
    if as_json:
        write_json({"url": url, "user": user, "platform": platform.value})
        return 0
    print_link(url)
    print_line(f"Valid for 24 hours, for {sanitize(user)} only: anyone who has it can use it.", "dim")
    return 0


@app.command(name="v1-override")
@run_async
async def calendar_v1_override(
    user: RecallUserName,
    meeting: Annotated[str, typer.Argument(metavar="MEETING", help="Its id at Recall.ai.", show_default=False)],
    wanted: Annotated[str, typer.Argument(metavar="WANTED", help="always, never or none.", show_default=False)],
) -> int:
    """Decide about one meeting of a user of Recall.ai's Calendar V1."""
    from starter.errors import MeetingInputError
    from starter.inputs import settings
    from starter.output import print_line, sanitize
    from starter.recall_users import RecallUsers

    values = {"always": True, "never": False, "none": None}
    if wanted not in values:
        raise MeetingInputError("WANTED", f"{wanted!r} must be always, never or none")
    async with RecallUsers.opened(settings()) as users:
        print_line(sanitize(await users.override(user, meeting, record=values[wanted])))
    return 0


@app.command(name="v1-disconnect")
@run_async
async def calendar_v1_disconnect(
    user: RecallUserName,
    *,
    platform: Annotated[
        PlatformOption | None, typer.Option("--platform", help="Only this one.", show_default=False)
    ] = None,
) -> int:
    """Disconnect one or all calendars of a user of Recall.ai's Calendar V1, and their bots."""
    from minutekeeper.calendars.user_connection import CalendarPlatform
    from starter.inputs import settings
    from starter.output import print_line, sanitize
    from starter.recall_users import RecallUsers

    async with RecallUsers.opened(settings()) as users:
        await users.disconnect(user, CalendarPlatform(platform.value) if platform else None)
    what = f"The {platform.value} calendar" if platform else "Every calendar"
    print_line(f"{what} of {sanitize(user)} is disconnected.", "green")
    return 0


@app.command(name="v1-explain")
@run_async
async def calendar_v1_explain(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="What Recall.ai said.", show_default=False)],
) -> int:
    """Explain why a calendar was not connected to Recall.ai's Calendar V1.

    Exit status 1: the message is not known.
    """
    from minutekeeper.providers.calendar_users import causes_of_failure
    from starter.output import print_line

    causes = causes_of_failure(message)
    for cause in causes:
        print_line(cause)
    if not causes:
        print_line("This message is not known.", "yellow")
    return 0 if causes else 1
