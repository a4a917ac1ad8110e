"""Health checks of webhook delivery: the bridge's public URL, bots that do not report, and the inbox."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import aiohttp
from temporalio.client import Client, WorkflowExecution

from minutekeeper.config import Settings
from minutekeeper.meetings import descriptions
from minutekeeper.meetings.ids import INBOX
from minutekeeper.meetings.status import MeetingStatus, WebhookState
from minutekeeper.meetings.views import MeetingView
from minutekeeper.meetings.webhook_health import should_alarm
from minutekeeper.meetings.webhook_urls import bot_webhook_url
from minutekeeper.providers.factory import DEFAULT_PROVIDER
from minutekeeper.startup_checks import address_problems
from minutekeeper.storage import layout
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore, StoredObject
from minutekeeper.temporal.queries import IS_MEETING
from minutekeeper.temporal.search_attributes import BOT_ID
from starter.error_translation import translate_temporal_errors
from starter.errors import MeetingError
from starter.health_checks import CheckFailedError, shared_connection
from starter.workflow_calls import NoAnswerError, query_status

_LOOK_BACK = timedelta(hours=1)
_MAX_MEETINGS = 20
_QUERY_TIMEOUT = timedelta(seconds=3)
_MAX_NAMED = 3

_STALLED_AFTER = timedelta(minutes=5)
"""The bridge retries every few seconds."""
_NEARLY_FULL = 0.9
_FOLDERS = {
    layout.inbox_path("unclaimed"): "for unknown bots",
    layout.inbox_path("late"): "too late for their meetings",
    layout.inbox_path("rejected"): "unreadable or rejected by Temporal",
}
_TIMESTAMP_FORMAT = "%Y%m%dT%H%M%S.%fZ"


async def check_bridge(settings: Settings) -> str:
    """Requests a bot's webhook URL, because that needs the right path, proxy and secret."""
    secret = settings.bridge_secret.get_secret_value()
    if not secret:
        raise CheckFailedError("not checked: BRIDGE_SECRET is not set", "see there")
    if problems := address_problems(settings):
        raise CheckFailedError("; ".join(problems), "put a proxy with a certificate in front of the bridge")
    url = settings.bridge_public_url
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(
                bot_webhook_url(url, secret, DEFAULT_PROVIDER, "doctor", 0), allow_redirects=False
            ) as response,
        ):
            status = response.status
    except (aiohttp.ClientError, OSError) as error:
        remedy = "start it with `minutekeeper bridge`, and set BRIDGE_PUBLIC_URL to where the provider reaches it"
        raise CheckFailedError(f"{url} cannot be reached: {error}", remedy) from error
    if status == 200:
        return f"{url} answers and accepts the webhook URLs that bots are given"
    raise CheckFailedError(f"{url} answers {status} for a bot's webhook URL", _remedy(status))


def _remedy(status: int) -> str:
    if status == 401:
        return "give worker and bridge the same BRIDGE_SECRET, and restart both"
    if 300 <= status < 400:
        return "set BRIDGE_PUBLIC_URL to the redirect's target: senders of webhooks do not follow redirects"
    if status >= 500:
        return "start the bridge with `minutekeeper bridge`, and check that its proxy reaches it"
    return "set BRIDGE_PUBLIC_URL to the bridge, and make every proxy forward /webhooks/ unchanged"


async def check_deliveries(connecting: "asyncio.Task[Client]", settings: Settings) -> str:
    """Whether the bots of the last hour's meetings report by webhook, as their workflows say."""
    client = await shared_connection(connecting)
    try:
        with translate_temporal_errors(client):
            views = await _views(client)
    except MeetingError as error:
        raise CheckFailedError(f"not checked: {error}", "see there") from error
    silent = [view for view in views if view.webhooks is WebhookState.SILENT]
    reporting = [view for view in views if view.webhooks is WebhookState.HEARD]
    known = len(silent) + len(reporting)
    if not known:
        return "no bot had to report within the last hour"
    count = f"{len(reporting)} of {known} bots report by webhook"
    if not silent:
        return count
    more = ", …" if len(silent) > _MAX_NAMED else ""
    named = f"silent: {', '.join(view.meeting_id for view in silent[:_MAX_NAMED])}{more}"
    last_silence = max(view.start_time for view in silent)
    if any(view.start_time > last_silence for view in reporting) or not should_alarm(len(silent), known):
        return f"{count} ({named})"
    raise CheckFailedError(
        f"only {count} ({named})",
        f"check that BRIDGE_PUBLIC_URL ({settings.bridge_public_url}) reaches the bridge from outside, that the "
        "bridge rejects nothing (see its log), and that webhooks are enabled at the provider. Bots in a meeting "
        "keep the URL they were given",
    )


async def _views(client: Client) -> list[MeetingView]:
    """The status of meetings that have a bot, or had one within the last hour."""
    since = (datetime.now(UTC) - _LOOK_BACK).isoformat()
    query = (
        f"{IS_MEETING} AND {BOT_ID.name} IS NOT NULL "
        f"AND (ExecutionStatus = 'Running' OR (CloseTime > '{since}' AND ExecutionStatus != 'ContinuedAsNew'))"
    )
    found = [each async for each in client.list_workflows(query, limit=_MAX_MEETINGS)]
    views = [view for view in await asyncio.gather(*(_view(client, each) for each in found)) if view is not None]
    if found and not views:
        raise CheckFailedError("not checked: no worker answers for the meetings", "see the checks of the workers")
    # A rescheduled meeting sleeps until it gets another bot.
    return [view for view in views if view.status is not MeetingStatus.SCHEDULED]


async def _view(client: Client, execution: WorkflowExecution) -> MeetingView | None:
    try:
        return await query_status(client.get_workflow_handle(execution.id, run_id=execution.run_id), _QUERY_TIMEOUT)
    except NoAnswerError:
        return None


async def check_inbox(settings: Settings) -> str:
    """Whether webhook deliveries pile up that the bridge could not forward."""
    try:
        entries = await ArtifactStore(settings.artifacts_url).list(INBOX)
    except StoreError as error:
        raise CheckFailedError("not checked: the artifact store does not work", "see there") from error
    folders: dict[str, list[StoredObject]] = {}
    for entry in entries:
        folders.setdefault(entry.path.rpartition("/")[0], []).append(entry)
    waiting = folders.pop(INBOX, [])
    found = _waiting(waiting) if waiting else "empty"
    found = "; ".join([found, *(_folder_summary(name, folders[name]) for name in _FOLDERS if name in folders)])
    if waiting and _age(waiting) > _STALLED_AFTER:
        raise CheckFailedError(
            found, "run a bridge on this store, and see in its log why Temporal does not accept them"
        )
    if full := [name for name in _FOLDERS if _is_full(folders.get(name, []))]:
        raise CheckFailedError(
            f"{found}; full: {', '.join(full)}",
            f"empty {' and '.join(full)} of what is not needed: further deliveries may be dropped",
        )
    return found


def _waiting(entries: Sequence[StoredObject]) -> str:
    return f"{len(entries)} waiting, the oldest for {descriptions.format_duration(_age(entries))}"


def _age(entries: Sequence[StoredObject]) -> timedelta:
    return datetime.now(UTC) - min(_received_at(entry.path.rpartition("/")[2]) for entry in entries)


def _folder_summary(name: str, entries: Sequence[StoredObject]) -> str:
    size = sum(entry.size for entry in entries) / (1024 * 1024)
    return f"{len(entries)} in {name}/ ({size:.1f} MiB) {_FOLDERS[name]}"


def _is_full(entries: Sequence[StoredObject]) -> bool:
    bounds = layout.INBOX_BOUNDS
    size = sum(entry.size for entry in entries)
    return len(entries) >= _NEARLY_FULL * bounds.files or size >= _NEARLY_FULL * bounds.bytes


def _received_at(name: str) -> datetime:
    try:
        return datetime.strptime(name.partition("-")[0], _TIMESTAMP_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return datetime.now(UTC)
