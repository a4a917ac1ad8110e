"""`find`: the only command about meetings that asks the provider."""

from rich.text import Text

from artifacts.store import ArtifactStore
from runtime.settings import signing_secrets
from starter.calendars.account import opened_account, opened_bots
from starter.client import MeetingsClient
from starter.inputs import settings
from starter.layout import Facts
from starter.linking import LinkedMeeting, Links
from starter.output import display, plain, say, write_json
from starter.render import status
from starter.times import for_people


async def find(what: str, *, as_json: bool) -> int:
    given = settings()
    async with opened_account(given) as calendars, opened_bots(given) as bots:
        temporal = (await MeetingsClient.connect()).temporal
        store = ArtifactStore(given.artifacts_url)
        found = await Links(temporal, calendars, bots, store, signing_secrets(given)).find(what)
    if as_json:
        write_json(found)
        return 0
    for number, each in enumerate(found):
        if number:
            say("")
        display(_linked(each))
    return 0


def _linked(found: LinkedMeeting) -> Facts:
    facts = Facts()
    rows: list[tuple[str, Text]] = [
        ("Meeting", Text(plain(found.title) or found.meeting_url)),
        ("Status", status(found.status)),
        ("Start", Text(for_people(found.start_time))),
        ("ID", Text(plain(found.meeting_id))),
    ]
    if found.bot_id:
        rows.append(("Bot", Text(plain(found.bot_id))))
    for each in found.calendars:
        rows.append(("Event", Text(plain(each.event_id))))
        rows.append(("Calendar", Text(plain(f"{each.calendar_id} {each.user}"))))
    for name, value in rows:
        facts.add(name, value)
    return facts
