"""Keeps bots, accounts and calendars in a file, so that a restarted stand-in knows what the one before knew."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from devtools.simulator.bots import Bot
from devtools.simulator.calendars.accounts import Account, RawCalendar
from devtools.simulator.calendars.connected import Connected, Entry
from devtools.simulator.calendars.control_models import AppOrder
from devtools.simulator.calendars.grants import App, Grant
from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.calendars.wire import Credentials, EventBot
from devtools.simulator.media import MediaFile
from devtools.simulator.models import BotRequest
from devtools.simulator.scripts import Script
from devtools.simulator.simulation import Simulation
from devtools.simulator.state import Moment

_PAUSE_SECONDS = 1.0
MOST_BOTS = 1000
"""Of more, the oldest are forgotten."""


class _Kept(BaseModel):
    model_config = ConfigDict(from_attributes=True, arbitrary_types_allowed=False)


class _Bot(_Kept):
    number: int
    turn: int
    request: BotRequest
    script: Script
    uuid: UUID
    event_uuid: str | None
    created_at: datetime
    joined_at: datetime | None
    left_at: datetime | None
    ended_at: datetime | None
    leave_requested_at: datetime | None
    end_reason: str | None
    error: str | None
    message: str | None
    elapsed: float
    recorded: float
    recording_since: float | None
    recording_started: datetime | None
    recording: MediaFile | None
    audio: MediaFile | None
    screenshot: MediaFile | None
    screenshot_at: datetime | None = None
    transcriptions: int = 0
    timed_out: bool = False
    double_of: UUID | None = None
    content_deleted: bool
    timeline: list[Moment]
    has_transcript: bool = False


class _RawCalendar(_Kept):
    id: str
    name: str
    email: str
    is_primary: bool
    event_ids: set[str]


class _Entry(_Kept):
    provider_event: ProviderEvent
    provider_id: str
    uuid: UUID
    updated_at: datetime
    deleted: bool
    bot: EventBot | None
    is_due: bool
    bot_ids: list[str]


class _Connected(_Kept):
    turn: int
    credentials: Credentials
    raw_id: str
    uuid: UUID
    created_at: datetime
    synced_at: datetime | None
    error: str
    entries: dict[str, _Entry]
    series: dict[str, EventBot]


class State(_Kept):
    """All that a restart must not lose. Scripts, faults and the ledger are orders of one run and end with it."""

    account_webhook_url: str | None = None
    bots: list[_Bot] = []
    apps: list[tuple[AppOrder, bool]] = []
    grants: list[Grant] = []
    accounts: list[Account] = []
    calendars: list[_RawCalendar] = []
    provider_events: list[ProviderEvent] = []
    connected: list[_Connected] = []


def taken(simulation: Simulation) -> State:
    """The state as it is now."""
    calendars, world = simulation.calendars, simulation.calendars.world
    newest = list(simulation.bots.values())[-MOST_BOTS:]
    return State(
        account_webhook_url=simulation.account_webhook_url,
        bots=[_Bot.model_validate(_fields(bot) | {"has_transcript": bot.transcript is not None}) for bot in newest],
        apps=[(app.order, app.secret_expired) for app in world.grants.apps.values()],
        grants=world.grants.all,
        accounts=list(world.accounts.values()),
        calendars=[
            _RawCalendar.model_validate(_fields(each) | {"email": each.account.email})
            for each in world.calendars.values()
        ],
        provider_events=list(world.provider_events.values()),
        connected=[
            _Connected.model_validate(
                _fields(each)
                | {"raw_id": each.raw.id, "credentials": Credentials.model_validate(_credentials(each))}
                | {"entries": {name: _Entry.model_validate(_fields(one)) for name, one in each.entries.items()}}
            )
            for each in calendars.connected.values()
        ],
    )


def restore(simulation: Simulation, state: State) -> None:
    """Takes a state over, and lets unfinished bots and calendars go on from where they were."""
    # What this start was told counts: the receiver may have moved meanwhile.
    simulation.account_webhook_url = simulation.account_webhook_url or state.account_webhook_url
    world = simulation.calendars.world
    for order, secret_expired in state.apps:
        world.grants.apps[order.platform, order.client_id] = App(order, secret_expired)
    for grant in state.grants:
        world.grants.take_over(grant)
    world.accounts.update((each.email, each) for each in state.accounts)
    world.provider_events.update((each.id, each) for each in state.provider_events)
    for raw in state.calendars:
        account = world.accounts[raw.email]
        world.calendars[raw.id] = RawCalendar(raw.id, raw.name, account, raw.is_primary, raw.event_ids)
    for bot in state.bots:
        simulation.take_over(_bot(bot))
    for connected in state.connected:
        calendar = Connected(
            raw=world.calendars[connected.raw_id],
            **_only(connected, "turn", "credentials", "uuid", "created_at", "synced_at", "error", "series"),
        )
        for name, entry in connected.entries.items():
            known = {each: getattr(entry, each) for each in _Entry.model_fields}
            calendar.entries[name] = Entry(calendar=calendar, **known)
        simulation.calendars.take_over(calendar)


@contextlib.asynccontextmanager
async def kept(simulation: Simulation, file: str | None) -> AsyncIterator[None]:
    """Takes over what the file holds, and writes it anew, at most every second and at the end."""
    if file is None:
        yield
        return
    path = Path(file)
    restore(simulation, load(path))
    writing = asyncio.create_task(_write_on(simulation, path))
    try:
        yield
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        save(path, taken(simulation))


async def _write_on(simulation: Simulation, path: Path) -> None:
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        if simulation.is_changed:
            simulation.is_changed = False
            save(path, taken(simulation))


def load(path: Path) -> State:
    """What the file holds; one that is damaged is put aside, and said to be."""
    try:
        return State.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return State()
    except (ValidationError, OSError) as error:
        aside = path.with_name(f"{path.name}.damaged")
        with contextlib.suppress(OSError):
            path.replace(aside)
        why = "it is damaged" if isinstance(error, ValidationError) else str(error.strerror)
        sys.stderr.write(f"simulator: {path} cannot be read ({why}); it was put aside as {aside}\n")
        return State()


def save(path: Path, state: State) -> None:
    """Whole or not at all; for its owner only, as tokens of users are in it."""
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(state.model_dump_json(warnings=False).encode())
    part.replace(path)


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _only(value: BaseModel, *names: str) -> Mapping[str, Any]:
    return {name: getattr(value, name) for name in names}


def _credentials(calendar: Connected) -> dict[str, Any]:
    return calendar.credentials.model_dump(include=set(Credentials.model_fields))


def _bot(kept: _Bot) -> Bot:
    names = set(_Bot.model_fields) - {"has_transcript"}
    bot = Bot(**{name: getattr(kept, name) for name in names})
    if kept.has_transcript:
        bot.transcriptions -= 1
        bot.transcribe()
    return bot
