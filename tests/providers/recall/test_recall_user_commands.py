"""The commands for users of Recall.ai's Calendar V1: what would be lost is said before."""

import pytest

from tests.providers.recall.support import KEY
from tests.providers.recall.test_recall_calendar_v1 import MEETING, TOKEN, USER
from tests.providers.response_server import Answer, ToldServer
from tests.starter.support import cli


@pytest.fixture(autouse=True)
def at_recall(server: ToldServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECALL_BASE_URL", server.url)
    monkeypatch.setenv("RECALL_API_KEY", KEY)
    monkeypatch.setenv("MINUTEKEEPER_GOOGLE_CLIENT_ID", "client-1")


async def test_a_second_calendar_of_a_kind_is_warned_of(server: ToldServer) -> None:
    server.tell(TOKEN, Answer(USER))
    ended = await cli("calendar", "v1-link", "anna", "--platform", "google")
    assert ended.code != 0
    assert "anna has the google calendar anna@example.com connected" in ended.err
    assert "removes it, its meetings and their bots" in ended.err
    server.tell(TOKEN, Answer(USER), TOKEN)
    ended = await cli("calendar", "v1-link", "anna", "--platform", "google", "--replace")
    assert ended.code == 0, ended.err
    assert "https://accounts.google.com/" in ended.out


async def test_fewer_meetings_are_asked_about_and_lost_bots_named(server: ToldServer) -> None:
    server.tell(TOKEN, Answer(USER))
    change = ("calendar", "v1-user", "anna", "--set", "record_internal=no")
    ended = await cli(*change)
    assert ended.code != 0
    assert "record_internal: fewer meetings are recorded, and Recall.ai removes their bots" in ended.err
    assert server.asked[-1].method == "GET", "nothing was changed"
    meetings = [Answer([MEETING, MEETING | {"id": "m-2", "title": "Kept"}]), Answer([MEETING | {"id": "m-2"}])]
    changed = [TOKEN, Answer(USER), TOKEN, Answer(USER)]
    server.tell(TOKEN, Answer(USER), TOKEN, meetings[0], *changed, TOKEN, meetings[1])
    ended = await cli(*change, "--yes")
    assert ended.code == 0, ended.err
    assert "No bot any more: Planning" in ended.out
    assert "Kept" not in ended.out


async def test_a_user_is_shown_and_one_platform_disconnected(server: ToldServer) -> None:
    server.tell(TOKEN, Answer(USER), TOKEN, Answer(USER))
    ended = await cli("calendar", "v1-user", "anna")
    assert "google: anna@example.com (connected)" in ended.out
    ended = await cli("calendar", "v1-disconnect", "anna", "--platform", "google")
    assert (ended.code, server.asked[-1].body) == (0, {"platform": "google"})
    assert "The google calendar of anna is disconnected." in ended.out


async def test_one_meeting_is_decided_about(server: ToldServer) -> None:
    server.tell(TOKEN, Answer(MEETING | {"will_record": False, "will_record_reason": "override"}))
    ended = await cli("calendar", "v1-override", "anna", "m-1", "never")
    assert ended.out.strip() == "not recorded (override)"
    assert (await cli("calendar", "v1-override", "anna", "m-1", "maybe")).code != 0


async def test_a_failed_connection_is_explained() -> None:
    ended = await cli("calendar", "v1-explain", "reason: refresh_token missing from oAuth response")
    assert ended.code == 0
    assert "Recall.ai's dashboard" in ended.out
    assert (await cli("calendar", "v1-explain", "hello")).code == 1


async def test_without_a_key_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECALL_API_KEY", "")
    ended = await cli("calendar", "v1-user", "anna")
    assert ended.code != 0
    assert "RECALL_API_KEY" in ended.err
