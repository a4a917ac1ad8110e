"""Commands of the HTTP API and the pages: `web`, `page-link`, and `key …` for the API's keys."""

from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli_options import Json, JsonLogs
from starter.cli_services import choose_log_format, exec_module

if TYPE_CHECKING:
    from datetime import datetime

    from minutekeeper.api_keys import ApiKeyFile, ApiScope

_LONGEST_NAME = 80

app = typer.Typer()
key_app = typer.Typer(name="key", help="Keys of the HTTP API.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(key_app)


@app.command()
def web(*, as_json: JsonLogs = False) -> None:
    """Run the HTTP API and the pages."""
    choose_log_format(as_json=as_json)
    exec_module("web", [])


@app.command(name="page-link")
def page_link(*, as_json: Json = False) -> int:
    """Print a link that signs in to the pages as admin, once, within ten minutes."""
    from datetime import UTC, datetime

    from minutekeeper.config import signing_secrets
    from minutekeeper.page_links import new_page_link
    from minutekeeper.startup_checks import signing_problems
    from starter.errors import MeetingError
    from starter.inputs import settings
    from starter.json_models import PageLinkOutput
    from starter.output import print_line, write_json

    configured = settings()
    if problems := signing_problems(configured):
        raise MeetingError(". ".join(problems))
    url = configured.minutekeeper_web_public_url or f"http://127.0.0.1:{configured.minutekeeper_web_port}"
    link = new_page_link(url, signing_secrets(configured), datetime.now(UTC))
    if as_json:
        write_json(PageLinkOutput(link=link))
    else:
        print_line(link)
    return 0


@key_app.command(name="new")
def key_new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who uses it.", show_default=False)],
    *,
    scopes: Annotated[
        str, typer.Option(metavar="SCOPES", help="With commas: read, files, book, steer, admin.")
    ] = "read",
    expires: Annotated[
        str | None, typer.Option(metavar="SPAN", help="When it ends: 90d or 12h from now; never if not given.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Make a key, and print it once."""
    from datetime import UTC, datetime

    from starter.json_models import NewKeyOutput
    from starter.output import print_line, write_json

    now = datetime.now(UTC)
    key = _key_file().add(_unused_name(name), _scopes(scopes), now, _end(expires, now))
    if as_json:
        write_json(NewKeyOutput(name=name, key=key))
    else:
        print_line(key)
        print_line("It is not shown again; only its hash is kept.", "dim", stderr=True)
    return 0


@key_app.command(name="list")
def key_list(*, as_json: Json = False) -> int:
    """List keys, without the keys themselves."""
    from datetime import UTC, datetime

    from starter.json_models import KeyOutput
    from starter.layout import Table
    from starter.output import display, print_line, write_json
    from starter.times import format_local

    keys = _key_file().entries()
    if as_json:
        write_json([KeyOutput.model_validate(each.model_dump(exclude={"sha256"})) for each in keys])
        return 0
    if not keys:
        print_line("No keys.")
        return 0
    table = Table("ID", "Name", "Scopes", "Ends")
    for each in keys:
        end = format_local(each.expires_at) if each.expires_at else "never"
        if not each.is_valid(datetime.now(UTC)):
            end = f"ended {end}"
        table.add_row(each.key_id, each.name, ", ".join(each.scopes), end)
    display(table)
    return 0


@key_app.command(name="revoke")
def key_revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name or id.", show_default=False)],
    *,
    as_json: Json = False,
) -> int:
    """Revoke keys; a running API refuses them at once."""
    from starter.errors import MeetingError
    from starter.json_models import KeyOutput
    from starter.output import amount, print_line, write_json

    revoked = _key_file().revoke(name)
    if not revoked:
        raise MeetingError(f"There is no key with the name or id {name}.")
    if as_json:
        write_json([KeyOutput.model_validate(each.model_dump(exclude={"sha256"})) for each in revoked])
    else:
        print_line(f"Revoked {amount(len(revoked), 'key')}.", "green")
    return 0


def _key_file() -> "ApiKeyFile":
    from pathlib import Path

    from minutekeeper.api_keys import ApiKeyFile
    from starter.inputs import settings

    return ApiKeyFile(Path(settings().minutekeeper_api_keys))


def _unused_name(text: str) -> str:
    """The name of a new key. Raises MeetingInputError for one that cannot be told from others."""
    from starter.errors import MeetingInputError

    name = text.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise MeetingInputError("NAME", f"must have 1 to {_LONGEST_NAME} characters in one line")
    if any(name in {each.name, each.key_id} for each in _key_file().entries()):
        text = f"there is a key {name} already; choose another name, or revoke that one first"
        raise MeetingInputError("NAME", text)
    return name


def _scopes(text: str) -> "tuple[ApiScope, ...]":
    """The scopes of a list with commas. Raises MeetingInputError for an unknown one."""
    from minutekeeper.api_keys import ApiScope
    from starter.errors import MeetingInputError

    names = [each.strip() for each in text.split(",") if each.strip()]
    known = {each.value for each in ApiScope}
    if unknown := [each for each in names if each not in known]:
        raise MeetingInputError("--scopes", f"there is no {', '.join(unknown)}; there are {', '.join(ApiScope)}")
    if not names:
        raise MeetingInputError("--scopes", f"name at least one of {', '.join(ApiScope)}")
    return tuple(ApiScope(each) for each in dict.fromkeys(names))


def _end(text: str | None, now: "datetime") -> "datetime | None":
    """The instant after a span such as 90d. Raises MeetingInputError."""
    import re
    from datetime import timedelta

    from starter.errors import MeetingInputError

    if text is None:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,3})([dh])", text)
    if match is None:
        raise MeetingInputError("--expires", f"{text!r} must be days or hours, such as 90d or 12h")
    count = int(match[1])
    return now + (timedelta(days=count) if match[2] == "d" else timedelta(hours=count))
