"""What a policy wants of a meeting, as `calendar explain` and `calendar plan` tell it."""

import pytest

from minutekeeper.calendars.policy import Policy
from starter.client import MeetingClient
from tests.starter.calendar_support import ANNA, CalendarTestBench, write
from tests.starter.support import cli

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]

POLICY = {
    "bot": {"name": "Notes: {title}", "entry_message": "{user} invited me.", "longest_stay": 45},
    "wanted": {"transcript": False},
    "metadata": {"team": "sales"},
}
SENTENCES = [
    "The bot is called Notes: Offer.",
    f"It writes when it joins: {ANNA} invited me.",
    "It stays for at most 45 minutes.",
    "Kept: recording.",
    "No transcript is made.",
    "Its data: team=sales.",
]


async def test_explain_says_what_is_wanted_and_plan_what_is_new(
    desk: CalendarTestBench, client: MeetingClient
) -> None:
    calendar_id = await desk.connect(ANNA, "--policy", write("policy.json", POLICY))
    await desk.add(ANNA, calendar_id, title="Offer", guests=["ben@example.com"])
    await desk.look(calendar_id, client, Policy.model_validate(POLICY))
    explained = (await cli("calendar", "explain", ANNA, "Offer", "--json")).json
    assert (explained["actions"], explained["is_carried_out"]) == (SENTENCES, True)
    shown = (await cli("calendar", "explain", ANNA, "Offer")).out
    assert "Its meeting, by the policy:" in shown
    assert all(sentence in shown for sentence in SENTENCES)
    other = write("other.json", {"bot": {"name": "Scribe"}, "metadata": {"team": "sales"}})
    planned = " ".join((await cli("calendar", "plan", ANNA, "--policy", other)).out.split())
    assert "New: its bot, what is kept." in planned
    await cli("calendar", "policy", "set", ANNA, other)
    explained = (await cli("calendar", "explain", ANNA, "Offer", "--json")).json
    assert (explained["actions"][:1], explained["is_carried_out"]) == (["The bot is called Scribe."], False)
    policy = write("skip.json", {"otherwise": "skip"})
    await cli("calendar", "policy", "set", ANNA, policy)
    assert (await cli("calendar", "explain", ANNA, "Offer", "--json")).json["actions"] == []
    assert "by the policy:" not in (await cli("calendar", "explain", ANNA, "Offer")).out


async def test_an_unknown_placeholder_is_refused_with_the_nearest_one(desk: CalendarTestBench) -> None:
    await desk.connect(ANNA)
    policy = write("policy.json", {"bot": {"name": "Notes: {titel}"}})
    refused = await cli("calendar", "policy", "set", ANNA, policy)
    assert (refused.code, "bot.name: {titel} is unknown; did you mean {title}?" in refused.err) == (2, True)
