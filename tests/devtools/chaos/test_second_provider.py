"""The second provider of a chaos run: what it is ordered to do, how its ledger reads, and what it may not do."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from devtools.chaos import recall
from devtools.chaos.bookings import plan_meetings
from devtools.chaos.bot_scripts import script_rule
from devtools.chaos.evidence import Evidence
from devtools.chaos.faults import absence, standing_faults
from devtools.chaos.plan import TwinKind
from devtools.chaos.rules import rooms
from devtools.chaos.scale import SPEED, Scale, scale_for
from devtools.simulator.faults.control_models import SEVERAL
from devtools.simulator.recall.app import running_recall
from devtools.simulator.recall.settings import RecallSettings
from tests.devtools.chaos.support import URL, at, bot, day, extra, ledger

FULL, SHORT = scale_for(500, short=False), scale_for(60, short=True)
KEY = "key-of-the-workspace"
METADATA = {"mk_key": "mk-1-0", "mk_dispatch": "0", "mk_workflow_id": "meeting-one", "mk_run": "run"}


def two_providers(second_left_after: float, *absences: tuple[float, float]) -> Evidence:
    """The usual bot is there from second 10 on, and one of the second provider, sent at 60, from second 70 on."""
    usual = bot(left_at=at(70 + second_left_after), recording=None)
    second = bot(
        "second",
        provider=recall.NAME,
        created_at=at(60),
        joined_at=at(70),
        left_at=at(1000),
        recording=None,
        extra=extra(dispatch=1),
    )
    spans = tuple((at(begins), at(ends)) for begins, ends in absences)
    return day(ledger=ledger(bots=(usual, second)), absences=spans)


@pytest.mark.parametrize(
    ("evidence", "breaches"),
    [
        (two_providers(100, (40, 100)), 0),
        (two_providers(300, (40, 100)), 1),
        (two_providers(100), 1),
        (two_providers(100, (200, 260)), 1),
    ],
    ids=["until it answers", "long after it answers", "never away", "away later"],
)
def test_bots_of_two_providers_meet_only_while_the_first_is_away(evidence: Evidence, breaches: int) -> None:
    assert len(list(rooms.two_in_one_room(evidence))) == breaches


async def test_its_ledger_reads_like_the_others() -> None:
    settings = RecallSettings(speed=500, port=0, api_key=KEY, call_duration=60)
    async with running_recall(settings) as url, aiohttp.ClientSession() as http:
        provider = recall.SimulatedRecall(url, http)
        await provider.add_faults(*standing_faults(SHORT))
        await provider.remove_faults()
        for script in ("stays", "large", "talk", "rejected", "no_final"):
            await provider.add_script(script_rule(script, URL.replace("abc", script[:3]), 1, 40))
        headers = {"Authorization": f"Token {KEY}"}
        order = {"meeting_url": URL, "metadata": METADATA}
        async with http.post(f"{url}/api/v1/bot/", json=order, headers=headers) as answer:
            assert answer.status == 201
        for _ in range(200):
            told = await provider.ledger()
            if told.bots[0].recording:
                break
    (sent,) = told.bots
    assert (sent.provider, sent.meeting_url, sent.extra) == (recall.NAME, URL, extra_of_order())
    assert sent.present_from is not None
    assert told.arrivals().keys() == {"mk-1-0"}
    assert sent.recording is not None
    assert sent.recording.size > 0


async def test_a_bot_that_was_deleted_before_its_time_was_told_to_leave() -> None:
    settings = RecallSettings(speed=500, port=0, api_key=KEY)
    async with running_recall(settings) as url, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Token {KEY}"}
        order = {"meeting_url": URL, "join_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
        async with http.post(f"{url}/api/v1/bot/", json=order, headers=headers) as answer:
            bot_id = (await answer.json())["id"]
        async with http.delete(f"{url}/api/v1/bot/{bot_id}/", headers=headers) as answer:
            assert answer.status == 204
        (deleted,) = (await recall.SimulatedRecall(url, http).ledger()).bots
    assert deleted.leave_requested_at is not None


def extra_of_order() -> object:
    return extra().model_copy(update={"dispatch_key": "mk-1-0"})


@pytest.mark.parametrize("scale", [FULL, SHORT])
def test_the_first_provider_is_away_once_and_the_simulator_takes_the_orders(scale: Scale) -> None:
    begins, orders = absence(7, scale)
    assert 0 < begins < begins + scale.away < scale.window
    assert {order.seconds for order in SEVERAL.validate_python(orders)} == {scale.away * SPEED}


def test_some_meetings_name_it_also_beside_a_twin_that_does_not() -> None:
    meetings = plan_meetings(7, 500, FULL)
    named = [meeting for meeting in meetings if meeting.provider == recall.NAME]
    assert 40 < len(named) < 110
    twins = [meeting for meeting in named if meeting.scenario in set(TwinKind)]
    rooms_of_others = {meeting.meeting_url for meeting in meetings if not meeting.provider}
    assert any(twin.meeting_url in rooms_of_others for twin in twins)
    assert not any(meeting.faults for meeting in named)
