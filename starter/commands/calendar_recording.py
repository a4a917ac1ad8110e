"""`calendar record` and `calendar unrecord`."""

from starter.calendars.client import CalendarsClient
from starter.calendars.recording import ProviderRecording
from starter.output import plain, say, write_json


async def record(calendar: str, event: str, *, all_occurrences: bool, as_json: bool) -> int:
    async with CalendarsClient.opened() as client:
        done = await client.record(calendar, event, all_occurrences=all_occurrences)
    _show(done, "is recorded by the provider's own timer", as_json=as_json)
    return 0


async def unrecord(calendar: str, event: str, *, all_occurrences: bool, as_json: bool) -> int:
    async with CalendarsClient.opened() as client:
        done = await client.unrecord(calendar, event, all_occurrences=all_occurrences)
    _show(done, "is left to the policy; a bot that is in the meeting stays there", as_json=as_json)
    return 0


def _show(done: ProviderRecording, what: str, *, as_json: bool) -> None:
    if as_json:
        write_json(done.model_dump(mode="json"))
        return
    for each in done.events:
        say(
            f"Event {plain(each.event_id)} ({plain(each.title)}, {each.start_time:%Y-%m-%d %H:%MZ}) {what}.",
            "green",
        )
