"""`find`: the only command about meetings that asks the provider."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from artifacts.store import ArtifactStore
from runtime.settings import signing_secrets
from starter.calendars.account import opened_account, opened_bots
from starter.client import MeetingsClient
from starter.inputs import settings
from starter.linking import LinkedMeeting, Links
from starter.output import console, plain, say, write_json
from starter.render import grid, status
from starter.times import for_people


async def find(what: str, *, as_json: bool) -> int:
    given = settings()
    async with opened_account(given) as calendars, opened_bots(given) as bots:
        temporal = (await MeetingsClient.connect()).temporal
        store = ArtifactStore(given.artifacts_url)
        found = await Links(temporal, calendars, bots, store, signing_secrets(given)).find(what)
    if as_json:
        write_json([each.model_dump(mode="json") for each in found])
        return 0
    for number, each in enumerate(found):
        if number:
            say("")
        console().print(_linked(each))
    return 0


def _linked(found: LinkedMeeting) -> Table:
    facts = grid()
    rows: list[tuple[str, RenderableType]] = [
        ("Meeting", Text(plain(found.title) or found.meeting_url)),
        ("Status", status(found.status)),
        ("Start", Text(for_people(found.start_time))),
        ("ID", Text(plain(found.meeting_id))),
    ]
    if found.bot_id:
        rows.append(("Bot", Text(plain(found.bot_id))))
    for each in found.events:
        rows.append(("Event", Text(plain(each.event_id))))
        rows.append(("Calendar", Text(plain(f"{each.calendar_id} {each.user}"))))
    for name, value in rows:
        facts.add_row(Text(name, style="bold"), value)
    return facts
