"""`setup` and `doctor`."""

from rich.table import Table
from rich.text import Text

from starter import doctor as examiner
from starter import namespace
from starter.client import MeetingsClient
from starter.inputs import settings
from starter.output import console, plain, say, write_json
from starter.temporal_errors import in_plain_words


async def setup(*, as_json: bool) -> int:
    client = await MeetingsClient.connect()
    temporal = client.temporal
    with in_plain_words(temporal):
        before = await namespace.register(temporal)
    if as_json:
        write_json({"namespace": temporal.namespace, "were_there": before.present, "added": before.missing})
        return 0
    if before.present:
        say(f"Were there: {', '.join(before.present)}")
    if before.missing:
        say(f"Added: {', '.join(before.missing)}", "green")
    else:
        say(f"Namespace {temporal.namespace} has everything; nothing was changed.", "green")
    return 0


async def doctor(*, as_json: bool) -> int:
    checks = await examiner.examine(settings())
    all_well = all(check.ok for check in checks)
    if as_json:
        write_json({"ok": all_well, "checks": [check.model_dump(mode="json") for check in checks]})
        return 0 if all_well else 1
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        verdict = Text("ok", style="green") if check.ok else Text("FAIL", style="bold red")
        remedy = f" -> {check.remedy}" if check.remedy else ""
        table.add_row(verdict, check.name, Text(plain(f"{check.found}{remedy}")))
    console().print(table)
    return 0 if all_well else 1
