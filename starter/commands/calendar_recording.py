"""`calendar record` and `calendar unrecord`."""

from meetings.webhook_address import ACCOUNT_WEBHOOK_ROUTE
from providers.base import ProviderError
from starter.calendars.account import opened_bots
from starter.calendars.client import CalendarsClient
from starter.calendars.recording import ProviderRecording
from starter.commands.calendar_changes import said_of
from starter.inputs import settings, signing_settings
from starter.output import plain, say, write_json

_UNHEARD = (
    f"Nobody here hears of its bot: the account's webhook URL at the provider is %s, not BRIDGE_PUBLIC_URL with "
    f"{ACCOUNT_WEBHOOK_ROUTE} behind it."
)


async def record(calendar: str, event: str, *, all_occurrences: bool, as_json: bool) -> int:
    async with CalendarsClient.opened(signing_settings()) as client:
        done = await client.record(calendar, event, all_occurrences=all_occurrences)
    trouble = await _trouble()
    if as_json:
        write_json(done.model_dump(mode="json") | {"trouble": trouble})
        return 0
    _show(done, "is recorded by the provider's own timer")
    if trouble:
        say(trouble, "yellow")
    return 0


async def unrecord(calendar: str, event: str, *, all_occurrences: bool, as_json: bool) -> int:
    async with CalendarsClient.opened() as client:
        done = await client.unrecord(calendar, event, all_occurrences=all_occurrences)
        holding = await client.override_of(calendar, event)
    if as_json:
        write_json(done)
    else:
        decides = said_of(holding) if holding else "is left to the policy"
        _show(done, f"{decides}; a bot that is in the meeting stays there")
    return 0


async def _trouble() -> str:
    """What keeps news of the bot from the bridge; empty also if the provider does not say."""
    async with opened_bots(settings()) as bots:
        try:
            url = await bots.webhook_url()
        except ProviderError:
            return ""
    return "" if url.rstrip("/").endswith(ACCOUNT_WEBHOOK_ROUTE) else _UNHEARD % (plain(url) or "not set")


def _show(done: ProviderRecording, what: str) -> None:
    for each in done.events:
        say(
            f"Event {plain(each.event_id)} ({plain(each.title)}, {each.start_time:%Y-%m-%d %H:%MZ}) {what}.",
            "green",
        )
