"""The pages of calendars, with a process of their own, Temporal and a simulated provider."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.temporal.names import CALENDAR_WORKFLOW, MEETINGS_QUEUE
from starter.temporal_client import TemporalMeetingClient
from tests.devtools.simulator.calendar_support import soon
from tests.devtools.simulator.support import KEY, running_sim
from tests.starter.calendar_support import ANNA, CalendarTestBench
from tests.starter.fakes import UNREADABLE
from tests.starter.support import SECRET, eventually, target_of
from tests.web.conftest import Api, running_api
from tests.web.pages.checks import check_every_window, take_picture
from tests.web.pages.conftest import CHROMIUM, new_window
from tests.web.visitors import SignedIn
from web.access.roles import Role

pytestmark = pytest.mark.asyncio(loop_scope="session")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")

HOSTILE = "</script><img src=x onerror=alert(1)> \u202eesrever"
LIMITS = '{"installation": {"per_day": 200, "at_once": 40}, "per_user": {"per_hour": 1}}'


class Office(NamedTuple):
    """A process with the calendar of Anna, which has three events, and one that cannot be read."""

    api: Api
    desk: CalendarTestBench
    calendar: str
    burnt: str

    async def page(self, path: str, role: Role = Role.ADMIN) -> tuple[int, str]:
        async with self.api.http.get(f"{self.api.url}{path}", cookies=SignedIn(role).cookies) as answer:
            return answer.status, unescape(await answer.text())

    async def send(self, path: str, role: Role = Role.ADMIN, **fields: str) -> tuple[int, str, str]:
        """Status, page, and the address to which a form leads."""
        visitor = SignedIn(role)
        form = {"form_token": visitor.form_token} | fields
        headers = {"Origin": self.api.url}
        async with self.api.http.post(
            f"{self.api.url}{path}", data=form, cookies=visitor.cookies, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, unescape(await answer.text()), answer.headers.get("Location", "")

    async def event(self, title: str) -> str:
        """The address of the page of an event."""
        _, page = await self.page(f"/calendars/{self.calendar}")
        found = re.search(rf'href="([^"]+)"><bdi>{re.escape(title)}', page)
        assert found, page
        return found[1]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(
    environment: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    folder: Path = tmp_path_factory.mktemp("office")
    (folder / "limits.json").write_text(LIMITS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        async with running_sim(reserved_lead=10**9) as sim:
            settings = {
                "TEMPORAL_ADDRESS": target_of(environment.client),
                "ARTIFACTS_URL": (folder / "store").as_uri(),
                "MINUTEKEEPER_API_KEYS": str(folder / "keys.json"),
                "MEETINGBAAS_BASE_URL": sim.url,
                "MEETINGBAAS_API_KEY": KEY,
                "BRIDGE_SECRET": SECRET,
                "MINUTEKEEPER_LIMITS": str(folder / "limits.json"),
            }
            for name, value in settings.items():
                patch.setenv(name, value)
            async with running_api(folder, settings) as api:
                desk = CalendarTestBench(sim)
                calendar = await desk.connect(ANNA)
                start = soon(days=1).replace(hour=9, minute=0, second=0, microsecond=0)
                links = ("aaa-aaaa-aaa", "bbb-bbbb-bbb", "ccc-cccc-ccc")
                for hours, (title, link) in enumerate(
                    zip(("Planning", "Customer call", HOSTILE), links, strict=True)
                ):
                    fields = {"title": title, "link": f"https://meet.google.com/{link}"}
                    await desk.add(ANNA, calendar, start=(start + timedelta(hours=2 * hours)).isoformat(), **fields)
                await desk.look(calendar, TemporalMeetingClient(environment.client))
                burnt = f"{UNREADABLE}-{calendar}"
                await environment.client.start_workflow(
                    CALENDAR_WORKFLOW,
                    {"calendar_id": burnt, "debounce_seconds": 0},
                    id=calendar_workflow_id_for(burnt),
                    task_queue=MEETINGS_QUEUE,
                )
                yield Office(api, desk, calendar, burnt)


async def test_the_list_begins_with_what_needs_a_hand_and_says_what_to_do(office: Office) -> None:
    status, page = await eventually(
        lambda: office.page("/calendars", Role.LOOK), lambda answer: "The calendar has burnt." in answer[1]
    )
    assert status == 200
    assert re.search(r"\d of \d+ needs? a hand\.", page)
    listed = page.partition("<tbody>")[2]
    assert listed.index(office.burnt) < listed.index(office.calendar)
    assert "In trouble" in page
    assert "it is retried automatically" in page
    assert "No calendar has this in its name" in (await office.page("/calendars?q=nobody"))[1]
    assert office.calendar in (await office.page(f"/calendars?q={ANNA.upper()}"))[1]


async def test_a_calendar_shows_its_events_with_decision_reason_and_meeting(office: Office) -> None:
    status, page = await office.page(f"/calendars/{office.calendar}", Role.LOOK)
    assert status == 200
    assert "3 upcoming events, 3 to be recorded." in page
    assert "Edit the policy" not in page
    assert page.count('aria-label="Meeting: Booked"') == 3
    assert HOSTILE.replace("\u202e", "") in page
    assert (await office.page("/calendars/nobody"))[0] == 404


async def test_only_admins_change_policies_and_overrides(office: Office) -> None:
    event = await office.event("Planning")
    assert (await office.page(f"/calendars/{office.calendar}/policy", Role.STEER))[0] == 403
    assert (await office.send(f"/calendars/{office.calendar}/policy", Role.STEER, policy="{}"))[0] == 403
    assert (await office.send(event, Role.STEER, choice="never"))[0] == 403
    assert "Decide otherwise" not in (await office.page(event, Role.LOOK))[1]


async def test_each_problem_of_a_policy_stands_at_its_line(office: Office) -> None:
    wrong = '{\n  "ruels": [],\n  "otherwise": "perhaps"\n}'
    status, page, _ = await office.send(f"/calendars/{office.calendar}/policy", policy=wrong, act="try")
    assert status == 422
    text = re.sub(r"<[^>]*>|\s+", " ", page)
    text = re.sub(r"\s+", " ", text)
    assert "2 problems; nothing was changed" in text
    assert "Line 2: ruels: unknown; did you mean rules?" in text
    assert """Line 3: otherwise: must be 'record' or 'skip', not "perhaps\"""" in text
    assert wrong in page
    assert '"ruels"' not in (await office.page(f"/calendars/{office.calendar}/policy"))[1]


async def test_a_policy_is_shown_before_it_is_saved(office: Office) -> None:
    address = f"/calendars/{office.calendar}/policy"
    policy = (
        '{"rules": [{"name": "customers", "when": {"title": ["customer"]}, "then": "record"}], "otherwise": "skip"}'
    )
    status, page, _ = await office.send(address, policy=policy, act="try")
    assert (status, page.count(">Cancel<")) == (200, 2)
    assert '+  "otherwise": "skip"' in page
    assert "2 to cancel, 1 to keep" in page
    assert re.search(r"in all</th><td class=\"number\">3</td><td class=\"number\">1 <span[^>]*>\(-2\)", page)
    assert re.search(r"busiest day</th>.*<td class=\"number\">none</td><td class=\"number\">200</td>", page)
    before = re.search(r'name="before" value="(\w+)"', page)
    assert before

    assert "Policy as JSON" in (await office.send(address, policy=policy, act="edit"))[1]
    _, overtaken, _ = await office.send(address, policy=policy, act="save", before="another")
    assert "The policy was changed meanwhile." in overtaken
    status, _, leads_to = await office.send(address, policy=policy, act="save", before=before[1])
    assert (status, leads_to) == (303, f"/calendars/{office.calendar}?done=policy")
    assert "The policy is saved." in (await office.page(leads_to))[1]
    assert (await office.send(address, policy=policy, act="try"))[2] == f"/calendars/{office.calendar}?done=same"
    assert "customers" in (await office.page(address))[1]


async def test_an_event_says_why_and_is_decided_otherwise(office: Office) -> None:
    event = await office.event("Planning")
    status, page = await office.page(event)
    assert (status, "Decide otherwise" in page, 'value="none" checked' in page) == (200, True, True)
    status, page, _ = await office.send(event, choice="perhaps")
    assert (status, "Choose one of these." in page) == (422, True)
    status, page, _ = await office.send(event, choice="never", series="yes")
    assert (status, "is not part of a series." in page) == (422, True)
    status, _, leads_to = await office.send(event, choice="never")
    assert (status, leads_to) == (303, f"/calendars/{office.calendar}?done=never")
    assert 'value="never" checked' in (await office.page(event))[1]
    assert "A user chose “never” for this event." in (await office.page(event, Role.LOOK))[1]
    assert (await office.send(event, choice="none"))[0] == 303
    assert (await office.page(f"/calendars/{office.calendar}/events/nothing"))[0] == 404


@in_browser
async def test_the_pages_are_for_everyone_and_fit_every_window(office: Office, browser: Browser) -> None:
    event = await office.event(HOSTILE.replace("\u202e", ""))
    calendar = f"/calendars/{office.calendar}"
    async with new_window(browser, office.api.url, Role.ADMIN) as window:
        for path in ("/calendars", calendar, f"/calendars/{office.burnt}", event, f"{calendar}/policy"):
            await window.open(path)
            await check_every_window(window.page)
        assert await window.page.locator("img[src=x]").count() == 0
        await window.page.get_by_label("Policy as JSON").fill('{\n  "rules": 1\n}')
        await window.page.get_by_role("button", name="Show what it does").click()
        await expect(window.page.get_by_text("1 problem; nothing was changed")).to_be_visible()
        await check_every_window(window.page)
        await window.page.get_by_label("Policy as JSON").fill('{"otherwise": "skip"}')
        await window.page.get_by_role("button", name="Show what it does").click()
        await expect(window.page.get_by_role("heading", name="What the policy does")).to_be_visible()
        await check_every_window(window.page)
        await window.open(calendar)
        # The documentation shows an ordinary title.
        await window.page.locator("bdi", has_text="onerror").evaluate(
            "title => { title.textContent = 'Interview' }"
        )
        await take_picture(window.page, "calendar-page.png")
        assert window.complaints == []
        assert not [url for url in window.asked if not url.startswith(office.api.url)]


@in_browser
async def test_without_a_script_and_a_mouse_an_event_is_decided_otherwise(office: Office, browser: Browser) -> None:
    async with new_window(browser, office.api.url, Role.ADMIN, script=False) as window:
        await window.open(f"/calendars/{office.calendar}")
        await window.page.get_by_role("link", name="Customer call").focus()
        await window.page.keyboard.press("Enter")
        await window.page.get_by_role("radio", name="As the policy says").focus()
        await window.page.keyboard.press("ArrowDown")
        await expect(
            window.page.get_by_role("radio", name="Record it, whatever the policy says", exact=True)
        ).to_be_checked()
        await window.page.keyboard.press("Enter")
        await expect(window.page.get_by_text("The event is recorded, whatever the policy says.")).to_be_visible()
