"""The doctor's checks of everything between a bot that reports and its meeting."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import aiohttp
from temporalio.client import Client, WorkflowExecution

from artifacts import layout
from artifacts.errors import StoreError
from artifacts.store import ArtifactStore, Entry
from meetings import story
from meetings.ids import INBOX
from meetings.outcome import MeetingView
from meetings.reporting import is_alarming
from meetings.status import MeetingStatus, WebhookState
from meetings.webhook_address import bot_webhook_url
from minutekeeper.temporal.queries import IS_MEETING
from minutekeeper.temporal.search_attributes import BOT_ID
from runtime.settings import Settings
from runtime.startup import address_problems
from starter.asking import NoAnswerError, ask_status
from starter.checkup import TroubleError, connected
from starter.errors import MeetingError
from starter.temporal_errors import in_plain_words

_LOOK_BACK = timedelta(hours=1)
_MOST_ASKED = 20
_ANSWER_WITHIN = timedelta(seconds=3)
_NAMED = 3

_HELD_UP_AFTER = timedelta(minutes=5)
"""The bridge tries again every few seconds."""
_NEARLY = 0.9
_ASIDE = {
    layout.inbox("unclaimed"): "of bots that no meeting has",
    layout.inbox("late"): "came too late for their meetings",
    layout.inbox("rejected"): "to look at, unreadable or refused by Temporal",
}
_STAMP = "%Y%m%dT%H%M%S.%fZ"


async def bridge(settings: Settings) -> str:
    """Asks for a bot's own address, as it would be given to one: path, proxy and secret must be right for that."""
    secret = settings.bridge_secret.get_secret_value()
    if not secret:
        raise TroubleError("not checked: BRIDGE_SECRET is not set", "see there")
    if problems := address_problems(settings):
        raise TroubleError("; ".join(problems), "put a proxy with a certificate in front of the bridge")
    url = settings.bridge_public_url
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(bot_webhook_url(url, secret, "doctor", 0), allow_redirects=False) as response,
        ):
            status = response.status
    except (aiohttp.ClientError, OSError) as error:
        remedy = "start it with `minutekeeper bridge`, and set BRIDGE_PUBLIC_URL to where the provider reaches it"
        raise TroubleError(f"{url} cannot be reached: {error}", remedy) from error
    if status == 200:
        return f"{url} answers, and knows the addresses that bots are given"
    raise TroubleError(f"{url} answers {status} for a bot's address", _remedy(status))


def _remedy(status: int) -> str:
    if status == 401:
        return "give worker and bridge the same BRIDGE_SECRET, and restart both"
    if 300 <= status < 400:
        return "set BRIDGE_PUBLIC_URL to where that leads: senders of webhooks do not follow"
    if status >= 500:
        return "start the bridge with `minutekeeper bridge`, and see that its proxy finds it"
    return "set BRIDGE_PUBLIC_URL to the bridge, and let every proxy pass on /webhooks/ unchanged"


async def reports(connecting: "asyncio.Task[Client]", settings: Settings) -> str:
    """Whether the bots of the last hour's meetings report, from their workflows alone."""
    client = await connected(connecting)
    try:
        with in_plain_words(client):
            views = await _views(client)
    except MeetingError as error:
        raise TroubleError(f"not checked: {error}", "see there") from error
    silent = [view for view in views if view.webhooks is WebhookState.SILENT]
    heard = [view for view in views if view.webhooks is WebhookState.HEARD]
    known = len(silent) + len(heard)
    if not known:
        return "no bot had to report within the last hour"
    count = f"{len(heard)} of {known} bots report by webhook"
    if not silent:
        return count
    more = ", …" if len(silent) > _NAMED else ""
    named = f"silent: {', '.join(view.meeting_id for view in silent[:_NAMED])}{more}"
    last_silence = max(view.start_time for view in silent)
    if any(view.start_time > last_silence for view in heard) or not is_alarming(len(silent), known):
        return f"{count} ({named})"
    raise TroubleError(
        f"only {count} ({named})",
        f"see that BRIDGE_PUBLIC_URL ({settings.bridge_public_url}) leads to the bridge from outside too, that the "
        "bridge turns nothing away (its log says so), and that the provider has not switched its webhooks off. "
        "Bots in meetings keep the address they were given",
    )


async def _views(client: Client) -> list[MeetingView]:
    """What the meetings say that have a bot, or had one within the last hour."""
    since = (datetime.now(UTC) - _LOOK_BACK).isoformat()
    query = (
        f"{IS_MEETING} AND {BOT_ID.name} IS NOT NULL "
        f"AND (ExecutionStatus = 'Running' OR (CloseTime > '{since}' AND ExecutionStatus != 'ContinuedAsNew'))"
    )
    found = [each async for each in client.list_workflows(query, limit=_MOST_ASKED)]
    views = [view for view in await asyncio.gather(*(_view(client, each) for each in found)) if view is not None]
    if found and not views:
        raise TroubleError("not checked: no worker answers for the meetings", "see the workers")
    # A meeting that was moved sleeps until it gets another bot.
    return [view for view in views if view.status is not MeetingStatus.SCHEDULED]


async def _view(client: Client, execution: WorkflowExecution) -> MeetingView | None:
    try:
        return await ask_status(client.get_workflow_handle(execution.id, run_id=execution.run_id), _ANSWER_WITHIN)
    except NoAnswerError:
        return None


async def inbox(settings: Settings) -> str:
    """Whether deliveries pile up that the bridge could not hand on."""
    try:
        entries = await ArtifactStore(settings.artifacts_url).list(INBOX)
    except StoreError as error:
        raise TroubleError("not checked: the artifact store does not work", "see there") from error
    shelves: dict[str, list[Entry]] = {}
    for entry in entries:
        shelves.setdefault(entry.path.rpartition("/")[0], []).append(entry)
    waiting = shelves.pop(INBOX, [])
    found = _waiting(waiting) if waiting else "nothing waits"
    found = "; ".join([found, *(_aside(name, shelves[name]) for name in _ASIDE if name in shelves)])
    if waiting and _age(waiting) > _HELD_UP_AFTER:
        raise TroubleError(
            found, "run a bridge on this store, and look into its log why Temporal does not take them"
        )
    if full := [name for name in _ASIDE if _is_full(shelves.get(name, []))]:
        raise TroubleError(
            f"{found}; full: {', '.join(full)}",
            f"look into {' and '.join(full)} and remove what is not needed: what comes next may be dropped",
        )
    return found


def _waiting(entries: Sequence[Entry]) -> str:
    return f"{len(entries)} waiting, the oldest for {story.span(_age(entries))}"


def _age(entries: Sequence[Entry]) -> timedelta:
    return datetime.now(UTC) - min(_received_at(entry.path.rpartition("/")[2]) for entry in entries)


def _aside(name: str, entries: Sequence[Entry]) -> str:
    size = sum(entry.size for entry in entries) / (1024 * 1024)
    return f"{len(entries)} in {name}/ ({size:.1f} MiB) {_ASIDE[name]}"


def _is_full(entries: Sequence[Entry]) -> bool:
    bounds = layout.SHELF_BOUNDS
    size = sum(entry.size for entry in entries)
    return len(entries) >= _NEARLY * bounds.files or size >= _NEARLY * bounds.bytes


def _received_at(name: str) -> datetime:
    try:
        return datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return datetime.now(UTC)
