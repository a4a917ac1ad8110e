"""`calendar raw`, `list`, `show`, `events`, `explain`, `plan` and `policy get`."""

import json
from pathlib import Path

from starter.calendars import render
from starter.calendars.account import opened_account, plainly
from starter.calendars.client import CalendarsClient
from starter.calendars.credentials import load_credentials
from starter.calendars.dry_run import DryRun
from starter.calendars.policies import as_written, read_policy
from starter.inputs import settings, signing_settings
from starter.output import display, plain, say, write_json


async def raw(credentials: Path | None, *, as_json: bool) -> int:
    """Temporal is not needed: this is asked before anything is kept."""
    grant = load_credentials(credentials)
    async with opened_account(settings()) as provider:
        with plainly():
            calendars = await provider.raw_calendars(grant)
    if as_json:
        write_json(calendars)
    elif not calendars:
        say("No calendars.")
    else:
        display(render.raws(calendars))
    return 0


async def list_(*, as_json: bool) -> int:
    async with CalendarsClient.opened() as client:
        calendars = await client.list()
    if as_json:
        write_json(calendars)
        return 0
    if not calendars:
        say("No calendars.")
        return 0
    display(render.summaries(calendars))
    if any(each.is_connected is None for each in calendars):
        say("The provider does not answer: names, and calendars that nobody keeps, are missing.", "yellow")
    return 0


async def show(calendar: str, *, as_json: bool) -> int:
    async with CalendarsClient.opened() as client:
        found = await client.show(calendar)
    if as_json:
        view = found.view
        shown = {
            "coming": found.coming,
            "recorded": found.recorded,
            "policy": as_written(view.policy) if view else None,
            "overrides": view.overrides.model_dump(mode="json") if view else None,
            "counts": view.counts.model_dump(mode="json") if view else None,
        }
        write_json(found.summary.model_dump(mode="json") | shown)
    else:
        display(render.details(found))
    return 0


async def events(calendar: str, *, also_past: bool, as_json: bool) -> int:
    async with CalendarsClient.opened() as client:
        found = await client.events(calendar, also_past=also_past)
    if as_json:
        write_json(found)
    elif not found:
        say("No events, or none was read yet.")
    else:
        display(render.events(found))
    return 0


async def explain(calendar: str, event: str, *, as_json: bool) -> int:
    async with CalendarsClient.opened(signing_settings()) as client:
        found = await client.explain(calendar, event)
    if as_json:
        write_json(found)
        return 0
    say(f"{plain(found.title) or '(no title)'}: {plain(found.reason)}", "bold")
    if not found.is_carried_out:
        say("This is not carried out yet; the next look will follow it.", "yellow")
    if found.considered:
        say("\nThe rules, in their order:")
        display(render.considered(found))
    if found.facts:
        say("\nThe event:")
        display(render.event_facts(found.facts))
    else:
        say("The provider no longer knows the event: this is what was decided last.")
    booked = f"is {found.meeting.status.value}" if found.meeting.status else "was not booked"
    bot = f", its bot is {plain(found.meeting.bot_id)}" if found.meeting.bot_id else ""
    say(f"\nMeeting {plain(found.meeting.meeting_id)} {booked}{bot}.")
    return 0


async def plan(calendar: str, *, policy: Path | None, as_json: bool) -> int:
    wanted = read_policy(policy, "--policy") if policy else None
    async with CalendarsClient.opened(signing_settings()) as client:
        found = await client.plan(calendar, wanted)
    if as_json:
        write_json(found)
    else:
        show_plan(found)
    return 0


async def policy(calendar: str, *, as_json: bool) -> int:
    async with CalendarsClient.opened() as client:
        found = await client.policy(calendar)
    if as_json:
        write_json(as_written(found), absent_as_null=False)
    else:
        say(json.dumps(as_written(found), indent=2, ensure_ascii=False))
    return 0


def show_plan(found: DryRun) -> None:
    if found.steps:
        display(render.steps(found.steps, found.shared))
        say("")
    say(render.counts(found))
    say(render.load(found.load))
