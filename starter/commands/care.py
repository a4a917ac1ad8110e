"""`setup` and `doctor`."""

from rich.text import Text

from starter import doctor as examiner
from starter import namespace
from starter.client import MeetingsClient
from starter.inputs import settings
from starter.output import console, plain, say, write_json
from starter.shapes import Examined, SetUp
from starter.temporal_errors import in_plain_words

_NAME_WIDTH = 21


async def setup(*, as_json: bool) -> int:
    client = await MeetingsClient.connect()
    temporal = client.temporal
    with in_plain_words(temporal):
        before = await namespace.register(temporal)
    if as_json:
        write_json(SetUp(namespace=temporal.namespace, were_there=before.present, added=before.missing))
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
        write_json(Examined(ok=all_well, checks=tuple(checks)))
        return 0 if all_well else 1
    for check in checks:
        verdict = Text("ok    ", style="green") if check.ok else Text("FAIL  ", style="bold red")
        remedy = f" -> {check.remedy}" if check.remedy else ""
        line = f"{check.name:<{_NAME_WIDTH}}  {plain(check.found)}{remedy}"
        console().print(verdict + Text(line), soft_wrap=True)
    return 0 if all_well else 1
