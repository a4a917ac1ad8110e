"""The health of an account, and what it spares the meetings that come after those which found out."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.bots import BotActivities
from activities.dispatch_slots import DispatchPacing
from activities.provider_health import AccountHealth, ProviderUnhealthyError
from minutekeeper.meetings.dispatch import DispatchedBot, SendBotInput
from minutekeeper.meetings.provider_choice import ProviderChoice, TriedProvider
from minutekeeper.meetings.status import FailureReason
from minutekeeper.providers.base import AccountError, CapacityError, ProviderError, UnavailableError
from minutekeeper.providers.registry import Providers
from tests.activities.test_bots import an_attempt, order
from tests.workflows.scripted import ScriptedProvider

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)


class SetClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def pass_(self, **duration: float) -> None:
        self.time += timedelta(**duration)

    async def sleep_until(self, instant: datetime) -> None:
        self.time = max(self.time, instant)

    def hear(self, server_time: datetime) -> None:
        _ = server_time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def health(clock: SetClock) -> AccountHealth:
    return AccountHealth("first", clock.now)


def fail(health: AccountHealth, times: int, error: ProviderError | None = None) -> None:
    for _ in range(times):
        health.failed(error or UnavailableError("503: down"))


def is_admitted(health: AccountHealth) -> bool:
    try:
        health.admit()
    except ProviderUnhealthyError:
        return False
    return True


def test_five_requests_in_a_row_without_an_answer_leave_it_out(health: AccountHealth) -> None:
    fail(health, 4)
    assert (health.trouble(), is_admitted(health)) == ("", True)
    fail(health, 1)
    assert (health.trouble(), is_admitted(health)) == ("it does not answer (503: down)", False)


def test_an_answer_between_them_begins_the_count_anew(health: AccountHealth) -> None:
    fail(health, 4)
    health.answered()
    fail(health, 4)
    assert is_admitted(health)


def test_one_refusal_of_the_account_leaves_it_out_until_a_request_is_answered(
    health: AccountHealth, clock: SetClock
) -> None:
    fail(health, 1, AccountError("402: no tokens"))
    assert health.trouble() == "its account is refused (402: no tokens)"
    for _ in range(3):
        clock.pass_(minutes=3)
        assert is_admitted(health), "one request tries it"
        fail(health, 1, AccountError("402: no tokens"))
        assert not is_admitted(health)
    clock.pass_(minutes=3)
    assert is_admitted(health)
    health.answered()
    assert (health.trouble(), is_admitted(health), is_admitted(health)) == ("", True, True)


def test_after_the_pause_one_request_alone_tries_it(health: AccountHealth, clock: SetClock) -> None:
    fail(health, 5)
    clock.pass_(minutes=3)
    assert [is_admitted(health) for _ in range(3)] == [True, False, False]
    fail(health, 1)
    clock.pass_(minutes=2)
    assert not is_admitted(health), "one failure is enough then"
    clock.pass_(minutes=1)
    assert is_admitted(health)
    clock.pass_(seconds=16)
    assert is_admitted(health), "the one that tried never came back"


def test_no_free_machine_is_no_fault_of_the_account(health: AccountHealth) -> None:
    fail(health, 50, CapacityError("507: full", None))
    assert is_admitted(health)


def test_three_silent_bots_within_ten_minutes_leave_it_out(health: AccountHealth) -> None:
    health.silent("one", NOW)
    health.silent("one", NOW)
    health.silent("two", NOW + timedelta(minutes=11))
    health.silent("three", NOW + timedelta(minutes=12))
    assert not health.trouble(), "the first is long ago"
    health.silent("four", NOW + timedelta(minutes=13))
    assert health.trouble() == "3 of its bots were due and gave no sign of life"


@pytest.fixture
def first() -> ScriptedProvider:
    return ScriptedProvider(name="first")


@pytest.fixture
def second() -> ScriptedProvider:
    return ScriptedProvider(name="second")


@pytest.fixture
def bots(clock: SetClock, first: ScriptedProvider, second: ScriptedProvider) -> BotActivities:
    return BotActivities(
        Providers([first, second]),
        public_url="https://bridge.example",
        secret="s3cret",
        pacing=DispatchPacing(clock),
    )


async def send_as_a_meeting_does(bots: BotActivities, wanted: SendBotInput) -> tuple[str, int]:
    """The provider of the bot, and how many requests were in doubt on the way."""
    doubts = 0
    while True:
        choice = await an_attempt().run(bots.send_bot, wanted)
        assert isinstance(choice, ProviderChoice)
        named = wanted.model_copy(update={"provider": choice.provider, "may_change": bool(choice.others)})
        try:
            sent = await an_attempt().run(bots.send_bot, named)
        except ApplicationError as error:
            doubts += error.details[0] is not True
            lost = TriedProvider(provider=choice.provider, reason=FailureReason.PROVIDER_UNREACHABLE, at=NOW)
            wanted = wanted.model_copy(update={"tried": (*wanted.tried, lost)})
        else:
            assert isinstance(sent, DispatchedBot)
            return sent.provider, doubts


async def test_five_of_five_hundred_meetings_find_out_and_the_others_go_elsewhere_at_once(
    bots: BotActivities, first: ScriptedProvider, second: ScriptedProvider
) -> None:
    first.is_down = True
    sent = [
        await send_as_a_meeting_does(
            bots, order(NOW, key=f"mk-{number}", meeting_url=f"https://meet.google.com/{number}")
        )
        for number in range(500)
    ]
    assert {provider for provider, _ in sent} == {"second"}
    assert sum(doubts for _, doubts in sent) == 5
    assert len(second.bots) == 500


async def test_meetings_whose_choice_was_made_before_are_told_in_time(
    bots: BotActivities, first: ScriptedProvider
) -> None:
    choice = await an_attempt().run(bots.send_bot, order(NOW, key="mk-early"))
    assert isinstance(choice, ProviderChoice)
    assert choice.provider == "first"
    first.failures = [AccountError("401: key revoked")]
    for _ in range(2):
        with pytest.raises(ApplicationError) as refused:
            await an_attempt().run(bots.send_bot, order(NOW, provider="first", may_change=True))
        assert refused.value.details[0] is True, "it is certain that no bot came of it"
    assert refused.value.type == "ProviderUnhealthy"
    assert refused.value.non_retryable
    assert "401: key revoked" in str(refused.value)


async def test_three_meetings_that_waited_in_vain_spare_the_next_one_the_wait(bots: BotActivities) -> None:
    for number in range(3):
        silent = TriedProvider(provider="first", reason=FailureReason.NO_ANSWER, at=NOW)
        wanted = order(NOW, key=f"mk-{number}", tried=(silent,))
        choice = await an_attempt(workflow_id=f"meeting-{number}").run(bots.send_bot, wanted)
        assert isinstance(choice, ProviderChoice)
        assert choice.provider == "second"
    choice = await an_attempt().run(bots.send_bot, order(NOW))
    assert isinstance(choice, ProviderChoice)
    assert (choice.provider, choice.why) == (
        "second",
        "first is left out: 3 of its bots were due and gave no sign of life",
    )


async def test_a_named_provider_in_trouble_is_asked_all_the_same(
    bots: BotActivities, first: ScriptedProvider
) -> None:
    first.failures = [AccountError("401: key revoked")]
    with pytest.raises(ApplicationError):
        await an_attempt().run(bots.send_bot, order(NOW, provider="first"))
    sent = await an_attempt().run(bots.send_bot, order(NOW, provider="first"))
    assert isinstance(sent, DispatchedBot)
