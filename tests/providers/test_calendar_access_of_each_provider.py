"""Access that has ended at the simulated providers, and bots that Recall.ai's Calendar V1 sends by itself."""

from typing import cast

import pytest

from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.base import QuotaError
from minutekeeper.providers.calendar_base import AccessCheck, AccessProblemSource
from minutekeeper.providers.meetingbaas_v2.calendars import MeetingBaasV2Calendars
from minutekeeper.providers.meetingbaas_v2.http import MEETING_BAAS_V2
from minutekeeper.providers.recall.bot_lookup import bot_origin
from minutekeeper.providers.recall.calendar_v1 import CalendarTokenError
from minutekeeper.providers.recall.calendars import RecallCalendars
from minutekeeper.providers.recall.client import RecallClient
from minutekeeper.providers.recall.http import open_recall
from tests.devtools.simulator.meetingbaas_v2 import calendar_support as v2_support
from tests.devtools.simulator.meetingbaas_v2.support import running_v2
from tests.devtools.simulator.recall import calendar_support as recall_support
from tests.devtools.simulator.recall.support import ahead, running
from tests.devtools.simulator.recall.test_recall_calendar_v1 import OUTSIDER, connected
from tests.devtools.simulator.support import KEY, eventually
from tests.providers.test_calendars_of_each_provider import grant


async def test_access_that_ended_at_recall_is_the_users_to_cure() -> None:
    async with running(disconnect_notice_delay=500, scheduled_lead=1) as sim:
        calendars = RecallCalendars(open_recall(sim.url, KEY), sim.url, email_pause=0.05)
        own = (await calendars.create_calendar(grant(await recall_support.credentials(sim)))).calendar_id
        assert await calendars.check_access() == ((own,), ())
        await sim.ok("POST", f"/_sim/calendars/accounts/{recall_support.ANNA}/expire")
        await sim.call("POST", f"/_sim/calendars/{own.removeprefix('recall-')}/sync")
        found = cast("AccessCheck", await eventually(calendars.check_access, lambda check: check.failures))
        [failure] = found.failures
        assert (failure.calendar_id, failure.trouble) == (own, AccessProblemSource.USER)
        assert "expired or revoked" in failure.text
        fresh = grant(await recall_support.credentials(sim))
        assert (await calendars.update_credentials(own, fresh)).calendar_id == own
        await eventually(calendars.check_access, lambda check: check == ((own,), ()))
        await calendars.aclose()


async def test_access_that_ended_at_meeting_baas_v2_is_the_users_to_cure() -> None:
    async with running_v2(speed=100, calendar_sync_interval=10**9) as sim:
        calendars = MeetingBaasV2Calendars(ApiConnection(MEETING_BAAS_V2, sim.url, KEY))
        own = (await calendars.create_calendar(grant(await v2_support.account(sim)))).calendar_id
        await v2_support.order(sim, "POST", f"accounts/{v2_support.ANNA}/expire")
        await sim.call("POST", f"/_sim/calendars/{own.removeprefix('meetingbaas-v2-')}/sync")
        readable, [failure] = await calendars.check_access()
        assert readable == ()
        assert (failure.calendar_id, failure.trouble) == (own, AccessProblemSource.USER)
        assert (await calendars.update_credentials(own, grant(await v2_support.account(sim)))).calendar_id == own
        assert await calendars.check_access() == ((own,), ())
        await sim.ok("PATCH", "/_sim/account", json={"calendar_limit": 1})
        with pytest.raises(QuotaError):
            await calendars.create_calendar(grant(await v2_support.account(sim, v2_support.BEN)))
        await calendars.aclose()


async def test_a_bot_of_calendar_v1_leads_to_its_user_and_goes_with_the_preferences() -> None:
    async with running() as sim:
        calendars = RecallCalendars(open_recall(sim.url, KEY), sim.url)
        await connected(sim)
        await recall_support.add(sim, guests=[OUTSIDER], start=ahead(days=1), title="Planning")
        await calendars.users.set_preferences("u-1", {"record_external": True})
        [meeting] = [each async for each in calendars.users.meetings("u-1")]
        assert meeting.bot_id
        client = RecallClient(open_recall(sim.url, KEY))
        origin = bot_origin(await client.bot(meeting.bot_id), [])
        assert origin.calendar_id == "recall-v1-u-1"
        event = await calendars.event(origin.calendar_id, origin.event_id)
        assert (event.title, event.provider_records) == ("Planning", True)
        await calendars.users.set_preferences("u-1", {"record_external": False})
        assert not (await calendars.users.meeting("u-1", meeting.id)).bot_id
        assert (await calendars.users.override("u-1", meeting.id, record=True)).will_record
        await calendars.users.disconnect("u-1")
        assert (await calendars.users.user("u-1")).connected_at("google") is None
        await client.aclose()
        await calendars.aclose()


async def test_a_token_that_has_expired_is_named_as_such() -> None:
    async with running(calendar_token_lifetime=0) as sim:
        calendars = RecallCalendars(open_recall(sim.url, KEY), sim.url)
        with pytest.raises(CalendarTokenError, match="has expired: it lasts for 24 hours"):
            await calendars.users.user("u-1")
        await calendars.aclose()
