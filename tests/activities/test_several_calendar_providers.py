"""The check of all calendars where they are at several providers."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.calendar_health import CalendarHealthActivities
from minutekeeper.calendars.health import (
    NO_FINDINGS,
    AccessFindings,
    AccessProblem,
    AccessReport,
    HealthCheckInput,
    HealthCheckResult,
)
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.calendar_base import AccessProblemSource
from tests.workflows.scripted_calendars import ScriptedCalendars


class RecordingClient:
    """Temporal, as far as a check needs it: which calendars are followed, and what they are told."""

    def __init__(self, *followed: str) -> None:
        self.followed = followed
        self.told: dict[str, AccessReport] = {}

    async def list_workflows(self, _query: str) -> AsyncIterator[Any]:
        for calendar_id in self.followed:
            yield SimpleNamespace(id=f"calendar-{calendar_id}")

    def get_workflow_handle(self, workflow_id: str) -> Any:
        async def signal(_name: str, report: AccessReport, **_options: Any) -> None:
            self.told[workflow_id.removeprefix("calendar-")] = report

        return SimpleNamespace(signal=signal)


async def check(
    client: RecordingClient, order: HealthCheckInput, *accounts: ScriptedCalendars
) -> HealthCheckResult:
    environment = ActivityEnvironment(cast("Client", client))
    return await environment.run(CalendarHealthActivities(accounts, 3600).check_calendars, order)


def accounts() -> tuple[ScriptedCalendars, ScriptedCalendars]:
    old = ScriptedCalendars(connected=["a", "b"], refused={"b": AccessProblemSource.USER})
    new = ScriptedCalendars(
        connected=["recall-c"], provider="recall", refused={"recall-d": AccessProblemSource.APP}
    )
    return old, new


async def test_the_calendars_of_all_providers_are_checked() -> None:
    old, new = accounts()
    new.unknown = {"recall-lost"}
    client = RecordingClient("a", "b", "recall-c", "recall-d", "recall-lost")
    found = await check(client, HealthCheckInput(), old, new)
    assert found.findings.problems == {
        "b": AccessProblem.USER_GRANT,
        "recall-d": AccessProblem.OAUTH_APP,
        "recall-lost": AccessProblem.NOT_FOUND,
    }
    assert found.calendars == 4
    assert {name: report.problem for name, report in client.told.items()} == found.findings.problems


async def test_a_provider_that_does_not_answer_hides_nothing_of_the_others() -> None:
    old, new = accounts()
    old.failures = [UnavailableError("no answer")]
    before = AccessFindings(problems={"a": AccessProblem.SYNC}, unconfirmed=("b",))
    client = RecordingClient("a", "b", "recall-c", "recall-d")
    found = await check(client, HealthCheckInput(before=before), old, new)
    assert found.findings.problems == {"a": AccessProblem.SYNC, "recall-d": AccessProblem.OAUTH_APP}
    assert found.findings.unconfirmed == ("b",)
    assert found.calendars is None
    assert found.error == "meetingbaas: no answer"
    assert set(client.told) == {"recall-d"}


async def test_if_none_answers_the_check_fails() -> None:
    old, new = accounts()
    old.failures, new.failures = [UnavailableError("no answer")], [UnavailableError("none either")]
    with pytest.raises(ApplicationError, match="no answer"):
        await check(RecordingClient(), HealthCheckInput(before=NO_FINDINGS), old, new)


async def test_news_of_one_provider_asks_no_other() -> None:
    old, new = accounts()
    found = await check(RecordingClient("b"), HealthCheckInput(providers=("recall",)), old, new)
    assert found.findings.problems == {"recall-d": AccessProblem.OAUTH_APP}
    assert (old.resyncs, new.resyncs) == (0, 1)
    assert found.calendars is None
