"""`webhook …`: endpoints of outgoing events are added, shown, changed and removed."""

from typing import Any

import pytest

from minutekeeper.deliveries.endpoint import OutgoingEventType
from minutekeeper.deliveries.endpoint_secrets import endpoint_secret
from tests.starter.support import SECRET, cli
from tests.starter.test_json import check

pytestmark = pytest.mark.asyncio(loop_scope="session")

URL = "https://hooks.example.com/services/a-secret-part"


@pytest.fixture(autouse=True)
def webhook_secret(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("MINUTEKEEPER_WEBHOOK_SECRET", SECRET)


async def test_an_endpoint_is_added_with_a_secret_that_is_shown_again_when_asked_for() -> None:
    ended = await cli("webhook", "add", URL, "--name", "crm", "--type", "meeting.moved", "--meeting-url")
    endpoint_id = ended.out.split()[1].rstrip(".")
    secret = endpoint_secret(SECRET, endpoint_id, 1)
    assert secret in ended.out.splitlines()
    shown = await cli("webhook", "show", "crm")
    assert endpoint_id in shown.out
    assert "whsec_" not in shown.out
    assert secret in (await cli("webhook", "show", endpoint_id, "--secret")).out.splitlines()
    as_json = (await cli("webhook", "show", "crm", "--secret", "--json")).json
    check("webhook show --secret", as_json)
    assert (as_json["secret"], as_json["types"], as_json["include"]) == (secret, ["meeting.moved"], ["meeting_url"])
    listed = await cli("webhook", "list")
    assert "hooks.example.com" in listed.out
    assert "a-secret-part" not in listed.out


async def test_what_was_given_changes_and_the_rest_stays() -> None:
    added = (await cli("webhook", "add", URL, "--format", "slack", "--json")).json
    check("webhook add", added)
    endpoint_id = added.pop("endpoint_id")
    changes: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("--name", "board"), {"name": "board"}),
        (
            ("--type", "calendar.trouble", "--type", "meeting.failed"),
            {"types": ["calendar.trouble", "meeting.failed"]},
        ),
        (("--meeting-url",), {"include": ["meeting_url"]}),
        (("--no-meeting-url", "--format", "standard"), {"include": [], "format": "standard"}),
        (("--url", "https://other.example.com/"), {"url": "https://other.example.com/"}),
    ]
    expected = {name: value for name, value in added.items() if name != "secret"} | {"endpoint_id": endpoint_id}
    for options, changed in changes:
        expected |= changed
        told = (await cli("webhook", "update", endpoint_id, *options, "--json")).json
        check("webhook update", told)
        assert told == expected
    check("webhook list", (await cli("webhook", "list", "--json")).json)
    assert "such as --url or --type" in (await cli("webhook", "update", "board", "--json")).error


async def test_it_can_be_disabled_enabled_and_removed() -> None:
    await cli("webhook", "add", URL, "--name", "crm")
    disabled = (await cli("webhook", "disable", "crm", "--json")).json
    assert (disabled["enabled"], disabled["disabled_why"]) == (False, "switched off by hand")
    shown = await cli("webhook", "show", "crm")
    assert "switched off by hand" in shown.out
    assert "disabled" in (await cli("webhook", "list")).out
    enabled = (await cli("webhook", "enable", "crm", "--json")).json
    assert (enabled["enabled"], enabled["disabled_why"]) == (True, None)
    assert (await cli("webhook", "remove", "crm")).code == 0
    gone = await cli("webhook", "remove", "crm", "--json")
    assert gone.code == 1
    assert "`minutekeeper webhook list` shows all" in gone.error
    assert (await cli("webhook", "list")).out == "No endpoints.\n"


async def test_a_new_secret_is_printed_and_the_old_one_has_an_end() -> None:
    added = (await cli("webhook", "add", URL, "--json")).json
    rotated = (await cli("webhook", "rotate", added["endpoint_id"], "--json")).json
    check("webhook rotate", rotated)
    assert rotated["secret"] == endpoint_secret(SECRET, added["endpoint_id"], 2)
    again = await cli("webhook", "rotate", added["endpoint_id"])
    assert endpoint_secret(SECRET, added["endpoint_id"], 3) in again.out.splitlines()
    assert "Old secret  signs until" in (await cli("webhook", "show", added["endpoint_id"])).out


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://crm.example.com/", "must begin with https://"),
        ("https://192.168.1.7/hook", "192.168.1.7 is no public address"),
        ("https://crm.example.com:22/", "22 is no port of the web: 443, or 1024 and above"),
        ("https://ann:word@crm.example.com/", "must have no user and no password"),
    ],
)
async def test_an_unsafe_address_is_refused_unless_a_setting_allows_it(
    settings: pytest.MonkeyPatch, url: str, problem: str
) -> None:
    refused = await cli("webhook", "add", url, "--json")
    assert refused.code == 2
    assert problem in refused.error
    assert "word@" not in refused.error
    settings.setenv("MINUTEKEEPER_WEBHOOK_PRIVATE_ADDRESSES", "true")
    assert (await cli("webhook", "add", url)).code == (2 if "@" in url else 0)


async def test_mistakes_are_told(settings: pytest.MonkeyPatch) -> None:
    await cli("webhook", "add", URL, "--name", "crm")
    assert "has this address already" in (await cli("webhook", "add", URL, "--json")).error
    assert "has this name already" in (await cli("webhook", "add", f"{URL}/2", "--name", "crm", "--json")).error
    unknown = (await cli("webhook", "add", f"{URL}/3", "--type", "meeting.ended", "--json")).error
    assert unknown.startswith("--type: ")
    assert all(each.value in unknown for each in OutgoingEventType)
    settings.delenv("MINUTEKEEPER_WEBHOOK_SECRET")
    for arguments in (("add", f"{URL}/4"), ("rotate", "crm"), ("show", "crm", "--secret")):
        error = (await cli("webhook", *arguments, "--json")).error
        assert "MINUTEKEEPER_WEBHOOK_SECRET is not set" in error
        assert "openssl rand -hex 32" in error
    assert (await cli("webhook", "show", "crm")).code == 0
