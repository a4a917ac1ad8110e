"""`calendar update-credentials` and `calendar doctor`."""

from pathlib import Path

from starter.calendars import render
from starter.calendars.client import CalendarsClient
from starter.calendars.credentials import load_app_credentials
from starter.calendars.doctor import Diagnosis
from starter.calendars.repairing import Repair
from starter.output import display, plain, say, write_json
from starter.times import for_people

_NAMED = 5


async def update_credentials(credentials: Path | None, *, as_json: bool) -> int:
    """1 if a calendar of the app is left without them."""
    app = load_app_credentials(credentials)
    async with CalendarsClient.opened() as client:
        repair = await client.update_credentials(app)
    if as_json:
        write_json(repair)
    else:
        _show_repair(repair)
    return 0 if repair.is_whole else 1


async def doctor(*, as_json: bool) -> int:
    """1 if something needs somebody."""
    async with CalendarsClient.opened() as client:
        found = await client.doctor()
    if as_json:
        patients = [
            each.calendar.model_dump(mode="json")
            | {"link": each.link, "lost": each.lost, "what_to_do": each.what_to_do}
            for each in found.patients
        ]
        rounds = found.rounds.model_dump(mode="json") if found.rounds else None
        write_json({"calendars": patients, "checks": rounds, "trouble": found.trouble})
    else:
        _show_diagnosis(found)
    return 1 if found.needs_somebody else 0


def _show_repair(repair: Repair) -> None:
    for each in repair.updated:
        if each.trouble:
            say(f"Not calendar {plain(each.calendar)}: {plain(each.trouble)}", "red")
        else:
            say(f"Calendar {plain(each.calendar)} has the new credentials; what it missed is looked for.", "green")
    for left in repair.left:
        say(f"No token was given for calendar {plain(left.who or left.calendar_id)}.", "red")
    if repair.left:
        say("Give their tokens, or have their users connect again: `minutekeeper calendar connect-link`.")


def _show_diagnosis(found: Diagnosis) -> None:
    if not found.patients:
        say("No calendars.")
        return
    display(render.summaries([each.calendar for each in found.patients]))
    for each in found.patients:
        calendar = each.calendar
        if not each.needs_somebody:
            continue
        trouble = calendar.trouble or f"{len(each.lost)} booked meetings do not exist in Temporal"
        say(f"\n{plain(calendar.who or calendar.calendar_id)}: {plain(trouble)}", "bold red")
        if calendar.trouble_since:
            say(f"Since    {for_people(calendar.trouble_since)}")
        say(f"Last look {for_people(calendar.last_look_at) if calendar.last_look_at else 'none'}")
        if each.lost:
            say(f"Lost     {plain(', '.join(each.lost[:_NAMED]))}{', …' if len(each.lost) > _NAMED else ''}")
        say(f"To do    {plain(each.what_to_do)}")
        if each.link:
            say(f"Link     {each.link}")
    if found.trouble:
        say(f"\n{plain(found.trouble)}", "bold red")
    elif found.rounds and found.rounds.last_check_at:
        say(f"\nThe grants were checked {for_people(found.rounds.last_check_at)}.", "dim")
    if not found.needs_somebody:
        say("Nothing needs anybody.", "green")
