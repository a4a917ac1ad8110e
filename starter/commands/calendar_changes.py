"""`calendar connect`, `policy set`, `override`, `resync` and `disconnect`."""

from pathlib import Path

from meetings.calendars.overrides import Override, Wanted
from providers.calendars import GrantTrouble
from starter.calendars.client import CalendarsClient
from starter.calendars.connecting import Connection
from starter.calendars.credentials import load_credentials
from starter.calendars.policies import read_policy
from starter.calendars.summaries import CalendarState
from starter.commands.calendars import show_plan
from starter.inputs import signing_settings
from starter.output import amount, plain, say, write_json

_CONNECTED = {
    Connection.CONNECTED: "Connected.",
    Connection.ADOPTED: "The provider had it already, but nobody kept it: now it is kept.",
    Connection.RENEWED: "Connected already: it has these credentials now, and its policy stays.",
}
_WORDS: dict[str, Wanted | None] = {"always": "always", "never": "never", "none": None}
_SAID: dict[str, str] = {
    "always": "is recorded, whatever the policy says",
    "never": "is not recorded, whatever the policy says",
    "none": "is left to the policy",
}
_ADVICE = {
    GrantTrouble.USER: " The user has to grant access again: `minutekeeper calendar connect` with the new token.",
    GrantTrouble.APP: " The OAuth app needs care: its secret, or the calendar API that is not switched on.",
    None: "",
}


async def connect(credentials: Path | None, *, raw_id: str | None, policy: Path | None, as_json: bool) -> int:
    wanted = read_policy(policy, "--policy") if policy else None
    grant = load_credentials(credentials)
    async with CalendarsClient.opened() as client:
        connected = await client.connect(grant, raw_id, wanted)
    if as_json:
        write_json(connected)
        return 0
    say(_CONNECTED[connected.connection], "yellow" if connected.connection is Connection.RENEWED else "green")
    if wanted and connected.connection is Connection.RENEWED:
        say("Note: `minutekeeper calendar policy set` changes the policy.", "yellow")
    say(f"Calendar {plain(connected.email or connected.name)}")
    say(f"ID       {plain(connected.calendar_id)}")
    say(f"Next     minutekeeper calendar events {plain(connected.calendar_id)}", "dim")
    return 0


async def set_policy(calendar: str, policy: Path, *, as_json: bool) -> int:
    wanted = read_policy(policy, "FILE")
    async with CalendarsClient.opened(signing_settings()) as client:
        changed = await client.set_policy(calendar, wanted)
    if as_json:
        write_json(
            {
                "calendar_id": changed.calendar_id,
                "changed": changed.lines,
                "plan": changed.dry_run.model_dump(mode="json") if changed.dry_run else None,
                "trouble": changed.trouble,
            }
        )
        return 0
    if not changed.lines:
        say("This is the calendar's policy already; nothing was changed.", "yellow")
        return 0
    for line in changed.lines:
        say(plain(line[0]) + line[1:], "green" if line.startswith("+") else "red")
    say("")
    if changed.dry_run:
        show_plan(changed.dry_run)
    else:
        say(f"What follows from it could not be worked out: {plain(changed.trouble)}", "yellow")
    say("The policy is set; the meetings follow in a moment.", "green")
    return 0


async def override(calendar: str, event: str, word: str, *, series: bool, as_json: bool) -> int:
    async with CalendarsClient.opened() as client:
        change = await client.override(calendar, event, _WORDS[word], series=series)
        holding = await client.override_of(calendar, event) if _WORDS[word] is None else None
    if as_json:
        write_json(change)
        return 0
    what = f"Series {change.series_id}" if change.series_id else f"Event {change.event_id}"
    decides = said_of(holding) if holding else _SAID[word]
    say(f"{plain(what)} {decides}; its meetings follow in a moment.", "green")
    return 0


def said_of(override: Override) -> str:
    """What decides about an event for which somebody has said something."""
    return f'is left to what was said for this {override.scope}, "{override.wanted}"'


async def resync(calendar: str | None, *, as_json: bool) -> int:
    """1 if the provider could not read a calendar."""
    if calendar is None:
        return await _resync_all(as_json=as_json)
    async with CalendarsClient.opened() as client:
        view = await client.resync(calendar)
    if as_json:
        write_json(view)
    else:
        say(f"Calendar {plain(view.calendar_id)} is read again in a moment.", "green")
    return 0


async def disconnect(calendar: str, *, why: str, as_json: bool) -> int:
    async with CalendarsClient.opened() as client:
        summary = await client.disconnect(calendar, why)
    if as_json:
        write_json(summary)
    elif summary.state is CalendarState.DISCONNECTED:
        say(f"Disconnected: calendar {plain(summary.calendar_id)}. The user's grant itself stays.")
    else:
        say(
            f"Calendar {plain(summary.calendar_id)} lets go of its meetings; `calendar list` shows when it is done."
        )
    return 0


async def _resync_all(*, as_json: bool) -> int:
    async with CalendarsClient.opened() as client:
        done = await client.resync_all()
    if as_json:
        errors = [
            {"calendar_id": each.calendar_id, "text": each.text, "trouble": each.trouble} for each in done.errors
        ]
        write_json({"synced": done.synced, "errors": errors})
        return 1 if done.errors else 0
    say(f"The provider read {amount(len(done.synced), 'calendar')} again.")
    for each in done.errors:
        say(f"Not calendar {plain(each.calendar_id)}: {plain(each.text)}{_ADVICE[each.trouble]}", "red")
    return 1 if done.errors else 0
